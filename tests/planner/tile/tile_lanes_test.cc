// Staged plans for machines of several lanes: who gets what, what it is worth, and machines
// that nobody would build.
#include <gtest/gtest.h>
#include "tests/planner/graph_text.h"
#include "tests/planner/tile/staged_plans.h"
#include "tests/planner/tile/tile_graphs.h"

namespace rondo {
namespace {

using testing::faithful_plan;
using testing::staged_machine;

// Streams that have work, as "engine.lane".
std::set<std::string> at_work(const Schedule& schedule) {
  static constexpr const char* kEngines[] = {"in", "compute", "out"};
  std::set<std::string> names;
  for (const Stream& stream : schedule.streams) {
    const int engine = stream.engine == static_cast<uint8_t>(Engine::kCopyIn)    ? 0
                       : stream.engine == static_cast<uint8_t>(Engine::kCompute) ? 1
                                                                                 : 2;
    if (stream.op_count != 0) names.insert(std::string(kEngines[engine]) + "." + std::to_string(stream.lane));
  }
  return names;
}

TEST(StagedLanes, ShareABlockOfATransformerAmongAllEngines) {
  const Graph graph = testing::library_graph("gpt2-block-128");
  const Plan plan = faithful_plan(graph, staged_machine("emulated", 4));
  EXPECT_EQ(plan.schedule.lane_count, 4u);
  EXPECT_EQ(at_work(plan.schedule).size(), 12u);
  EXPECT_NEAR(plan.summary.bounds.back().value, 27648 * 1.725 / 4, 1e-6);
  EXPECT_LE(testing::makespan_ratio(plan), 1.02);
  EXPECT_EQ(plan.summary.strategy, "staged, chained, 4 lanes by columns");
}

TEST(StagedLanes, GiveEachLaneItsRowsOfASmallNetwork) {
  const double kMakespan[] = {78.9, 40.95, 21.98};
  for (const uint32_t step : {0u, 1u, 2u}) {
    const Plan plan = faithful_plan(testing::library_graph("mlp"), staged_machine("emulated", 1u << step));
    EXPECT_NEAR(plan.summary.makespan, kMakespan[step], 0.01);
    EXPECT_EQ(at_work(plan.schedule).size(), 3u << step);
    EXPECT_EQ(plan.summary.stores, 4u) << "nothing in between leaves scratch";
  }
}

// Four row blocks: on six lanes two would only be waited for, and of 32 lanes eight have work.
TEST(StagedLanes, AreAsManyAsHaveWork) {
  const Graph graph = testing::library_graph("mlp");
  const Plan six = faithful_plan(graph, staged_machine("emulated", 6));
  EXPECT_EQ(six.schedule.lane_count, 4u);
  EXPECT_EQ(six.summary.strategy, "staged, chained, 4 of 6 lanes by rows");
  EXPECT_NEAR(six.summary.makespan, 21.98, 0.01);
  const Plan many = faithful_plan(graph, staged_machine("emulated", 32));
  EXPECT_EQ(many.schedule.lane_count, 8u);
  EXPECT_NEAR(many.summary.makespan, 16.45, 0.01);
}

// One row: the columns of each product are dealt, so that each lane brings a part of the weights.
TEST(StagedLanes, BringEachTheirPartOfTheWeightsOfADecodeStep) {
  const Graph graph = testing::library_graph("gpt2-tiny-decode");
  const Plan one = faithful_plan(graph, staged_machine("emulated"));
  const Plan two = faithful_plan(graph, staged_machine("emulated", 2));
  EXPECT_LT(two.summary.makespan, 0.7 * one.summary.makespan);
  const auto brought = testing::bytes_brought(two.schedule);
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.role == TensorRole::kConstant && tensor.name.find(".weight") != std::string::npos) {
      EXPECT_EQ(brought.at(tensor.name), uint64_t{tensor.shape[0]} * tensor.shape[1] * 4) << tensor.name;
    }
}

TEST(StagedLanes, AreNoMoreThanAsked) {
  const Machine machine = staged_machine("emulated", 4);
  PlanOptions options;
  for (const uint32_t lanes : {1u, 2u, 4u}) {
    options.lanes = lanes;
    EXPECT_EQ(faithful_plan(testing::library_graph("mlp"), machine, options).schedule.lane_count, lanes);
  }
  options.lanes = 9;
  EXPECT_EQ(faithful_plan(testing::library_graph("mlp"), machine, options).schedule.lane_count, 4u);
}

TEST(StagedLanes, StayOneWhereTheOthersWouldNotHelpAndThePlanSaysWhy) {
  Machine machine = staged_machine("emulated", 4);
  machine.token_ns = 1e6;
  const Graph chained = testing::graph_of(R"(
tensors:
  x: {shape: [8, 32], role: input}
  y: {role: output}
operators:
  - {op: softmax, name: one, inputs: [x], output: a}
  - {op: softmax, name: two, inputs: [a], output: y}
)");
  machine.costs = {{"copy", 1, 0, 0}};
  machine.lanes = 2;
  const Plan tied = faithful_plan(testing::library_graph("gpt2-tiny-decode"), machine);
  EXPECT_EQ(tied.schedule.lane_count, 1u);
  EXPECT_EQ(tied.summary.strategy.rfind("staged, chained, one of 2 lanes: 2 would take ", 0), 0u)
      << tied.summary.strategy;
  machine.costs.clear();  // nothing to predict by
  EXPECT_EQ(faithful_plan(chained, machine).summary.strategy, "staged, chained, one of 2 lanes");
}

// ---- machines at the edge ---------------------------------------------------------------

TEST(StagedLanes, ComputeSideBySideWithoutAnyCopyEngine) {
  Machine machine = staged_machine("tile-accelerator", 3);
  machine.copy_in_engines = machine.copy_out_engines = 0;
  const Plan plan = faithful_plan(testing::library_graph("mlp"), machine);
  EXPECT_EQ(at_work(plan.schedule), (std::set<std::string>{"compute.0", "compute.1", "compute.2"}));
  EXPECT_LT(plan.summary.makespan, 0.6 * plan.summary.sequential);
}

TEST(StagedLanes, RefuseADeviceThatNoEngineCopiesTo) {
  Machine machine = staged_machine("emulated", 3);
  machine.copy_in_engines = machine.copy_out_engines = 0;
  const Result<Plan> plan = plan_tiles(testing::library_graph("mlp"), machine);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalidMachine);
  EXPECT_EQ(plan.error().message,
            "machine 'emulated' has memory of its own and no copy engine: nothing would bring inputs there; give it "
            "copy_in_engines: 1, or no space of kind device");
}

TEST(StagedLanes, ShareOneEngineALaneForBothDirections) {
  Machine machine = staged_machine("emulated", 2);
  machine.copy_out_engines = 0;
  EXPECT_EQ(at_work(faithful_plan(testing::library_graph("mlp"), machine).schedule),
            (std::set<std::string>{"in.0", "compute.0", "in.1", "compute.1"}));
}

TEST(StagedLanes, RefuseScratchThatNoTileFitsIn) {
  Machine machine = staged_machine("emulated", 8);
  for (MachineSpace& space : machine.spaces)
    if (space.kind == SpaceKind::kScratch) space.capacity_bytes = 8192;
  const Result<Plan> plan = plan_tiles(testing::library_graph("mlp"), machine);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kDoesNotFit);
  EXPECT_EQ(plan.error().message,
            "matmul 'matmul_0' needs at least 12,288 bytes of scratch (3 tiles of 4,096), the plan may use 8,192");
  PlanOptions options;
  options.tile = 8;
  EXPECT_EQ(faithful_plan(testing::library_graph("mlp"), machine, options).schedule.lane_count, 8u);
}

// 0 says that a bandwidth was not measured; copies that cost nothing are planned as such.
TEST(StagedLanes, PlanForCopiesThatCostNothing) {
  Machine machine = staged_machine("emulated", 2);
  for (MachineSpace& space : machine.spaces) space.bandwidth_gb_s = 0;
  machine.costs = {{"matmul", 0, 1, 0}};
  const Plan plan = faithful_plan(testing::library_graph("mlp"), machine);
  EXPECT_EQ(plan.schedule.lane_count, 2u);
  EXPECT_DOUBLE_EQ(plan.summary.makespan, 2883584.0 / 2);
  machine.costs = {{"copy", 0, 0, 1}};  // and the other way round
  EXPECT_GE(testing::makespan_ratio(faithful_plan(testing::library_graph("mlp"), machine)), 1);
}

}  // namespace
}  // namespace rondo
