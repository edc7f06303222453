// Plans through scratch of several lanes on the emulated device: the same bits as on the
// host, and as on one lane.
#include <gtest/gtest.h>
#include <random>
#include "rondo/load.h"
#include "rondo/plan.h"
#include "rondo/verify.h"
#include "tests/backends/test_arguments.h"
#include "tests/backends/twice_replayed.h"
#include "tests/whole/random_graph.h"

namespace rondo {
namespace {

using testing::replay_twice;
using testing::test_arguments;
using testing::TwiceReplayed;

Machine lanes_machine(uint32_t lanes) {
  Machine machine = *load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/emulated.yaml");
  machine.lanes = lanes;
  for (const char* kernel : {"add", "mul", "relu", "gelu", "softmax", "layer_norm", "attention", "rotary"})
    machine.costs.push_back({kernel, 0.1, 0, 1e-4});
  return machine;
}

DeviceOptions device_of(uint64_t seed) {
  DeviceOptions device;
  device.backend = "emulated";
  device.emulated.seed = 1 + seed % 1000;
  device.emulated.threads = 1 + static_cast<uint32_t>(seed % 3);
  return device;
}

TEST(StagedLanes, OfRandomGraphsComputeTheSameBitsAsOnTheHost) {
  const uint64_t graphs = test_arguments().graphs * 2 / 5;
  uint64_t several = 0, ops = 0;
  for (uint64_t seed = test_arguments().seed; seed < test_arguments().seed + graphs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed * 15485863);
    Machine machine = lanes_machine(2 + static_cast<uint32_t>(random() % 4));
    machine.copy_out_engines = static_cast<uint32_t>(random() % 2);
    machine.copy_in_flight = 1 + static_cast<uint32_t>(random() % 4);
    PlanOptions options;
    options.tile = std::array<uint32_t, 3>{8, 16, 32}[random() % 3];
    options.staging = Staging::kStaged;
    const Result<Plan> plan = plan_tiles(testing::random_graph(seed), machine, options);
    ASSERT_TRUE(plan.ok()) << plan.error().to_string();
    const TwiceReplayed result = replay_twice(plan->schedule, device_of(random()), seed);
    ASSERT_EQ(result.failure, "");
    ASSERT_EQ(result.difference, "");
    EXPECT_FALSE(result.unfaithful);
    if (result.unfaithful)
      for (const Finding& finding : verify(plan->schedule).report.findings)
        ADD_FAILURE() << finding.rule << " " << finding.message;
    several += plan->schedule.lane_count > 1;
    ops += result.ops;
  }
  std::printf("%llu graphs, %llu of them on several lanes, %llu ops\n", static_cast<unsigned long long>(graphs),
              static_cast<unsigned long long>(several), static_cast<unsigned long long>(ops));
  EXPECT_GT(several, graphs / 2);
}

TEST(StagedLanes, ComputeTheSameBitsHoweverManyThereAre) {
  const uint64_t graphs = test_arguments().graphs / 10;
  for (uint64_t seed = 1; seed <= graphs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = testing::random_graph(seed);
    std::map<std::string, std::vector<std::byte>> first;
    for (const uint32_t lanes : {1u, 2u, 4u}) {
      PlanOptions options;
      options.lanes = lanes;
      options.tile = 16;
      const Result<Plan> plan = plan_tiles(graph, lanes_machine(4), options);
      ASSERT_TRUE(plan.ok()) << plan.error().to_string();
      const TwiceReplayed result = replay_twice(plan->schedule, device_of(seed), seed);
      ASSERT_EQ(result.failure, "");
      ASSERT_EQ(result.difference, "");
      if (lanes == 1) first = result.content;
      EXPECT_TRUE(result.content == first) << plan->schedule.lane_count << " lanes";
    }
  }
}

TEST(StagedLanes, DecodeAndPrefillTheSameBitsHoweverManyThereAre) {
  for (const char* name : {"gpt2-tiny-prefill", "gpt2-tiny-decode"}) {
    SCOPED_TRACE(name);
    const Graph graph = *load_graph(std::string(RONDO_SOURCE_DIR "/schedules/library/") + name + ".yaml");
    std::map<std::string, std::vector<std::byte>> first;
    for (const uint32_t lanes : {1u, 2u, 4u}) {
      PlanOptions options;
      options.lanes = lanes;
      const Result<Plan> plan = plan_tiles(graph, lanes_machine(4), options);
      ASSERT_TRUE(plan.ok()) << plan.error().to_string();
      EXPECT_EQ(plan->schedule.lane_count, lanes);
      const TwiceReplayed result = replay_twice(plan->schedule, device_of(3), 4);
      ASSERT_EQ(result.failure, "");
      ASSERT_EQ(result.difference, "");
      EXPECT_EQ(result.way.lanes, lanes);
      if (lanes == 1) first = result.content;
      EXPECT_TRUE(result.content == first) << lanes << " lanes";
    }
  }
}

}  // namespace
}  // namespace rondo
