// Workers from C: own threads, threads of the host, replays that do not block, and many
// sessions at once.
#include <gtest/gtest.h>
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>
#include "tests/embedding/c_world.h"
#include "tests/runtime/random_lanes.h"

namespace rondo {
namespace {

using c_world::Errors;
using c_world::Owned;
using c_world::World;

Schedule lanes() { return fixtures::random_lanes(3, {.lanes = 4, .ops = 80, .tiles = 6, .columns = 21}); }

rondo_runtime_options workers(uint32_t count) {
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.workers = count;
  return options;
}

// A session of `world` with x and y of its own.
struct Request {
  explicit Request(const World& world, uint32_t seed = 5) : session(world.session()) {
    rondo_binding_info in = RONDO_BINDING_INFO_INIT, out = RONDO_BINDING_INFO_INIT;
    rondo_schedule_get_binding(world.schedule.get(), 0, &in, nullptr);
    rondo_schedule_get_binding(world.schedule.get(), 1, &out, nullptr);
    x = fixtures::values(in.bytes / 4, seed);
    y.assign(out.bytes / 4, -7.0f);
    EXPECT_EQ(rondo_session_bind_const(session.get(), world.binding("x"), x.data(), in.bytes, RONDO_F32, nullptr), 0);
    EXPECT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), out.bytes, RONDO_F32, nullptr), 0);
  }
  std::string replay() { return errors.text(rondo_session_replay(session.get(), nullptr, &errors.last)); }
  std::string submit() { return errors.text(rondo_session_submit(session.get(), &errors.last)); }
  std::string wait() { return errors.text(rondo_session_wait(session.get(), &errors.last)); }
  bool done() const {
    uint32_t done = 0;
    EXPECT_EQ(rondo_session_is_done(session.get(), &done, nullptr), RONDO_OK);
    return done != 0;
  }

  Owned<rondo_session> session;
  std::vector<float> x, y;
  Errors errors;
};

std::vector<float> alone(uint32_t seed) {
  const World world(lanes());
  Request request(world, seed);
  EXPECT_EQ(request.replay(), "ok");
  return request.y;
}

TEST(CWorkers, GiveTheBitsOfOne) {
  const std::vector<float> expected = alone(5);
  for (const uint32_t count : {2, 3, 8}) {
    const auto options = workers(count);
    const World world(lanes(), &options);
    rondo_program_info info = RONDO_PROGRAM_INFO_INIT;
    ASSERT_EQ(rondo_program_get_info(world.program.get(), &info, nullptr), RONDO_OK);
    EXPECT_EQ(info.workers, std::min(count, 4u));
    EXPECT_STREQ(info.backend, "cpu");
    EXPECT_EQ(info.launches, 0u);
    Request request(world);
    for (int i = 0; i < 20; ++i) {
      request.y.assign(request.y.size(), -7.0f);
      ASSERT_EQ(request.replay(), "ok");
      ASSERT_EQ(std::memcmp(request.y.data(), expected.data(), expected.size() * 4), 0) << count << " workers";
    }
  }
}

TEST(CWorkers, AreRefusedBeyondTheirRange) {
  const auto options = workers(257);
  const auto schedule = c_world::parse(lanes());
  rondo_runtime* made = nullptr;
  Errors errors;
  rondo_status status = rondo_runtime_create(&options, &made, &errors.last);
  const Owned<rondo_runtime> runtime(made);
  rondo_program* program = nullptr;
  if (status == RONDO_OK) status = rondo_program_prepare(made, schedule.get(), nullptr, &program, &errors.last);
  EXPECT_EQ(errors.text(status), "invalid-argument: workers must be 1 to 256, not 257");
}

TEST(CWorkers, ServeEightSessionsOfOneProgramAtOnce) {
  constexpr int kSessions = 8, kReplays = 40;
  const auto options = workers(2);
  const World world(lanes(), &options);
  std::vector<std::vector<float>> results(kSessions);
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < kSessions; ++i)
    threads.emplace_back([&, i] {
      Request request(world, 100 + static_cast<uint32_t>(i));
      for (int replay = 0; replay < kReplays; ++replay) failures += request.replay() != "ok";
      results[static_cast<size_t>(i)] = request.y;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  for (int i = 0; i < kSessions; ++i)
    EXPECT_EQ(results[static_cast<size_t>(i)], alone(100 + static_cast<uint32_t>(i))) << i;
}

// ---- Threads of the host ----

// Keeps every task and runs it when told to, on a thread of its own.
struct LateThreads {
  struct Task {
    rondo_task_function run;
    void* argument;
    uint32_t index;
  };
  rondo_runtime_options options(uint32_t count, uint32_t take_at_most) {
    most = take_at_most;
    rondo_runtime_options options = workers(count);
    options.executor_context = this;
    options.executor_concurrency = [](void*) -> uint32_t { return 3; };
    options.executor_start = [](void* context, uint32_t wanted, rondo_task_function run, void* argument) -> uint32_t {
      auto& self = *static_cast<LateThreads*>(context);
      const std::lock_guard lock(self.mutex);
      const uint32_t taken = std::min(wanted, self.most);
      for (uint32_t index = 0; index < taken; ++index) self.tasks.push_back({run, argument, index});
      return taken;
    };
    return options;
  }
  size_t run_all() {
    std::vector<Task> now;
    {
      const std::lock_guard lock(mutex);
      now.swap(tasks);
    }
    std::thread([&] {
      for (const Task& task : now) task.run(task.argument, task.index);
    }).join();
    return now.size();
  }
  std::mutex mutex;
  std::vector<Task> tasks;
  uint32_t most = 0;
};

TEST(CExecutor, ThatTakesNothingLeavesAllToTheCaller) {
  LateThreads threads;
  const auto options = threads.options(4, 0);
  const World world(lanes(), &options);
  Request request(world);
  EXPECT_EQ(request.replay(), "ok");
  EXPECT_EQ(request.y, alone(5));
  EXPECT_TRUE(threads.tasks.empty());
}

TEST(CExecutor, MayRunItsTasksAfterTheReplayAndTheSessionHaveEnded) {
  LateThreads threads;
  const auto options = threads.options(4, 3);
  const World world(lanes(), &options);
  {
    Request request(world);
    for (int i = 0; i < 3; ++i) ASSERT_EQ(request.replay(), "ok");
    EXPECT_EQ(request.y, alone(5));
    EXPECT_GT(threads.run_all(), 0u);
    ASSERT_EQ(request.replay(), "ok");
  }
  threads.run_all();
}

TEST(CExecutor, NeedsBothFunctions) {
  LateThreads threads;
  auto options = threads.options(2, 1);
  rondo_runtime* runtime = nullptr;
  Errors errors;
  options.executor_start = nullptr;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)),
            "invalid-argument: `executor_concurrency` is given without `executor_start`");
  options = threads.options(2, 1);
  options.executor_concurrency = nullptr;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &runtime, &errors.last)),
            "invalid-argument: `executor_start` is given without `executor_concurrency`");
}

// ---- Replays that do not block ----

TEST(CSubmit, ReplaysWhileTheCallerDoesSomethingElse) {
  const auto options = workers(2);
  const World world(lanes(), &options);
  Request request(world);
  EXPECT_TRUE(request.done());
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(request.submit(), "ok");
    if (i % 2 == 0)
      while (!request.done()) std::this_thread::yield();
    ASSERT_EQ(request.wait(), "ok");
    ASSERT_TRUE(request.done());
  }
  EXPECT_EQ(request.y, alone(5));
  uint64_t epoch = 0;
  EXPECT_EQ(rondo_session_get_epoch(request.session.get(), &epoch, nullptr), RONDO_OK);
  EXPECT_EQ(epoch, 20u);
  EXPECT_EQ(request.wait().rfind("failed-precondition: ", 0), 0u) << request.wait();
}

TEST(CSubmit, NeedsThreads) {
  const World world(lanes());
  Request request(world);
  EXPECT_EQ(request.submit().rfind("unavailable: ", 0), 0u) << request.submit();
  EXPECT_EQ(request.replay(), "ok");
}

TEST(CSubmit, KeepsTheSessionUntilItWasWaitedFor) {
  const auto options = workers(2);
  const World world(lanes(), &options);
  Request request(world);
  ASSERT_EQ(request.submit(), "ok");
  EXPECT_EQ(request.submit().rfind("failed-precondition: ", 0), 0u);
  EXPECT_EQ(request.replay().rfind("failed-precondition: ", 0), 0u);
  EXPECT_EQ(rondo_session_unbind(request.session.get(), world.binding("x"), nullptr), RONDO_FAILED_PRECONDITION);
  EXPECT_EQ(rondo_session_bind(request.session.get(), world.binding("y"), request.y.data(), request.y.size() * 4,
                               RONDO_F32, nullptr),
            RONDO_FAILED_PRECONDITION);
  EXPECT_EQ(rondo_session_restart(request.session.get(), nullptr), RONDO_FAILED_PRECONDITION);
  EXPECT_EQ(request.wait(), "ok");
  EXPECT_EQ(request.y, alone(5));
}

TEST(CSubmit, IsCancelledFromAnotherThreadOrByDestroyingTheSession) {
  const auto options = workers(2);
  const World world(fixtures::random_lanes(4, {.lanes = 2, .ops = 4000, .tiles = 6, .columns = 64}), &options);
  Request request(world);
  int cancelled = 0;
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(request.submit(), "ok");
    std::thread([&] { rondo_session_cancel(request.session.get()); }).join();
    const std::string end = request.wait();
    if (end == "ok") continue;  // it was faster
    ++cancelled;
    EXPECT_EQ(end.rfind("cancelled: the replay was stopped after ", 0), 0u) << end;
    EXPECT_EQ(request.submit().rfind("failed-precondition: ", 0), 0u);
    ASSERT_EQ(rondo_session_restart(request.session.get(), nullptr), RONDO_OK);
  }
  EXPECT_GT(cancelled, 0);
  ASSERT_EQ(request.submit(), "ok");
  request.session.reset();
}

// ---- A device ----

TEST(CDevice, ReplaysWhatWasPlannedForIt) {
  Schedule tables = fixtures::staged_add();
  tables.backend = "emulated";
  rondo_device_options device = RONDO_DEVICE_OPTIONS_INIT;
  device.backend = "emulated";
  device.seed = 7;
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.device = &device;
  const World world(tables, &options);
  device.backend = "gone";  // read once
  rondo_program_info info = RONDO_PROGRAM_INFO_INIT;
  ASSERT_EQ(rondo_program_get_info(world.program.get(), &info, nullptr), RONDO_OK);
  EXPECT_STREQ(info.backend, "emulated");
  EXPECT_EQ(info.launches, 1u);
  EXPECT_EQ(info.lanes, 1u);
  EXPECT_EQ(info.resident_lanes, 64u);
  const auto session = world.session();
  const std::vector<float> a = fixtures::values(128, 1), b = fixtures::values(128, 2);
  std::vector<float> y(128);
  ASSERT_EQ(rondo_session_bind_const(session.get(), world.binding("a"), a.data(), 512, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind_const(session.get(), world.binding("b"), b.data(), 512, RONDO_F32, nullptr), RONDO_OK);
  ASSERT_EQ(rondo_session_bind(session.get(), world.binding("y"), y.data(), 512, RONDO_F32, nullptr), RONDO_OK);
  Errors errors;
  ASSERT_EQ(errors.text(rondo_session_replay(session.get(), nullptr, &errors.last)), "ok");
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], a[i] + b[i]);
}

TEST(CDevice, IsRefusedWhenThereIsNone) {
  Schedule tables = fixtures::staged_add();
  tables.backend = "emulated";
  const auto schedule = c_world::parse(tables);
  rondo_device_options device = RONDO_DEVICE_OPTIONS_INIT;
  rondo_runtime_options options = RONDO_RUNTIME_OPTIONS_INIT;
  options.device = &device;
  Errors errors;
  rondo_runtime* made = nullptr;
  ASSERT_EQ(errors.text(rondo_runtime_create(&options, &made, &errors.last)), "ok");
  const Owned<rondo_runtime> runtime(made);
  rondo_program* program = nullptr;
  EXPECT_EQ(rondo_program_prepare(runtime.get(), schedule.get(), nullptr, &program, &errors.last), RONDO_UNAVAILABLE);

  rondo_runtime* refused = nullptr;
  device.launching = 3;
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &refused, &errors.last)),
            "invalid-argument: there is no way to launch 3");
  device = {};
  EXPECT_EQ(errors.text(rondo_runtime_create(&options, &refused, &errors.last)),
            "invalid-argument: struct_size is 0, the smallest version has 40 bytes: begin with the INIT macro");
}

}  // namespace
}  // namespace rondo
