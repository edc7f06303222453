// Programs and sessions of the emulated device, through the public interface.
#include <gtest/gtest.h>
#include <cstring>
#include <numeric>
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
