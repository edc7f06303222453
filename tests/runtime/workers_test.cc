// Replays on several workers: the same bits as on one, whatever the executor does,
// and an end that leaves nothing running.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
#include <cstring>
#include <thread>
#include "rondo/executor.h"
#include "rondo/trace.h"
#include "runtime/trace/flows.h"
#include "runtime/trace/trace_recorder.h"
#include "tests/runtime/fixtures.h"
#include "tests/runtime/random_lanes.h"
#include "tests/runtime/tables_bench.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::random_lanes;
using fixtures::RandomLanesOptions;
using fixtures::text_of;

// A program of `schedule` with x bound to values and y to memory of its own.
struct Bench {
  Bench(const VerifiedSchedule& verified, const RuntimeOptions& options, size_t x_beyond = 0, size_t y_beyond = 0)
      : runtime(options), program(must(runtime.prepare(verified))), session(must(program.session())) {
    const Requirements& needs = program.requirements();
    x.emplace(needs.bindings[0].bytes / 4, x_beyond);
    y.emplace(needs.bindings[1].bytes / 4, y_beyond);
    const std::vector<float> content = fixtures::values(x->size(), 9);
    std::copy(content.begin(), content.end(), x->begin());
    for (size_t i = 0; i < x->size(); i += 7) (*x)[i] = 1e-40f;  // a denormal
    EXPECT_EQ(text_of(session.bind("x", Buffer(x->data(), x->size() * 4, DType::kF32))), "ok");
    EXPECT_EQ(text_of(session.bind("y", Buffer(y->data(), y->size() * 4, DType::kF32))), "ok");
  }
  void clear() { std::fill(y->begin(), y->end(), -7.0f); }
  bool agrees(Bench& other) { return std::memcmp(y->data(), other.y->data(), y->size() * 4) == 0; }

  Runtime runtime;
  Program program;
  Session session;
  std::optional<fixtures::AlignedFloats> x, y;
};

TEST(Workers, GiveTheBitsOfOneWorkerForRandomSchedules) {
  int replays = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const RandomLanesOptions shape{.lanes = 1 + static_cast<uint32_t>(seed % 9),
                                   .ops = 20 + static_cast<uint32_t>(seed * 7 % 90),
                                   .tiles = 4 + static_cast<uint32_t>(seed % 7),
                                   .columns = 5 + static_cast<uint32_t>(seed * 11 % 60)};
    const VerifiedSchedule verified = proven(random_lanes(seed, shape));
    Bench serial(verified, {});
    serial.clear();
    ASSERT_EQ(text_of(serial.session.replay()), "ok");
    for (uint32_t workers = 2; workers <= 8; workers += 1 + seed % 3) {
      Bench bench(verified, {.workers = workers}, (seed % 16) * 4, (seed % 5) * 4);
      for (int replay = 0; replay < 5; ++replay, ++replays) {
        bench.clear();
        ASSERT_EQ(text_of(bench.session.replay()), "ok") << "seed " << seed << ", " << workers << " workers";
        ASSERT_TRUE(bench.agrees(serial)) << "seed " << seed << ", " << workers << " workers, replay " << replay;
      }
    }
  }
  EXPECT_GT(replays, 600);
}

#if defined(__x86_64__)
// Flush-to-zero of the host's thread, which pool threads made earlier do not have.
TEST(Workers, IgnoreTheFloatingPointModeOfTheHost) {
  const VerifiedSchedule verified = proven(random_lanes(21, {.lanes = 4}));
  Bench serial(verified, {});
  ASSERT_EQ(text_of(serial.session.replay()), "ok");
  Bench bench(verified, {.workers = 3});
  const unsigned found = _mm_getcsr();
  for (const unsigned mode : {0x9fc0u, 0x7f80u, 0x1f80u}) {  // flush to zero, towards zero, the default
    for (int replay = 0; replay < 10; ++replay) {
      bench.clear();
      _mm_setcsr(mode);
      const Status status = bench.session.replay();
      const unsigned after = _mm_getcsr();
      _mm_setcsr(found);
      ASSERT_EQ(text_of(status), "ok");
      EXPECT_EQ(after, mode);
      EXPECT_TRUE(bench.agrees(serial)) << "mode " << mode;
    }
  }
}
#endif

// x is added to two states, one a lane, `adds` times, the lanes in step; y is their sum.
Schedule add_in_step(uint32_t adds) {
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
  const uint16_t sums[2] = {builder.binding("a", Role::kState, DType::kF32, {16}),
                            builder.binding("b", Role::kState, DType::kF32, {16})};
  builder.schedule().lane_count = 2;
  builder.phase("adds");
  const uint32_t line = builder.view(DType::kF32, {16}, {4});
  uint32_t tokens[2], streams[2];
  for (uint32_t lane = 0; lane < 2; ++lane) {
    tokens[lane] = builder.token(false, Part::kReplay, TokenScope::kDevice);
    streams[lane] = builder.stream(lane == 0 ? "left" : "right", lane, Engine::kCompute);
  }
  const auto at = [&](uint16_t base, Access access) { return OperandSpec{base, 0, line, access}; };
  for (uint32_t i = 0; i < adds; ++i)
    for (uint32_t lane = 0; lane < 2; ++lane) {
      std::vector<Wait> waits;
      if (i != 0) waits.push_back({tokens[1 - lane], i});
      builder.add(streams[lane],
                  {.kernel = "add",
                   .operands = {at(sums[lane], Access::kRead), at(x, Access::kRead), at(sums[lane], Access::kWrite)},
                   .waits = std::move(waits),
                   .signals = {{tokens[lane]}}});
    }
  builder.add(streams[0], {.kernel = "add",
                           .operands = {at(sums[0], Access::kRead), at(sums[1], Access::kRead), at(y, Access::kWrite)},
                           .waits = {{tokens[1], adds}}});
  return builder.finish();
}

// A stop at each of 200 ops; `restart` then leaves a session as good as new.
TEST(Workers, StartAfreshAfterAnInterruption) {
  using fixtures::KernelWatch;
  const VerifiedSchedule verified = proven(add_in_step(100));
  Bench bench(verified, {.workers = 2});
  auto& data = const_cast<runtime::ProgramData&>(TraceRecorder::data_of(bench.program));
  const std::vector<runtime::ResolvedKernel> watched = KernelWatch::watched(bench.program.schedule());
  std::copy(watched.begin(), watched.end(), data.kernels.begin());
  std::vector<float> fresh(16);
  {
    Session session = must(bench.program.session());
    ASSERT_EQ(text_of(session.bind("x", Buffer(bench.x->data(), 64, DType::kF32))), "ok");
    ASSERT_EQ(text_of(session.bind("y", fresh)), "ok");
    KernelWatch::reset();
    ASSERT_EQ(text_of(session.replay()), "ok");
  }
  int interrupted = 0;
  for (uint64_t op = 0; op < 201; ++op) {
    KernelWatch::reset(op);
    const Status ended = bench.session.replay(KernelWatch::stop);
    KernelWatch::reset();
    if (!ended) {
      ++interrupted;
      ASSERT_EQ(ended.error().code, ErrorCode::kCancelled);
      ASSERT_EQ(text_of(bench.session.replay()),
                "failed-precondition: the last replay of the session was interrupted; restart it");
    }
    ASSERT_EQ(text_of(bench.session.restart()), "ok");
    bench.clear();
    ASSERT_EQ(text_of(bench.session.replay()), "ok");
    ASSERT_EQ(std::memcmp(bench.y->data(), fresh.data(), 64), 0) << "after a stop at op " << op;
    ASSERT_EQ(text_of(bench.session.restart()), "ok");
  }
  EXPECT_GT(interrupted, 180);
}

TEST(Workers, ReplayTwoSessionsAtOnceOnOnePool) {
  const VerifiedSchedule verified = proven(random_lanes(22, {.lanes = 4, .ops = 120}));
  Bench serial(verified, {});
  serial.clear();
  ASSERT_EQ(text_of(serial.session.replay()), "ok");
  Runtime runtime({.workers = 3});
  const Program program = must(runtime.prepare(verified));
  std::vector<std::string> answers(3);
  std::vector<std::thread> threads;
  for (size_t which = 0; which < answers.size(); ++which)
    threads.emplace_back([&, which] {
      Session session = must(program.session());
      std::vector<float> y(serial.y->size());
      answers[which] = text_of(session.bind("x", Buffer(serial.x->data(), serial.x->size() * 4, DType::kF32))) +
                       text_of(session.bind("y", y));
      for (int replay = 0; replay < 100; ++replay) {
        std::fill(y.begin(), y.end(), -1.0f);
        if (const Status status = session.replay(); !status) answers[which] += text_of(status);
        if (std::memcmp(y.data(), serial.y->data(), y.size() * 4) != 0) answers[which] += " differs";
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, std::vector<std::string>(3, "okok"));
}

// Far more workers than the machine has CPUs: whoever is waited for gets to run.
TEST(Workers, FinishWhereThereAreFewerCpusThanWorkers) {
  const VerifiedSchedule verified = proven(random_lanes(23, {.lanes = 32, .ops = 300, .tiles = 20}));
  Bench serial(verified, {}), crowd(verified, {.workers = 32});
  EXPECT_EQ(crowd.program.workers(), 32u);
  const auto time = [](Bench& bench) {
    const auto begin = std::chrono::steady_clock::now();
    for (int replay = 0; replay < 20; ++replay) EXPECT_EQ(text_of(bench.session.replay()), "ok");
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const double alone = time(serial), crowded = time(crowd);
  EXPECT_TRUE(crowd.agrees(serial));
  EXPECT_LT(crowded, 1.0 + 200 * alone);  // bare spinning would take a time slice for each of 300 tokens
}

TEST(Submit, ReplaysOnTheThreadsOfTheRuntime) {
  const VerifiedSchedule verified = proven(random_lanes(24, {.lanes = 4}));
  Bench serial(verified, {});
  serial.clear();
  ASSERT_EQ(text_of(serial.session.replay()), "ok");
  Bench bench(verified, {.workers = 3});
  for (int replay = 0; replay < 50; ++replay) {
    bench.clear();
    ASSERT_EQ(text_of(bench.session.submit()), "ok");
    if (replay % 2 == 0) {  // by itself, without anyone who waits
      const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (!bench.session.done() && std::chrono::steady_clock::now() < late) std::this_thread::yield();
      ASSERT_TRUE(bench.session.done());
    }
    ASSERT_EQ(text_of(bench.session.wait()), "ok");
    ASSERT_TRUE(bench.session.done());
    ASSERT_TRUE(bench.agrees(serial));
  }
  EXPECT_EQ(bench.session.epoch(), 50u);
}

TEST(Submit, KeepsTheSessionForItselfUntilItIsWaitedFor) {
  Bench bench(proven(add_in_step(50)), {.workers = 2});
  EXPECT_EQ(text_of(bench.session.wait()), "failed-precondition: no replay of the session was submitted");
  EXPECT_TRUE(bench.session.done());
  State state = must(bench.session.state());
  ASSERT_EQ(text_of(bench.session.submit()), "ok");
  const std::string busy = "failed-precondition: a replay of the session is in flight";
  EXPECT_EQ(text_of(bench.session.submit()), busy);
  EXPECT_EQ(text_of(bench.session.replay()), busy);
  EXPECT_EQ(text_of(bench.session.restart()), busy);
  EXPECT_EQ(text_of(bench.session.bind("x", Buffer(bench.x->data(), 64, DType::kF32))), busy);
  EXPECT_EQ(text_of(state.clear()), "failed-precondition: the state is in use by a replay");
  EXPECT_EQ(text_of(bench.session.wait()), "ok");
  EXPECT_EQ(text_of(state.clear()), "ok");
  EXPECT_EQ(text_of(bench.session.replay()), "ok");
}

TEST(Submit, CanBeCancelledAndDestroyed) {
  const VerifiedSchedule verified = proven(add_in_step(20000));
  Bench bench(verified, {.workers = 2});
  int cancelled = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(text_of(bench.session.submit()), "ok");
    bench.session.cancel();
    const Status ended = bench.session.wait();
    cancelled += !ended && ended.error().code == ErrorCode::kCancelled;
    ASSERT_EQ(text_of(bench.session.restart()), "ok");
  }
  EXPECT_GT(cancelled, 0);
  for (int i = 0; i < 20; ++i) {
    Session session = must(bench.program.session());
    ASSERT_EQ(text_of(session.bind("x", Buffer(bench.x->data(), 64, DType::kF32))), "ok");
    ASSERT_EQ(text_of(session.bind("y", Buffer(bench.y->data(), 64, DType::kF32))), "ok");
    ASSERT_EQ(text_of(session.submit()), "ok");
  }
  EXPECT_EQ(text_of(bench.session.replay()), "ok");
}

TEST(Submit, NeedsThreads) {
  Bench bench(proven(add_in_step(3)), {});
  EXPECT_EQ(text_of(bench.session.submit()),
            "unavailable: only the calling thread replays here: there is nothing to submit to");
  EXPECT_EQ(text_of(bench.session.replay()), "ok");
}

TEST(Workers, AreOneToManyAndExecutorsWhole) {
  const VerifiedSchedule verified = proven(add_in_step(3));
  EXPECT_EQ(text_of(Runtime({.workers = 0}).prepare(verified)), "invalid-argument: workers must be 1 to 256, not 0");
  EXPECT_EQ(text_of(Runtime({.workers = 257}).prepare(verified)),
            "invalid-argument: workers must be 1 to 256, not 257");
  Executor half;
  half.concurrency = [](void*) { return 1u; };
  EXPECT_EQ(text_of(Runtime({.executor = half}).prepare(verified)),
            "invalid-argument: the executor has one of its two functions");
  EXPECT_EQ(must(Runtime({.workers = 8}).prepare(verified)).workers(), 2u);
  EXPECT_EQ(must(Runtime().prepare(verified)).workers(), 1u);
}

// Stream order, and every signal before every wait that asks for it, in recorded times.
TEST(Workers, RecordWhatHappensBeforeWhat) {
  uint64_t edges = 0, replays_alone = 0;
  for (uint64_t seed = 30; seed < 36; ++seed) {
    const VerifiedSchedule verified = proven(random_lanes(seed, {.lanes = 4, .ops = 100, .columns = 200}));
    // Patient: the caller leaves the second share to the other worker, however long that takes to come.
    Bench bench(verified, {.workers = 2, .spin_ns = 2'000'000'000});
    TraceBuffer trace = must(TraceBuffer::make(bench.program, 20));
    for (int replay = 0; replay < 20; ++replay) ASSERT_EQ(text_of(bench.session.replay(trace)), "ok");
    const Schedule& schedule = bench.program.schedule();
    const std::vector<uint32_t>& order = verified.order(Part::kReplay);
    for (const ReplayTimes& replay : must(trace.replays())) {
      std::vector<OpTimes> times(schedule.ops.size());
      bool helped = false;
      for (size_t i = 0; i < order.size(); ++i) {
        ASSERT_TRUE(replay.ops[i].ran());
        times[order[i]] = replay.ops[i];
        ASSERT_LE(replay.ops[i].worker, 1u);
        helped |= replay.ops[i].worker == 1;
        EXPECT_LE(replay.begin_ns, replay.ops[i].begin_ns);
        EXPECT_LE(replay.ops[i].end_ns, replay.end_ns);
      }
      replays_alone += !helped;
      for (const Stream& stream : schedule.streams)
        for (uint32_t op = stream.first_op + 1; op < stream.first_op + stream.op_count; ++op, ++edges)
          ASSERT_LE(times[op - 1].end_ns, times[op].begin_ns);
      for (const runtime::Flow& flow : runtime::flows_of(schedule, order)) {
        ASSERT_LE(replay.ops[flow.from].end_ns, replay.ops[flow.to].begin_ns) << "seed " << seed;
        ++edges;
      }
    }
  }
  EXPECT_GT(edges, 10000u);
  // One replay right after another: the other worker is back for each.
  EXPECT_EQ(replays_alone, 0u);
}

}  // namespace
}  // namespace rondo
