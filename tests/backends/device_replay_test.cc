// What the emulated device computes, through the public interface.
#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "tests/backends/device_world.h"
#include "tests/backends/test_arguments.h"
#include "tests/backends/twice_replayed.h"
#include "tests/runtime/fixtures.h"
#include "tests/whole/cached_graphs.h"
#include "tests/whole/conversation.h"

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
using testing::Accelerator;
using testing::emulated;
using testing::PhasedWorld;
using testing::replay_twice;
using testing::TwiceReplayed;
using testing::two_phases;

Schedule plan_for_tiles(const std::string& graph_file, uint32_t in_flight) {
  const Graph graph = must(load_graph(std::string(RONDO_SOURCE_DIR) + "/schedules/library/" + graph_file));
  Machine machine =
      must(load_machine(std::string(RONDO_SOURCE_DIR) + "/schedules/library/machines/tile-accelerator.yaml"));
  machine.copy_in_flight = in_flight;
  return must(plan_tiles(graph, machine)).schedule;
}

TEST(DeviceReplay, OfTheTileAcceleratorsMlpEqualsTheHostsBitByBit) {
  for (const uint32_t in_flight : {1u, 2u, 4u})
    for (uint64_t seed = 0; seed < 10; ++seed) {
      const TwiceReplayed result =
          replay_twice(plan_for_tiles("mlp.yaml", in_flight), emulated(seed, 1 + seed % 3), seed, 2);
      ASSERT_EQ(result.failure, "");
      EXPECT_EQ(result.difference, "");
      EXPECT_EQ(result.way.text(), "emulated, one persistent launch of one lane");
    }
}

// Keys and values come through scratch as far as scratch goes, else kernels read them in
// memory of the device; rows of pages they find through a table.
TEST(DeviceReplay, OfCachesThroughScratchEqualsTheHostsBitByBit) {
  const Machine machine = must(load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/emulated.yaml"));
  const std::string graphs[] = {testing::library_text("gpt2-tiny-decode"), testing::library_text("gpt2-tiny-prefill"),
                                testing::kRing, testing::kPages};
  for (const std::string& text : graphs)
    for (const uint64_t scratch_bytes : {uint64_t{0}, uint64_t{6144}}) {
      PlanOptions options;
      options.scratch_bytes = scratch_bytes;
      options.tile = scratch_bytes == 0 ? 32 : 8;
      const Schedule schedule = must(plan_tiles(testing::graph_of(text), machine, options)).schedule;
      for (uint64_t seed = 1; seed <= (scratch_bytes == 0 ? 2u : 1u); ++seed) {
        SCOPED_TRACE(schedule.source + ", scratch " + std::to_string(scratch_bytes) + ", seed " + std::to_string(seed));
        const TwiceReplayed result = replay_twice(schedule, emulated(seed, 1 + seed % 3), seed, 2);
        ASSERT_EQ(result.failure, "");
        ASSERT_EQ(result.difference, "");
        EXPECT_FALSE(result.unfaithful);
      }
    }
}

TEST(DeviceReplay, StagesAnAddThroughScratch) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const TwiceReplayed result = replay_twice(fixtures::staged_add(), emulated(seed), seed);
    ASSERT_EQ(result.failure, "");
    EXPECT_EQ(result.difference, "");
  }
}

TEST(DeviceReplay, PreparesOnTheDeviceAndKeepsWhatItNeeds) {
  PhasedWorld world(3, emulated());
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
  PhasedWorld world(3, device);
  ASSERT_EQ(text_of(world.session->replay()), "ok");
  EXPECT_EQ(world.y, world.expected());
  EXPECT_EQ(world.program->way().text(), "emulated, 2 launches by phases of up to 3 lanes");
}

TEST(DeviceReplay, LaunchesLanesInTurnsWhereFewerAreResident) {
  DeviceOptions device = emulated();
  device.emulated.max_resident_lanes = 2;
  PhasedWorld world(5, device);
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
  PhasedWorld world(2, emulated());
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
