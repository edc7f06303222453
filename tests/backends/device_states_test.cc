// States that stay on the emulated device from replay to replay.
#include <gtest/gtest.h>
#include <atomic>
#include <chrono>
#include <thread>
#include "rondo/runtime.h"
#include "tests/backends/device_world.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;
using testing::Accelerator;
using testing::emulated;

// sum += x where the sum lies; y = sum.
Schedule sum_on_the_device() {
  using A = Accelerator;
  A a;
  const uint16_t x = a.builder.binding("x", Role::kInput, DType::kF32, {64});
  const uint16_t y = a.builder.binding("y", Role::kOutput, DType::kF32, {64});
  const uint16_t sum = a.builder.binding("sum", Role::kState, DType::kF32, {64});
  a.builder.phase("p");
  const uint32_t in = a.builder.stream("in", 0, Engine::kCopyIn);
  const uint32_t compute = a.builder.stream("compute", 0, Engine::kCompute);
  const uint32_t out = a.builder.stream("out", 0, Engine::kCopyOut);
  const uint32_t loaded = a.builder.token(), added = a.builder.token();
  a.builder.add(in,
                {.kernel = "copy", .operands = {A::read(x, a.box), A::write(a.scratch, a.box)}, .signals = {{loaded}}});
  a.builder.add(compute, {.kernel = "add",
                          .operands = {A::read(sum, a.box), A::read(a.scratch, a.box), A::write(sum, a.box)},
                          .waits = {{loaded, 1}},
                          .signals = {{added}}});
  a.builder.add(out, {.kernel = "copy", .operands = {A::read(sum, a.box), A::write(y, a.box)}, .waits = {{added, 1}}});
  return a.builder.finish();
}

struct SumWorld {
  explicit SumWorld(DeviceOptions device = emulated()) {
    RuntimeOptions options;
    options.device = std::move(device);
    program.emplace(must(Runtime(options).prepare(proven(sum_on_the_device()))));
  }
  Session session(bool own_state = true) {
    SessionOptions options;
    options.own_state = own_state;
    Session made = must(program->session(options));
    EXPECT_EQ(text_of(made.bind("x", x)), "ok");
    EXPECT_EQ(text_of(made.bind("y", y)), "ok");
    return made;
  }
  static std::vector<float> content(const State& state) {
    std::vector<float> values(64);
    EXPECT_EQ(text_of(state.read("sum", std::as_writable_bytes(std::span(values)))), "ok");
    return values;
  }

  std::vector<float> x = fixtures::values(64, 1), y = std::vector<float>(64, 7.0f);
  std::optional<Program> program;
};

// Added up so often, beginning with zero.
std::vector<float> times(const std::vector<float>& values, int count) {
  std::vector<float> made(values.size(), 0.0f);
  for (int turn = 0; turn < count; ++turn)
    for (size_t i = 0; i < made.size(); ++i) made[i] += values[i];
  return made;
}

TEST(DeviceStates, StayThereFromReplayToReplayOneForEachConversation) {
  SumWorld world;
  Session session = world.session(), apart = world.session();
  const State one = must(world.program->state()), other = must(world.program->state());
  for (int turn = 1; turn <= 3; ++turn) {
    for (const State* state : {&one, &other, &one}) {
      ASSERT_EQ(text_of(session.attach(*state)), "ok");
      ASSERT_EQ(text_of(session.replay()), "ok");
    }
    EXPECT_EQ(world.y, times(world.x, 2 * turn));
    ASSERT_EQ(text_of(apart.replay()), "ok");
    EXPECT_EQ(world.y, times(world.x, turn));
  }
  EXPECT_EQ(SumWorld::content(one), times(world.x, 6));
  EXPECT_EQ(SumWorld::content(other), times(world.x, 3));
  EXPECT_EQ(SumWorld::content(must(apart.state())), times(world.x, 3));
  ASSERT_EQ(text_of(apart.restart()), "ok");
  EXPECT_EQ(SumWorld::content(must(apart.state())), times(world.x, 0));
}

TEST(DeviceStates, AreReadAndWrittenInPartsAndNeverReached) {
  SumWorld world;
  State state = must(world.program->state());
  EXPECT_EQ(
      text_of(state.bytes("sum")),
      "unavailable: state 'sum' lies on the device of backend 'emulated', which the host does not reach; read and "
      "write copy it");
  const std::vector<float> three = {1, 2, 3};
  ASSERT_EQ(text_of(state.write("sum", std::as_bytes(std::span(three)), 61 * 4)), "ok");
  std::vector<float> two(2);
  ASSERT_EQ(text_of(state.read("sum", std::as_writable_bytes(std::span(two)), 60 * 4)), "ok");
  EXPECT_EQ(two, (std::vector<float>{0, 1}));
  EXPECT_EQ(text_of(state.write("sum", std::as_bytes(std::span(three)), 62 * 4)),
            "invalid-argument: state 'sum' has 256 B; 12 B from byte 248 on go beyond them");
  EXPECT_EQ(text_of(state.read("sum", {}, 257)),
            "invalid-argument: state 'sum' has 256 B; 0 B from byte 257 on go beyond them");
  EXPECT_EQ(text_of(state.read("sum", {}, UINT64_MAX)).substr(0, 16), "invalid-argument");
  EXPECT_EQ(text_of(state.read("sum", {}, 256)), "ok");
  EXPECT_EQ(text_of(state.read("sun", {})), "not-found: there is no state 'sun'; the schedule has 'sum'");
  Session session = world.session();
  ASSERT_EQ(text_of(session.attach(state)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(world.y[60], world.x[60]);
  EXPECT_EQ(world.y[63], world.x[63] + 3);
}

TEST(DeviceStates, CannotBeReadDuringAReplay) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  SumWorld world(device);
  Session session = world.session();
  State state = must(session.state());
  faults.stall_op = 1;
  ASSERT_EQ(text_of(session.submit()), "ok");
  std::vector<float> values(64);
  EXPECT_EQ(text_of(state.read("sum", std::as_writable_bytes(std::span(values)))),
            "failed-precondition: the state is in use by a replay");
  EXPECT_EQ(text_of(state.write("sum", std::as_bytes(std::span(values)))),
            "failed-precondition: the state is in use by a replay");
  faults.stall_op = kNone;
  ASSERT_EQ(text_of(session.wait()), "ok");
  EXPECT_EQ(SumWorld::content(state), world.x);
}

TEST(DeviceStates, BoundToMemoryOfTheHostAreBroughtThereAndBack) {
  SumWorld world;
  Session session = world.session(false);
  EXPECT_EQ(text_of(session.replay()), "failed-precondition: replay needs state 'sum'");
  std::vector<float> one(64, 10.0f), other(64, 20.0f);
  ASSERT_EQ(text_of(session.bind("sum", one)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(one, world.y);
  EXPECT_EQ(one[5], 10 + world.x[5]);
  ASSERT_EQ(text_of(session.bind("sum", other)), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(other[5], 20 + world.x[5] + world.x[5]);
  EXPECT_EQ(one[5], 10 + world.x[5]);
  EXPECT_EQ(text_of(session.bind("y", other)).substr(0, 16), "invalid-argument");  // it is the state's
  EXPECT_EQ(text_of(session.bind("y", one)), "ok");
  // Its own again, which nothing has changed.
  Session with_own = world.session();
  ASSERT_EQ(text_of(with_own.replay()), "ok");
  ASSERT_EQ(text_of(with_own.bind("sum", other)), "ok");
  ASSERT_EQ(text_of(with_own.replay()), "ok");
  ASSERT_EQ(text_of(with_own.unbind(must(world.program->binding("sum")))), "ok");
  ASSERT_EQ(text_of(with_own.replay()), "ok");
  EXPECT_EQ(world.y, times(world.x, 2));
}

TEST(DeviceStates, TakeMemoryOfTheDeviceUntilTheyGo) {
  DeviceOptions device = emulated();
  device.emulated.memory_bytes = 4096;
  SumWorld world(device);
  std::vector<State> states;
  std::string refused;
  while (refused.empty() && states.size() < 100) {
    Result<State> made = world.program->state();
    if (made.ok())
      states.push_back(std::move(*made));
    else
      refused = text_of(made);
  }
  EXPECT_EQ(refused.substr(0, 87),
            "does-not-fit: state 'sum' needs 256 B of backend 'emulated', which has 4096 B, of which");
  EXPECT_GE(states.size(), 10u);
  states.clear();
  EXPECT_TRUE(world.program->state().ok());
}

TEST(DeviceStates, AreUnspecifiedAfterAStopUntilCleared) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  SumWorld world(device);
  Session session = world.session();
  faults.stall_op = 1;
  std::atomic<bool> stop{false};
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    stop = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    faults.stall_op = kNone;
  });
  const std::string ended = text_of(session.replay(stop));
  stopper.join();
  EXPECT_EQ(ended.substr(0, 10), "cancelled:");
  EXPECT_TRUE(must(session.state()).interrupted());
  ASSERT_EQ(text_of(session.restart()), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(world.y, world.x);
}

// A file without memory of the device keeps its states on the host, where copies reach them.
TEST(DevicePrograms, RefuseToComputeOnAStateOfTheHost) {
  Schedule schedule = fixtures::add_to_state(1);
  schedule.backend = "emulated";
  RuntimeOptions options;
  options.device = emulated();
  EXPECT_EQ(text_of(Runtime(options).prepare(proven(std::move(schedule)))),
            "unavailable: op 0 (add) of stream 'compute' computes on state 'sum', which is memory of the host; on "
            "backend 'emulated' only copy streams reach it");
}

}  // namespace
}  // namespace rondo
