// Workers over tables: dealing, ends before the end, counters that wrap, executors
// that keep no promise, and what is said of a hang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <mutex>
#include <thread>
#include "runtime/workers/worker_replayer.h"
#include "schedules/builder/builder.h"
#include "tests/runtime/random_lanes.h"
#include "tests/runtime/tables_bench.h"

namespace rondo::runtime {
namespace {

using fixtures::KernelWatch;
using fixtures::must;
using fixtures::proven;
using fixtures::random_lanes;
using fixtures::TablesBench;
using fixtures::text_of;

constexpr CrewOptions kPatient = {.spin_ns = 50'000, .watchdog_ns = 10'000'000'000};

VerifiedSchedule lanes(uint64_t seed, uint32_t lanes, uint32_t ops = 60) {
  return proven(random_lanes(seed, {.lanes = lanes, .ops = ops, .tiles = 8, .columns = 17}));
}
TablesBench bench_of(const VerifiedSchedule& verified) { return {verified.schedule(), verified.order(Part::kReplay)}; }

// Takes tasks and calls them when it likes.
class OddExecutor {
 public:
  explicit OddExecutor(uint32_t takes) : takes_(takes) {}
  ~OddExecutor() {
    call_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Executor executor() {
    return {this, [](void*) { return 8u; },
            [](void* context, uint32_t count, void (*task)(void*, uint32_t), void* argument) {
              return static_cast<OddExecutor*>(context)->start(count, task, argument);
            }};
  }
  // The tasks taken so far, each on a thread of its own.
  void call_all() {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const Task& task : tasks_) threads_.emplace_back([task] { task.task(task.argument, task.index); });
    tasks_.clear();
  }
  size_t waiting() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return tasks_.size();
  }
  bool inline_ = false;

 private:
  struct Task {
    void (*task)(void*, uint32_t);
    void* argument;
    uint32_t index;
  };
  uint32_t start(uint32_t count, void (*task)(void*, uint32_t), void* argument) {
    const uint32_t taken = std::min(count, takes_);
    for (uint32_t i = 0; i < taken; ++i) {
      if (inline_) {
        task(argument, i);
      } else {
        const std::lock_guard<std::mutex> guard(mutex_);
        tasks_.push_back({task, argument, i});
      }
    }
    return taken;
  }

  const uint32_t takes_;
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::vector<std::thread> threads_;
};

//   lane 0   a: copy x -> t0, signal      c: wait b, relu t1 -> y
//   lane 1   b: wait a, relu t0 -> t1, signal
struct PingPong {
  ScheduleBuilder builder;
  uint32_t there = 0, back = 0;
  Schedule make() {
    const uint16_t space = builder.space("scratch", SpaceKind::kScratch, 1 << 16);
    builder.space("host", SpaceKind::kHost, 1 << 16);
    const uint16_t tiles = builder.arena("tiles", space, 128);
    const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
    const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
    builder.schedule().lane_count = 2;
    builder.phase("p");
    const uint32_t line = builder.view(DType::kF32, {16}, {4});
    there = builder.token(false, Part::kReplay, TokenScope::kDevice);
    back = builder.token(false, Part::kReplay, TokenScope::kDevice);
    builder.schedule().tokens[back].name = builder.name("back");
    const uint32_t near = builder.stream("near", 0, Engine::kCompute), far = builder.stream("far", 1, Engine::kCompute);
    const auto at = [&](uint16_t base, uint64_t offset, Access access) {
      return OperandSpec{base, offset, line, access};
    };
    builder.add(
        near,
        {.kernel = "copy", .operands = {at(x, 0, Access::kRead), at(tiles, 0, Access::kWrite)}, .signals = {{there}}});
    builder.add(far, {.kernel = "relu",
                      .operands = {at(tiles, 0, Access::kRead), at(tiles, 64, Access::kWrite)},
                      .waits = {{there, 1}},
                      .signals = {{back}}});
    builder.add(
        near,
        {.kernel = "relu", .operands = {at(tiles, 64, Access::kRead), at(y, 0, Access::kWrite)}, .waits = {{back, 1}}});
    return builder.finish();
  }
};

TEST(Dealing, KeepsOnlyWaitsBetweenSharesAndEachOnce) {
  const VerifiedSchedule verified = proven(PingPong().make());
  const Dealing alone = deal_lanes(verified.schedule(), verified.order(Part::kReplay), 1);
  ASSERT_EQ(alone.shares.size(), 1u);
  EXPECT_EQ(alone.shares[0].waits.size(), 0u);
  const Dealing both = deal_lanes(verified.schedule(), verified.order(Part::kReplay), 5);
  ASSERT_EQ(both.shares.size(), 2u);
  ASSERT_EQ(both.shares[0].steps.size(), 2u);
  ASSERT_EQ(both.shares[1].steps.size(), 1u);
  ASSERT_EQ(both.shares[1].waits.size(), 1u);
  EXPECT_EQ(both.shares[1].waits[0].share, 0u);
  EXPECT_EQ(both.shares[1].waits[0].steps, 1u);
  EXPECT_EQ(both.shares[0].steps[0].publishes, 1u);
  EXPECT_EQ(both.shares[0].steps[1].publishes, 0u);  // nobody waits for the last
  EXPECT_EQ(both.shares[0].steps[1].wait_count, 1u);
}

TEST(Dealing, DealsNeighbouringLanesTogetherAndAllOfThem) {
  for (const uint32_t workers : {1u, 2u, 3u, 7u, 8u, 300u}) {
    const VerifiedSchedule verified = lanes(3, 7);
    const std::vector<uint32_t>& order = verified.order(Part::kReplay);
    const Dealing dealing = deal_lanes(verified.schedule(), order, workers);
    EXPECT_EQ(dealing.shares.size(), std::min(workers, 7u));
    size_t steps = 0;
    for (const Share& share : dealing.shares) {
      EXPECT_FALSE(share.steps.empty());
      EXPECT_TRUE(std::is_sorted(share.steps.begin(), share.steps.end(),
                                 [](const Step& a, const Step& b) { return a.position < b.position; }));
      steps += share.steps.size();
    }
    EXPECT_EQ(steps, order.size());
    EXPECT_TRUE(std::is_sorted(dealing.first_record.begin(), dealing.first_record.end()));
    std::vector<bool> used(dealing.recording.record_count, false);
    for (const uint32_t record : dealing.recording.record_of) {
      EXPECT_FALSE(used[record]);
      used[record] = true;
    }
  }
}

// The end of a share is published by itself. A second time, by the step, would be one
// too many: the next replay may have begun, and the counter be another worker's.
TEST(Dealing, LeavesTheLastStepOfAShareToTheEndOfTheShare) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const VerifiedSchedule verified = seed == 0 ? proven(PingPong().make()) : lanes(seed, 5);
    const Dealing dealing = deal_lanes(verified.schedule(), verified.order(Part::kReplay), 4);
    for (const Share& share : dealing.shares) EXPECT_EQ(share.steps.back().publishes, 0u) << "seed " << seed;
  }
}

TEST(Dealing, OfNothingIsOneEmptyShare) {
  const Dealing dealing = deal_lanes(Schedule(), {}, 4);
  ASSERT_EQ(dealing.shares.size(), 1u);
  EXPECT_TRUE(dealing.shares[0].steps.empty());
}

// Every op of the schedule once is the one that sees the stop flag set; the replay
// after it is as if nothing had been.
TEST(Crew, EndsAtEveryOpAndThenReplaysAsIfNothingHadBeen) {
  const VerifiedSchedule verified = lanes(11, 4, 180);
  TablesBench bench = bench_of(verified);
  ASSERT_GE(bench.order.size(), 200u);
  const std::vector<std::byte> expected = bench.expected();
  const ThreadPool pool = must(ThreadPool::make({.threads = 3}));
  for (const uint32_t workers : {2u, 4u}) {
    const Dealing dealing = deal_lanes(bench.schedule, bench.order, workers);
    const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, pool.executor(), kPatient);
    std::vector<OpStamps> stamps(dealing.recording.record_count);
    std::vector<uint32_t> ran_by(dealing.recording.track_count);
    int stopped = 0;
    for (uint64_t op = 0; op < bench.order.size(); ++op) {
      bench.clear();
      KernelWatch::reset(op);
      std::fill(stamps.begin(), stamps.end(), OpStamps{1, 1});
      const Status ended = replayer->replay({&KernelWatch::stop, {stamps.data(), ran_by.data()}});
      EXPECT_EQ(KernelWatch::active, 0);
      if (!ended) {
        ++stopped;
        ASSERT_EQ(ended.error().code, ErrorCode::kCancelled) << text_of(ended);
        // Every op has a record, of zeros where it did not run.
        uint64_t ran = 0;
        for (const uint32_t record : dealing.recording.record_of) ran += stamps[record].end > 1;
        EXPECT_EQ(text_of(ended), "cancelled: the replay was stopped after " + std::to_string(ran) + " of " +
                                      std::to_string(bench.order.size()) + " ops");
      }
      bench.clear();
      KernelWatch::reset();
      ASSERT_EQ(text_of(replayer->replay({})), "ok");
      ASSERT_EQ(bench.y(), expected) << workers << " workers, after a stop at call " << op;
    }
    EXPECT_GT(stopped, 150);
  }
}

TEST(Crew, CountsPastTheEndOfItsCounters) {
  const VerifiedSchedule verified = lanes(12, 3);
  TablesBench bench = bench_of(verified);
  const std::vector<std::byte> expected = bench.expected();
  const ThreadPool pool = must(ThreadPool::make({.threads = 2}));
  const Dealing dealing = deal_lanes(bench.schedule, bench.order, 3);
  for (const uint32_t first : {0xfffffffeu, 0xffffff00u, 0x7ffffffeu, 0x7fffff00u}) {
    CrewOptions options = kPatient;
    options.first_count = first;
    const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, pool.executor(), options);
    for (int replay = 0; replay < 20; ++replay) {
      bench.clear();
      KernelWatch::reset(replay % 4 == 3 ? 30 : UINT64_MAX);
      const Status ended = replayer->replay({&KernelWatch::stop, {}});
      if (replay % 4 == 3) continue;
      ASSERT_EQ(text_of(ended), "ok");
      ASSERT_EQ(bench.y(), expected) << "from " << first << ", replay " << replay;
    }
  }
}

TEST(Crew, GivesTheSameBitsHoweverWorkersAreDelayed) {
  const ThreadPool pool = must(ThreadPool::make({.threads = 3}));
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const VerifiedSchedule verified = lanes(100 + seed, 4, 40);
    TablesBench bench = bench_of(verified);
    const std::vector<std::byte> expected = bench.expected();
    const Dealing dealing = deal_lanes(bench.schedule, bench.order, 2 + seed % 3);
    CrewOptions options = kPatient;
    options.delay_seed = seed + 1;
    const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, pool.executor(), options);
    for (int replay = 0; replay < 5; ++replay) {
      bench.clear();
      ASSERT_EQ(text_of(replayer->replay({})), "ok");
      ASSERT_EQ(bench.y(), expected) << "seed " << seed << ", replay " << replay;
    }
    // One right after another: a worker may still be at the end of the last replay.
    for (int replay = 0; replay < 200; ++replay) ASSERT_EQ(text_of(replayer->replay({})), "ok") << "seed " << seed;
    ASSERT_EQ(bench.y(), expected) << "seed " << seed;
  }
}

TEST(Crew, NeedsNobodyButTheCaller) {
  const VerifiedSchedule verified = lanes(13, 4);
  TablesBench bench = bench_of(verified);
  const std::vector<std::byte> expected = bench.expected();
  const Dealing dealing = deal_lanes(bench.schedule, bench.order, 4);
  for (const uint32_t takes : {0u, 1u, 8u}) {  // and calls none
    OddExecutor odd(takes);
    const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, odd.executor(), kPatient);
    for (int replay = 0; replay < 20; ++replay) {
      bench.clear();
      ASSERT_EQ(text_of(replayer->replay({})), "ok");
      ASSERT_EQ(bench.y(), expected);
    }
    // Never more than there are shares to take, however often it asked.
    EXPECT_EQ(odd.waiting(), takes == 0 ? 0u : 3u);
  }
}

TEST(Crew, TakesTasksThatRunInsideTheCallThatStartsThem) {
  const VerifiedSchedule verified = lanes(14, 4);
  TablesBench bench = bench_of(verified);
  const std::vector<std::byte> expected = bench.expected();
  const Dealing dealing = deal_lanes(bench.schedule, bench.order, 4);
  OddExecutor odd(2);
  odd.inline_ = true;
  const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, odd.executor(), kPatient);
  for (int replay = 0; replay < 5; ++replay) {
    bench.clear();
    ASSERT_EQ(text_of(replayer->replay({})), "ok");
    ASSERT_EQ(bench.y(), expected);
  }
}

TEST(Crew, LetsTasksComeDuringLaterReplaysAndAfterTheSession) {
  const VerifiedSchedule verified = lanes(15, 4);
  TablesBench bench = bench_of(verified);
  const std::vector<std::byte> expected = bench.expected();
  const Dealing dealing = deal_lanes(bench.schedule, bench.order, 4);
  OddExecutor odd(8);
  {
    const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, odd.executor(), kPatient);
    for (int replay = 0; replay < 30; ++replay) {
      bench.clear();
      ASSERT_EQ(text_of(replayer->replay({})), "ok");
      ASSERT_EQ(bench.y(), expected);
      if (replay % 3 == 0) odd.call_all();
    }
    ASSERT_EQ(text_of(replayer->replay({})), "ok");
  }
  odd.call_all();  // what they are called for is gone
}

// A token that lacks its only signal: the verifier refuses such a schedule.
TEST(Crew, TellsWhichOpHangsOnWhichToken) {
  Schedule schedule = PingPong().make();
  const VerifiedSchedule verified = proven(schedule);
  schedule.op_lines = {7, 8, 9};
  for (Op& op : schedule.ops)
    if (op.signals[0] == 1) op.signals[0] = kNone;  // of token 'back'
  EXPECT_FALSE(verify(schedule).schedule);
  TablesBench bench(schedule, verified.order(Part::kReplay));
  const Dealing dealing = deal_lanes(bench.schedule, bench.order, 2);
  const ThreadPool pool = must(ThreadPool::make({.threads = 1}));
  CrewOptions options = {.spin_ns = 1000, .watchdog_ns = 20'000'000};
  const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, pool.executor(), options);
  for (int replay = 0; replay < 2; ++replay) {
    KernelWatch::reset();
    const Status ended = replayer->replay({});
    EXPECT_EQ(KernelWatch::active, 0);
    EXPECT_THAT(text_of(ended), ::testing::MatchesRegex(
                                    "bug: op 1 \\(relu, line 8\\) of stream 'near' waited [0-9]+ ms for token 'back' "
                                    "to count 1; it counts 0 and no worker is busy"));
  }
}

// A worker that is busy for longer than the watchdog waits is slow, not hung.
TEST(Crew, DoesNotTakeASlowOpForAHang) {
  const VerifiedSchedule verified = proven(PingPong().make());
  TablesBench bench = bench_of(verified);
  static std::atomic<int> slow_calls{0};
  slow_calls = 0;
  for (ResolvedKernel& kernel : bench.kernels)
    kernel.run = [](const kernels::KernelArgs&) {
      if (slow_calls.fetch_add(1) != 1) return;
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(60);
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    };
  const Dealing dealing = deal_lanes(bench.schedule, bench.order, 2);
  const ThreadPool pool = must(ThreadPool::make({.threads = 1}));
  const auto replayer = make_worker_replayer(bench.schedule, dealing, bench.tables, pool.executor(),
                                             {.spin_ns = 1000, .watchdog_ns = 5'000'000});
  EXPECT_EQ(text_of(replayer->replay({})), "ok");
  EXPECT_EQ(slow_calls, 3);
}

}  // namespace
}  // namespace rondo::runtime
