// Programs and sessions of the emulated device, through the public interface.
#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "rondo/trace.h"
#include "tests/backends/test_arguments.h"
#include "tests/backends/twice_replayed.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace testing {
TestArguments& test_arguments() {
  static TestArguments arguments;
  return arguments;
}
}  // namespace testing

namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;
using testing::replay_twice;
using testing::TwiceReplayed;

DeviceOptions emulated(uint64_t seed = 1, uint32_t threads = 2) {
  DeviceOptions options;
  options.backend = "emulated";
  options.emulated.seed = seed;
  options.emulated.threads = threads;
  return options;
}

Schedule plan_for_tiles(const std::string& graph_file, uint32_t in_flight) {
  const Graph graph = must(load_graph(std::string(RONDO_SOURCE_DIR) + "/schedules/library/" + graph_file));
  Machine machine =
      must(load_machine(std::string(RONDO_SOURCE_DIR) + "/schedules/library/machines/tile-accelerator.yaml"));
  machine.copy_in_flight = in_flight;
  return must(plan_tiles(graph, machine)).schedule;
}

// ---- What computes -----------------------------------------------------------

TEST(DeviceReplay, OfTheTileAcceleratorsMlpEqualsTheHostsBitByBit) {
  for (const uint32_t in_flight : {1u, 2u, 4u})
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const TwiceReplayed result =
          replay_twice(plan_for_tiles("mlp.yaml", in_flight), emulated(seed, 1 + seed % 3), seed, 3);
      ASSERT_EQ(result.failure, "");
      EXPECT_EQ(result.difference, "");
      EXPECT_EQ(result.way.text(), "emulated, one persistent launch of one lane");
    }
}

TEST(DeviceReplay, StagesAnAddThroughScratch) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const TwiceReplayed result = replay_twice(fixtures::staged_add(), emulated(seed), seed);
    ASSERT_EQ(result.failure, "");
    EXPECT_EQ(result.difference, "");
  }
}

// x and y of 4 x 16 on the host; scratch, and `device` memory that outlives launches.
struct Accelerator {
  ScheduleBuilder builder;
  uint16_t scratch = 0, packed = 0, kept = 0;
  uint32_t box = 0;

  explicit Accelerator(uint32_t lanes = 1) {
    builder.schedule().backend = "emulated";
    builder.schedule().lane_count = lanes;
    builder.space("host", SpaceKind::kHost, 1 << 20);
    const uint16_t l2 = builder.space("l2", SpaceKind::kScratch, 1 << 16);
    const uint16_t hbm = builder.space("hbm", SpaceKind::kDevice, 1 << 20);
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      const uint16_t made = builder.arena("scratch" + std::to_string(lane), l2, 3 * kTileBytes, OwnerKind::kLane, lane);
      if (lane == 0) scratch = made;
    }
    packed = builder.arena("packed", hbm, kTileBytes, OwnerKind::kEveryone, 0, true);
    kept = builder.arena("kept", hbm, lanes * kTileBytes);
    box = builder.view(DType::kF32, {kTileBytes / 4}, {4});
  }
  static OperandSpec read(uint16_t base, uint32_t view, uint64_t offset = 0) {
    return {base, offset, view, Access::kRead};
  }
  static OperandSpec write(uint16_t base, uint32_t view, uint64_t offset = 0) {
    return {base, offset, view, Access::kWrite};
  }
  static constexpr uint64_t kTileBytes = 256;
};

// Phase a: kept = relu(x w), w doubled by prepare; phase b: y = kept + bias. A cut between.
Schedule two_phases(uint32_t lanes) {
  using A = Accelerator;
  A a(lanes);
  const uint16_t x = a.builder.binding("x", Role::kInput, DType::kF32, {lanes, 64});
  const uint16_t w = a.builder.binding("w", Role::kConstant, DType::kF32, {64});
  const uint16_t bias = a.builder.binding("bias", Role::kConstant, DType::kF32, {64});
  const uint16_t y = a.builder.binding("y", Role::kOutput, DType::kF32, {lanes, 64});
  a.builder.phase("a");
  a.builder.phase("b");
  a.builder.schedule().cuts = {{1}};
  const uint32_t prepare = a.builder.stream("double", 0, Engine::kCompute, Part::kPrepare);
  a.builder.add(prepare,
                {.kernel = "add", .operands = {A::read(w, a.box), A::read(w, a.box), A::write(a.packed, a.box)}});
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    const auto scratch = static_cast<uint16_t>(a.scratch + lane);
    const uint64_t at = lane * A::kTileBytes;
    const uint32_t in = a.builder.stream("in" + std::to_string(lane), lane, Engine::kCopyIn, Part::kReplay, 2);
    const uint32_t compute = a.builder.stream("compute" + std::to_string(lane), lane, Engine::kCompute);
    const uint32_t out = a.builder.stream("out" + std::to_string(lane), lane, Engine::kCopyOut);
    const uint32_t loaded = a.builder.token(), made = a.builder.token();
    a.builder.add(
        in, {.kernel = "copy", .operands = {A::read(x, a.box, at), A::write(scratch, a.box)}, .signals = {{loaded}}});
    a.builder.add(compute, {.kernel = "mul",
                            .operands = {A::read(scratch, a.box), A::read(a.packed, a.box),
                                         A::write(scratch, a.box, A::kTileBytes)},
                            .waits = {{loaded, 1}}});
    a.builder.add(
        compute, {.kernel = "relu", .operands = {A::read(scratch, a.box, A::kTileBytes), A::write(a.kept, a.box, at)}});
    a.builder.add(compute, {.kernel = "add",
                            .operands = {A::read(a.kept, a.box, at), A::read(bias, a.box), A::write(scratch, a.box)},
                            .phase = 1,
                            .signals = {{made}}});
    a.builder.add(out, {.kernel = "copy",
                        .operands = {A::read(scratch, a.box), A::write(y, a.box, at)},
                        .phase = 1,
                        .waits = {{made, 1}}});
  }
  return a.builder.finish();
}

// Data and objects of one session of `two_phases`.
struct World {
  explicit World(uint32_t lanes, const DeviceOptions& device, uint64_t watchdog_ns = 10'000'000'000)
      : w(fixtures::values(64, 2)),
        bias(fixtures::values(64, 3)),
        x(fixtures::values(64 * lanes, 1)),
        y(64 * lanes, 7.0f) {
    RuntimeOptions options;
    options.device = device;
    options.watchdog_ns = watchdog_ns;
    program.emplace(
        must(Runtime(options).prepare(proven(two_phases(lanes)), std::vector<Constant>{{"w", w}, {"bias", bias}})));
    open();
  }
  void open() {
    session.emplace(must(program->session()));
    EXPECT_TRUE(session->bind("x", x).ok());
    EXPECT_TRUE(session->bind("y", y).ok());
  }
  std::vector<float> expected() const {
    std::vector<float> made(x.size());
    for (size_t i = 0; i < made.size(); ++i) made[i] = std::max(x[i] * (w[i % 64] + w[i % 64]), 0.0f) + bias[i % 64];
    return made;
  }

  std::vector<float> w, bias, x, y;
  std::optional<Program> program;
  std::optional<Session> session;
};

TEST(DeviceReplay, PreparesOnTheDeviceAndKeepsWhatItNeeds) {
  World world(3, emulated());
  const std::vector<float> expected = world.expected();
  std::fill(world.w.begin(), world.w.end(), 0.0f);  // constants were copied
  std::fill(world.bias.begin(), world.bias.end(), 0.0f);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(text_of(world.session->replay()), "ok");
    EXPECT_EQ(world.y, expected);
    std::fill(world.y.begin(), world.y.end(), 0.0f);
  }
  EXPECT_EQ(world.session->epoch(), 3u);
  EXPECT_EQ(world.program->way().text(), "emulated, one persistent launch of 3 lanes");
}

TEST(DeviceReplay, ByPhasesGivesTheSameBitsThoughScratchIsLostBetween) {
  DeviceOptions device = emulated();
  device.launching = Launching::kByPhases;
  World world(3, device);
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
  EXPECT_EQ(world.program->way().text(), "emulated, 2 launches by phases of up to 3 lanes");
}

TEST(DeviceReplay, LaunchesLanesInTurnsWhereFewerAreResident) {
  DeviceOptions device = emulated();
  device.emulated.max_resident_lanes = 2;
  World world(5, device);
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
  EXPECT_EQ(world.program->way().text(), "emulated, 6 launches by phases of up to 2 lanes");
}

TEST(DeviceReplay, RefusesAPersistentLaunchOfMoreLanesThanAreResident) {
  DeviceOptions device = emulated();
  device.emulated.max_resident_lanes = 2;
  device.launching = Launching::kPersistent;
  RuntimeOptions options;
  options.device = device;
  const std::vector<float> values(64);
  EXPECT_EQ(
      text_of(Runtime(options).prepare(proven(two_phases(5)), std::vector<Constant>{{"w", values}, {"bias", values}})),
      "does-not-fit: one persistent launch needs all 5 lanes resident, backend 'emulated' holds 2 at one time");
}

TEST(DeviceReplay, GoesOnInTheBackgroundAndInSeveralSessionsAtOnce) {
  World world(2, emulated());
  std::vector<Session> sessions;
  std::vector<std::vector<float>> outputs(4, std::vector<float>(128));
  for (auto& output : outputs) {
    sessions.push_back(must(world.program->session()));
    ASSERT_TRUE(sessions.back().bind("x", world.x).ok());
    ASSERT_TRUE(sessions.back().bind("y", output).ok());
  }
  for (int round = 0; round < 20; ++round) {
    for (auto& output : outputs) std::fill(output.begin(), output.end(), 0.0f);
    for (Session& session : sessions) ASSERT_EQ(text_of(session.submit()), "ok");
    EXPECT_EQ(text_of(sessions[0].replay()), "failed-precondition: a replay of the session is in flight");
    for (Session& session : sessions) ASSERT_EQ(text_of(session.wait()), "ok");
    for (const auto& output : outputs) ASSERT_EQ(output, world.expected());
  }
}

TEST(DeviceReplay, CopiesTablesAndFollowsScalarsAndState) {
  const auto by_copy_engine = [](Schedule schedule) {
    schedule.backend = "emulated";
    for (Stream& stream : schedule.streams) stream.engine = static_cast<uint8_t>(Engine::kCopyIn);
    return schedule;
  };
  RuntimeOptions options;
  options.device = emulated();
  const Runtime runtime(options);
  {
    Program program = must(runtime.prepare(proven(by_copy_engine(fixtures::copy_table()))));
    Session session = must(program.session());
    std::vector<int32_t> y(4);
    ASSERT_TRUE(session.bind("y", y).ok());
    for (int32_t first = 0; first < 5; ++first) {
      const std::vector<int32_t> rows = {first, 3, 9, 0};
      ASSERT_EQ(text_of(session.set_table(must(program.binding("rows")), rows)), "ok");
      ASSERT_EQ(text_of(session.replay()), "ok");
      EXPECT_EQ(y, rows);
    }
  }
  Program program = must(runtime.prepare(proven(by_copy_engine(fixtures::append_to_state()))));
  Session session = must(program.session());
  std::vector<float> x(4), y(32), expected(32, 0.0f);
  ASSERT_TRUE(session.bind("x", x).ok());
  ASSERT_TRUE(session.bind("y", y).ok());
  for (int64_t position : {0, 5, 2, 7}) {
    for (int i = 0; i < 4; ++i) expected[position * 4 + i] = x[i] = static_cast<float>(10 * position + i + 1);
    ASSERT_TRUE(session.set_scalar("pos", position).ok());
    ASSERT_EQ(text_of(session.replay()), "ok");
    EXPECT_EQ(y, expected);
  }
  ASSERT_EQ(text_of(session.restart()), "ok");
  ASSERT_EQ(text_of(session.replay()), "ok");
  EXPECT_EQ(std::count(y.begin(), y.end(), 0.0f), 28);
}

// ---- State that stays on the device --------------------------------------------------

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

// Member 'product': y = x w, w doubled by prepare. Member 'plain': z = x.
Schedule two_members() {
  using A = Accelerator;
  A a;
  const uint16_t x = a.builder.binding("x", Role::kInput, DType::kF32, {64});
  const uint16_t w = a.builder.binding("w", Role::kConstant, DType::kF32, {64});
  const uint16_t y = a.builder.binding("y", Role::kOutput, DType::kF32, {64});
  const uint16_t z = a.builder.binding("z", Role::kOutput, DType::kF32, {64});
  Schedule& schedule = a.builder.schedule();
  schedule.members = {{.name = a.builder.name("product")}, {.name = a.builder.name("plain")}};
  a.builder.phase("p");
  const uint32_t prepare = a.builder.stream("double", 0, Engine::kCompute, Part::kPrepare);
  a.builder.add(prepare,
                {.kernel = "add", .operands = {A::read(w, a.box), A::read(w, a.box), A::write(a.packed, a.box)}});
  const uint32_t in = a.builder.stream("in", 0, Engine::kCopyIn);
  const uint32_t compute = a.builder.stream("compute", 0, Engine::kCompute);
  const uint32_t out = a.builder.stream("out", 0, Engine::kCopyOut);
  const uint32_t plain = a.builder.stream("plain", 0, Engine::kCopyIn);
  schedule.streams[plain].member = 1;
  const uint32_t loaded = a.builder.token(), made = a.builder.token();
  a.builder.add(in,
                {.kernel = "copy", .operands = {A::read(x, a.box), A::write(a.scratch, a.box)}, .signals = {{loaded}}});
  a.builder.add(compute, {.kernel = "mul",
                          .operands = {A::read(a.scratch, a.box), A::read(a.packed, a.box),
                                       A::write(a.scratch, a.box, A::kTileBytes)},
                          .waits = {{loaded, 1}},
                          .signals = {{made}}});
  a.builder.add(out, {.kernel = "copy",
                      .operands = {A::read(a.scratch, a.box, A::kTileBytes), A::write(y, a.box)},
                      .waits = {{made, 1}}});
  a.builder.add(plain, {.kernel = "copy", .operands = {A::read(x, a.box), A::write(a.scratch, a.box)}});
  a.builder.add(plain, {.kernel = "copy", .operands = {A::read(a.scratch, a.box), A::write(z, a.box)}});
  return a.builder.finish();
}

TEST(DeviceReplay, TakesTheMembersOfASetInTurnsOverWhatWasPreparedOnce) {
  std::vector<float> w = fixtures::values(64, 2), x = fixtures::values(64, 1), y(64), z(64);
  RuntimeOptions options;
  options.device = emulated();
  const Program product = must(Runtime(options).prepare(proven(two_members()), std::vector<Constant>{{"w", w}}));
  const Program plain = must(product.member("plain"));
  EXPECT_EQ(plain.way().text(), "emulated, one persistent launch of one lane");
  Session session = must(product.session());
  ASSERT_TRUE(session.bind("x", x).ok());
  ASSERT_TRUE(session.bind("y", y).ok());
  ASSERT_TRUE(session.bind("z", z).ok());
  for (int round = 0; round < 3; ++round) {
    std::fill(y.begin(), y.end(), 0.0f);
    std::fill(z.begin(), z.end(), 0.0f);
    ASSERT_EQ(text_of(session.select(product)), "ok");
    ASSERT_EQ(text_of(session.replay()), "ok");
    for (size_t i = 0; i < 64; ++i) ASSERT_EQ(y[i], x[i] * (w[i] + w[i]));
    EXPECT_EQ(std::count(z.begin(), z.end(), 0.0f), 64);
    ASSERT_EQ(text_of(session.select(plain)), "ok");
    ASSERT_EQ(text_of(session.replay()), "ok");
    EXPECT_EQ(z, x);
  }
}

// ---- What is refused -----------------------------------------------------------

std::string refusal(Schedule schedule, DeviceOptions device) {
  RuntimeOptions options;
  options.device = std::move(device);
  return text_of(Runtime(options).prepare(proven(std::move(schedule))));
}

TEST(DevicePrograms, RefuseASchedulePlannedForAnotherBackend) {
  Schedule schedule = fixtures::relu();
  EXPECT_EQ(refusal(schedule, emulated()), "ok");  // the host is there as ever
  schedule.backend = "emulated";
  EXPECT_EQ(refusal(schedule, {}),
            "unavailable: the schedule was planned for backend 'emulated', this runtime has 'cpu'");
  schedule.backend = "abacus";
  EXPECT_EQ(refusal(schedule, emulated()),
            "unavailable: the schedule was planned for backend 'abacus', this runtime has 'cpu' and 'emulated'");
  DeviceOptions unknown;
  unknown.backend = "abacus";
  EXPECT_EQ(refusal(schedule, unknown),
            "unavailable: there is no device of backend 'abacus'; this build has 'emulated'");
}

TEST(DevicePrograms, RefuseToComputeOnMemoryOfTheHostNamingTheOp) {
  Schedule schedule = fixtures::relu();
  schedule.backend = "emulated";
  EXPECT_EQ(refusal(schedule, emulated()),
            "unavailable: op 0 (relu) of stream 'compute' computes on input 'x', which is memory of the host; on "
            "backend 'emulated' only copy streams reach it");
}

TEST(DevicePrograms, RefusePreparedScratch) {
  ScheduleBuilder builder;
  builder.schedule().backend = "emulated";
  const uint16_t l2 = builder.space("l2", SpaceKind::kScratch, 1 << 16);
  const uint16_t packed = builder.arena("packed", l2, 256, OwnerKind::kLane, 0, true);
  builder.phase("p");
  const uint32_t box = builder.view(DType::kF32, {64}, {4});
  const uint32_t stream = builder.stream("fill", 0, Engine::kCompute, Part::kPrepare);
  builder.add(stream, {.kernel = "fill", .operands = {Accelerator::write(packed, box)}});
  EXPECT_EQ(refusal(builder.finish(), emulated()),
            "unavailable: arena 'packed' is prepared and lies in scratch; on backend 'emulated' scratch does not "
            "outlive a launch");
}

TEST(DevicePrograms, RefuseMemoryOfTheHostForArenasOfTheDevice) {
  World world(1, emulated());
  fixtures::AlignedFloats lent(192);
  SessionOptions options;
  options.arenas = {{0, lent.data(), 768}};
  EXPECT_EQ(text_of(world.program->session(options)),
            "invalid-argument: arena 'scratch0' lies on the device of backend 'emulated'; the host has no memory to "
            "lend for it");
}

TEST(DevicePrograms, RefuseWhatTheDeviceHasNoMemoryFor) {
  DeviceOptions device = emulated();
  device.emulated.memory_bytes = 1000;
  RuntimeOptions options;
  options.device = device;
  const std::vector<float> values(64);
  const Program program =
      must(Runtime(options).prepare(proven(two_phases(1)), std::vector<Constant>{{"w", values}, {"bias", values}}));
  EXPECT_EQ(text_of(program.session()),
            "does-not-fit: arena 'scratch0' needs 768 B of backend 'emulated', which has 1000 B, of which 512 B are in "
            "use");
}

// ---- What goes wrong --------------------------------------------------------------

TEST(DeviceFaults, AStoppedReplayLeavesTheSessionToBeRestarted) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  World world(2, device);
  const Schedule& schedule = world.program->schedule();
  for (uint32_t op = 0; op < schedule.ops.size(); ++op) {
    if (schedule.streams[0].part == static_cast<uint8_t>(Part::kPrepare) && op == schedule.streams[0].first_op)
      continue;
    faults.stall_op = op;  // until the replay is told to stop
    std::atomic<bool> stop{false};
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      stop = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      faults.stall_op = kNone;
    });
    const std::string ended = text_of(world.session->replay(stop));
    stopper.join();
    ASSERT_EQ(ended.substr(0, 34), "cancelled: the replay was stopped ") << "op " << op;
    EXPECT_EQ(text_of(world.session->replay()),
              "failed-precondition: the last replay of the session was interrupted; restart it");
    ASSERT_EQ(text_of(world.session->restart()), "ok");
    ASSERT_EQ(text_of(world.session->replay()), "ok");
    ASSERT_EQ(world.y, world.expected()) << "op " << op;
  }
}

TEST(DeviceFaults, TheWatchdogNamesWhatHangsAndTheDeviceRestsBeforeItReturns) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  World world(1, device, 300'000'000);
  const Schedule& schedule = world.program->schedule();
  faults.mute_op = schedule.streams[1].first_op;  // the load
  EXPECT_EQ(
      text_of(world.session->replay()),
      "bug: op 2 (mul) of stream 'compute0' waited 300 ms for token 0 to count 1; it counts 0 and no op is running");
  faults.mute_op = kNone;
  ASSERT_EQ(text_of(world.session->restart()), "ok");
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
}

TEST(DeviceFaults, ASlowOpIsNotHung) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  World world(1, device, 150'000'000);
  faults.stall_op = world.program->schedule().streams[2].first_op;
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    faults.stall_op = kNone;
  });
  EXPECT_EQ(text_of(world.session->replay()), "ok");
  release.join();
  EXPECT_EQ(world.y, world.expected());
}

TEST(DeviceFaults, ASessionWhoseDeviceDoesNotComeToRestIsLostAndItsEndWaits) {
  EmulatedFaults faults;
  DeviceOptions device = emulated();
  device.emulated.faults = &faults;
  World world(1, device, 150'000'000);
  faults.stall_op = world.program->schedule().streams[2].first_op;
  std::atomic<bool> stop{false};
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // by then the op is held
    stop = true;
  });
  EXPECT_EQ(text_of(world.session->replay(stop)),
            "bug: the session is lost: 150 ms after the replay was stopped 1 ops of it have not completed on backend "
            "'emulated'");
  stopper.join();
  EXPECT_EQ(text_of(world.session->replay()), "failed-precondition: a replay of the session is in flight");
  EXPECT_EQ(text_of(world.session->restart()), "failed-precondition: a replay of the session is in flight");
  EXPECT_EQ(text_of(world.session->bind("y", world.y)), "failed-precondition: a replay of the session is in flight");
  std::atomic<bool> released{false};
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    released = true;
    faults.stall_op = kNone;
  });
  world.session.reset();
  EXPECT_TRUE(released.load());
  release.join();
  world.open();
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
}

// ---- What is seen ------------------------------------------------------------------

struct Seen {
  std::vector<OpTimes> by_op;
  double duration_ns = 0;
};

Seen recorded(const Program& program, Session& session) {
  TraceBuffer trace = must(TraceBuffer::make(program));
  EXPECT_EQ(text_of(session.replay(trace)), "ok");
  const std::vector<ReplayTimes> replays = must(trace.replays());
  Seen seen;
  seen.by_op.resize(program.schedule().ops.size());
  const std::vector<uint32_t>& order = program.verified().order(Part::kReplay);
  for (size_t position = 0; position < order.size(); ++position) seen.by_op[order[position]] = replays[0].ops[position];
  seen.duration_ns = static_cast<double>(replays[0].end_ns - replays[0].begin_ns);
  return seen;
}

// Loads that are under way while a product is computed, in a plan for `emulated.yaml`.
TEST(DeviceTraces, ShowCopiesBesideProductsAndTakeTheTimeTheFilePredicts) {
  const Graph graph = must(load_graph(std::string(RONDO_SOURCE_DIR) + "/schedules/library/mlp.yaml"));
  const Machine machine =
      must(load_machine(std::string(RONDO_SOURCE_DIR) + "/schedules/library/machines/emulated.yaml"));
  const Schedule schedule = must(plan_tiles(graph, machine)).schedule;
  EXPECT_EQ(schedule.backend, "emulated");
  double makespan = 0;
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(ClaimKind::kMakespan)) makespan = std::bit_cast<double>(claim.value);
  ASSERT_GT(makespan, 0);
  constexpr double kNsPerCost = 100000;
  DeviceOptions device = emulated(1, 2);
  device.emulated.ns_per_cost = kNsPerCost;
  RuntimeOptions options;
  options.device = device;
  std::vector<std::vector<float>> data;
  std::vector<Constant> constants;
  for (const Binding& binding : schedule.bindings) data.emplace_back(bytes_of(binding) / 4, 0.5f);
  for (size_t i = 0; i < data.size(); ++i)
    if (schedule.bindings[i].role == static_cast<uint8_t>(Role::kConstant))
      constants.push_back({schedule.name(schedule.bindings[i].name), data[i]});
  const Program program = must(Runtime(options).prepare(proven(schedule), constants));
  Session session = must(program.session());
  for (size_t i = 0; i < data.size(); ++i)
    if (schedule.bindings[i].role != static_cast<uint8_t>(Role::kConstant)) {
      ASSERT_TRUE(session.bind(schedule.name(schedule.bindings[i].name), data[i]).ok());
    }
  const Seen seen = recorded(program, session);
  uint32_t copies = 0, beside = 0;
  for (const Stream& stream : schedule.streams) {
    if (stream.engine == static_cast<uint8_t>(Engine::kCompute)) continue;
    for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op) {
      if (schedule.ops[op].kernel == kNoKernel) continue;
      ++copies;
      for (const Stream& compute : schedule.streams) {
        if (compute.engine != static_cast<uint8_t>(Engine::kCompute)) continue;
        bool overlaps = false;
        for (uint32_t other = compute.first_op; other < compute.first_op + compute.op_count; ++other)
          overlaps |=
              seen.by_op[other].begin_ns < seen.by_op[op].end_ns && seen.by_op[op].begin_ns < seen.by_op[other].end_ns;
        beside += overlaps;
      }
    }
  }
  std::printf("emulated mlp: predicted %.3f ms, took %.3f ms; %u of %u copies beside a product\n",
              makespan * kNsPerCost / 1e6, seen.duration_ns / 1e6, beside, copies);
  EXPECT_GE(seen.duration_ns, makespan * kNsPerCost * 0.999);
  EXPECT_GE(beside * 2, copies);
}

}  // namespace
}  // namespace rondo

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  rondo::testing::TestArguments& arguments = rondo::testing::test_arguments();
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--schedules=", 12) == 0) arguments.schedules = std::strtoull(argv[i] + 12, nullptr, 10);
    if (std::strncmp(argv[i], "--graphs=", 9) == 0) arguments.graphs = std::strtoull(argv[i] + 9, nullptr, 10);
    if (std::strncmp(argv[i], "--seed=", 7) == 0) arguments.seed = std::strtoull(argv[i] + 7, nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
