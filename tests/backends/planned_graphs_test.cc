// Whatever the planner makes for an accelerator, the emulated device replays to the
// same bits as the host: random graphs, random machines, random orders of completion.
//
//   device_replay_test [--graphs=1000] [--schedules=3000] [--seed=1]
#include <gtest/gtest.h>
#include <random>
#include "rondo/plan.h"
#include "tests/backends/test_arguments.h"
#include "tests/backends/twice_replayed.h"
#include "tests/whole/random_graph.h"

namespace rondo {
namespace {

using testing::replay_twice;
using testing::test_arguments;
using testing::TwiceReplayed;

Machine accelerator(std::mt19937_64& random) {
  Machine machine = default_machine();
  machine.direct_operands = false;
  machine.panel_width = 0;
  machine.copy_in_engines = 1;
  machine.copy_out_engines = static_cast<uint32_t>(random() % 2);
  machine.copy_in_flight = 1 + static_cast<uint32_t>(random() % 4);
  machine.spaces.push_back({"device", SpaceKind::kDevice, uint64_t{64} << 20, 256, 0});
  return machine;
}

// Kernels that work in memory of the device, on some lanes.
Machine board(std::mt19937_64& random) {
  Machine machine = default_machine();
  machine.backend = "emulated";
  machine.lanes = 1 + static_cast<uint32_t>(random() % 4);
  machine.token_ns = 1e-3;  // whatever can be cut is cut
  for (MachineSpace& space : machine.spaces)
    if (space.kind == SpaceKind::kScratch) space.capacity_bytes = uint64_t{1} << (12 + random() % 9);
  machine.spaces.push_back({"device", SpaceKind::kDevice, uint64_t{64} << 20, 256, 0});
  machine.copy_in_engines = 1;
  machine.copy_out_engines = static_cast<uint32_t>(random() % 2);
  machine.copy_in_flight = 1 + static_cast<uint32_t>(random() % 4);
  for (const char* kernel : {"matmul", "add", "mul", "relu", "gelu", "softmax", "layer_norm"})
    machine.costs.push_back({kernel, 0, 1000, 0});
  return machine;
}

TEST(PlannedGraphs, ComputeTheSameBitsInMemoryOfTheDeviceAsOnTheHost) {
  uint64_t launches = 0, lanes = 0, unfaithful = 0;
  for (uint64_t seed = test_arguments().seed; seed < test_arguments().seed + test_arguments().graphs / 2; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed * 7919);
    Result<Plan> plan = plan_tiles(testing::random_graph(seed), board(random));
    ASSERT_TRUE(plan.ok()) << plan.error().to_string();
    DeviceOptions device;
    device.backend = "emulated";
    device.emulated.seed = 1 + random() % 1000;
    device.emulated.threads = 1 + static_cast<uint32_t>(random() % 3);
    if (random() % 2 == 0 && !plan->schedule.cuts.empty()) device.launching = Launching::kByPhases;
    const TwiceReplayed result = replay_twice(plan->schedule, device, seed);
    ASSERT_EQ(result.failure, "");
    ASSERT_EQ(result.difference, "");
    unfaithful += result.unfaithful;
    launches += result.way.launches;
    lanes += result.way.lanes;
  }
  EXPECT_EQ(unfaithful, 0u);
  EXPECT_GT(launches, test_arguments().graphs / 2);  // some in more than one
  EXPECT_GT(lanes, test_arguments().graphs / 2);
}

TEST(PlannedGraphs, ComputeTheSameBitsOnTheDeviceAsOnTheHost) {
  uint64_t ops = 0, replayed = 0;
  for (uint64_t seed = test_arguments().seed; seed < test_arguments().seed + test_arguments().graphs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed * 104729);
    const Graph graph = testing::random_graph(seed);
    Machine machine = accelerator(random);
    PlanOptions options;
    options.staging = Staging::kStaged;
    options.tile = std::array<uint32_t, 4>{8, 16, 32, 33}[random() % 4];
    options.depth = 1 + static_cast<uint32_t>(random() % 4);
    options.hoist = static_cast<uint32_t>(random() % 8);
    options.scratch_bytes = uint64_t{options.tile} * options.tile * 4 * (6 + random() % 40);
    Result<Plan> plan = plan_tiles(graph, machine, options);
    if (!plan.ok() && plan.error().code == ErrorCode::kDoesNotFit) {
      options.scratch_bytes = uint64_t{8} << 20;
      for (MachineSpace& space : machine.spaces) space.capacity_bytes = uint64_t{64} << 20;
      plan = plan_tiles(graph, machine, options);
    }
    ASSERT_TRUE(plan.ok()) << plan.error().to_string();
    DeviceOptions device;
    device.backend = "emulated";
    device.emulated.seed = 1 + random() % 1000;
    device.emulated.threads = 1 + static_cast<uint32_t>(random() % 3);
    const TwiceReplayed result = replay_twice(plan->schedule, device, seed);
    ASSERT_EQ(result.failure, "");
    ASSERT_EQ(result.difference, "");
    ops += result.ops;
    ++replayed;
  }
  std::printf("planned graphs: %llu replayed twice, %llu ops\n", static_cast<unsigned long long>(replayed),
              static_cast<unsigned long long>(ops));
  EXPECT_EQ(replayed, test_arguments().graphs);
}

}  // namespace
}  // namespace rondo
