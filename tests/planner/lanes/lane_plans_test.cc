// Direct plans for several lanes: proven like any other, and equal bit for bit to the
// plan for one lane, whatever the number.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "planner/direct/plan_direct.h"
#include "rondo/contracts.h"
#include "rondo/verify.h"
#include "tests/planner/direct/replayed_bits.h"
#include "tests/planner/graph_text.h"
#include "tests/planner/lanes/small_block.h"
#include "tests/planner/verdict.h"
#include "tests/whole/random_graph.h"

namespace rondo {
namespace {

using testing::graph_of;
using testing::library_graph;
using testing::verdict;

Schedule plan_for(const Graph& graph, uint32_t lanes, Machine machine = default_machine()) {
  machine.lanes = lanes;
  Result<Plan> plan = plan_direct(graph, machine);
  EXPECT_TRUE(plan.ok()) << plan.error().to_string();
  return plan.ok() ? std::move(*plan).schedule : Schedule{};
}
// So cheap a hand-over that whatever can be cut is cut.
Machine eager_machine() {
  Machine machine = default_machine();
  machine.token_ns = 1e-3;
  for (const Contract& contract : kContracts)
    if (contract.name != "pack") machine.costs.push_back({std::string(contract.name), 0, 1000, 1000});
  return machine;
}
uint64_t waits_of(const Schedule& schedule) {
  uint64_t waits = 0;
  for (const Op& op : schedule.ops)
    for (const Wait& wait : op.waits) waits += wait.token != kNone ? 1 : 0;
  return waits;
}

constexpr const char* kBlock = R"(
tensors:
  x: {shape: [96, 64], role: input}
  g1: {shape: [64], role: constant}
  b1: {shape: [64], role: constant}
  wu: {shape: [64, 256], role: constant}
  bu: {shape: [256], role: constant}
  wd: {shape: [256, 64], role: constant}
  y: {role: output}
operators:
  - {op: layer_norm, inputs: [x, g1, b1], output: h}
  - {op: matmul, inputs: [h, wu], output: p}
  - {op: bias, inputs: [p, bu], output: q}
  - {op: gelu, inputs: [q], output: u}
  - {op: matmul, inputs: [u, wd], output: d}
  - {op: add, inputs: [x, d], output: y}
)";

TEST(LanePlans, KeepAChainOfRowsOnEachLaneWithoutATokenBetween) {
  const Graph graph = graph_of(kBlock);
  Machine machine = eager_machine();
  for (KernelCost& cost : machine.costs) cost.ns_per_byte = 0;
  for (const uint32_t lanes : {2u, 4u}) {
    const Schedule schedule = plan_for(graph, lanes, machine);
    EXPECT_EQ(schedule.lane_count, lanes);
    EXPECT_EQ(schedule.tokens.size(), 0u);
    EXPECT_EQ(waits_of(schedule), 0u);
    for (const Arena& arena : schedule.arenas)
      EXPECT_EQ(arena.owner_kind, static_cast<uint8_t>(arena.prepared ? OwnerKind::kEveryone : OwnerKind::kLane));
    EXPECT_EQ(verdict(schedule), "faithful");
    EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, 1)));
  }
}

TEST(LanePlans, LeaveSmallWorkOnOneLane) {
  const Schedule schedule = plan_for(graph_of(R"(
tensors: {x: {shape: [8, 8], role: input}, y: {role: output}}
operators:
  - {op: relu, inputs: [x], output: h}
  - {op: softmax, inputs: [h], output: y}
)"),
                                     8);
  EXPECT_EQ(schedule.lane_count, 1u);
  EXPECT_EQ(schedule.streams.size(), 1u);
}

TEST(LanePlans, CutOneRowByColumns) {
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [1, 512], role: input}
  w1: {shape: [512, 2048], role: constant}
  w2: {shape: [2048, 512], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w1], output: h}
  - {op: matmul, inputs: [h, w2], output: y}
)");
  const Schedule schedule = plan_for(graph, 2);
  EXPECT_EQ(schedule.lane_count, 2u);
  EXPECT_EQ(waits_of(schedule), 2u);  // each lane for the other's half of h
  EXPECT_EQ(verdict(schedule), "faithful");
  EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, 1)));
}

TEST(LanePlans, GiveEveryLaneItsOwnBlocksOfRows) {
  Machine machine = eager_machine();
  for (MachineSpace& space : machine.spaces)
    if (space.kind == SpaceKind::kScratch) space.capacity_bytes = 64 << 10;
  const Graph graph = graph_of(kBlock);
  const Schedule schedule = plan_for(graph, 2, machine);
  EXPECT_EQ(verdict(schedule), "faithful");
  EXPECT_EQ(schedule.lane_count, 2u);
  EXPECT_EQ(replayed_bits(graph, schedule), replayed_bits(graph, plan_for(graph, 1, machine)));
}

TEST(LanePlans, DealTheHeadsOfABlock) {
  const Graph graph = graph_of(testing::kSmallBlock);
  const auto expected = replayed_bits(graph, plan_for(graph, 1));
  for (const uint32_t lanes : {2u, 4u}) {
    const Schedule schedule = plan_for(graph, lanes, eager_machine());
    EXPECT_EQ(verdict(schedule), "faithful");
    EXPECT_EQ(replayed_bits(graph, schedule), expected);
    std::set<uint32_t> with_heads;  // lanes
    for (const Stream& stream : schedule.streams)
      for (uint32_t op = stream.first_op; op < stream.first_op + stream.op_count; ++op)
        if (schedule.ops[op].kernel != kNoKernel &&
            schedule.name(schedule.kernels[schedule.ops[op].kernel].name) == "attention")
          with_heads.insert(stream.lane);
    EXPECT_EQ(with_heads.size(), lanes);
  }
}

constexpr const char* kDecodeStep = R"(
scalars: {position: {max: 31}}
states:
  keys: {shape: [32, 128], filled: position}
  values: {shape: [32, 128], filled: position}
tensors:
  x: {shape: [1, 128], role: input}
  wq: {shape: [128, 128], role: constant}
  wk: {shape: [128, 128], role: constant}
  wv: {shape: [128, 128], role: constant}
  wo: {shape: [128, 128], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, wq], output: q}
  - {op: matmul, inputs: [x, wk], output: k}
  - {op: matmul, inputs: [x, wv], output: v}
  - {op: append, inputs: [keys, k], output: all_keys, at: position}
  - {op: append, inputs: [values, v], output: all_values, at: position}
  - {op: attention, inputs: [q, all_keys, all_values], output: a, heads: 8}
  - {op: matmul, inputs: [a, wo], output: y}
)";

TEST(LanePlans, DealADecodeStepByColumnsAndHeads) {
  const Graph graph = graph_of(kDecodeStep);
  const auto expected = replayed_bits(graph, plan_for(graph, 1));
  for (const uint32_t lanes : {2u, 4u}) {
    const Schedule schedule = plan_for(graph, lanes, eager_machine());
    EXPECT_EQ(schedule.lane_count, lanes);
    EXPECT_EQ(verdict(schedule), "faithful");
    EXPECT_EQ(replayed_bits(graph, schedule), expected);
  }
}

TEST(LanePlans, AreTheSameBytesEveryTime) {
  const Graph graph = library_graph("attention");
  const Schedule first = plan_for(graph, 4, eager_machine()), second = plan_for(graph, 4, eager_machine());
  EXPECT_EQ(first.ops, second.ops);
  EXPECT_EQ(first.operands, second.operands);
}

TEST(LanePlans, ComputeTheSameBitsForEveryNumberOfLanes) {
  for (const char* name : {"attention", "mlp", "mlp128", "mlp-784-512-512-10"}) {
    const Graph graph = library_graph(name);
    const auto expected = replayed_bits(graph, plan_for(graph, 1));
    for (const uint32_t lanes : {2u, 3u, 8u})
      for (const Machine& machine : {default_machine(), eager_machine()}) {
        const Schedule schedule = plan_for(graph, lanes, machine);
        EXPECT_EQ(verdict(schedule), "faithful") << name << " on " << lanes;
        EXPECT_TRUE(replayed_bits(graph, schedule) == expected) << name << " on " << lanes;
      }
  }
}

TEST(LanePlans, PredictWithTheTimeOfATokenAndAgainstALeast) {
  Machine machine = eager_machine();
  machine.lanes = 2;
  for (KernelCost& cost : machine.costs) cost.ns_per_flop = 1, cost.ns_per_byte = 0;
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [1, 64], role: input}
  w1: {shape: [64, 64], role: constant}
  w2: {shape: [64, 64], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w1], output: h}
  - {op: matmul, inputs: [h, w2], output: y}
)");
  machine.token_ns = 100;
  Result<Plan> plan = plan_direct(graph, machine);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->schedule.lane_count, 2u);
  EXPECT_EQ(plan->summary.sequential, 2 * 2 * 64 * 64);
  EXPECT_EQ(plan->summary.makespan, 2 * 64 * 64 + 100);  // half of it, and one hand-over
  EXPECT_EQ(plan->summary.strategy, "direct, on 2 lanes");
  ASSERT_EQ(plan->summary.bounds[1].what, "makespan");
  EXPECT_EQ(plan->summary.bounds[1].value, 2 * 64 * 64);
}

class RandomGraphs : public ::testing::TestWithParam<uint32_t> {};

TEST_P(RandomGraphs, ComputeTheSameBitsForEveryNumberOfLanes) {
  uint32_t cut = 0;
  for (uint32_t i = 0; i < 25; ++i) {
    const uint64_t seed = GetParam() * 1000 + i;
    const Graph graph = testing::random_graph(seed);
    Machine machine = eager_machine();
    for (MachineSpace& space : machine.spaces)
      if (space.kind == SpaceKind::kScratch)
        space.capacity_bytes = seed % 3 == 0 ? 4096 : seed % 3 == 1 ? 32768 : 1 << 20;
    const auto expected = replayed_bits(graph, plan_for(graph, 1, machine));
    for (const uint32_t lanes : {2u, 3u, 8u}) {
      const Schedule schedule = plan_for(graph, lanes, machine);
      cut += schedule.lane_count > 1 ? 1 : 0;
      ASSERT_EQ(verdict(schedule), "faithful") << "seed " << seed << " on " << lanes;
      ASSERT_TRUE(replayed_bits(graph, schedule) == expected) << "seed " << seed << " on " << lanes;
    }
  }
  EXPECT_GT(cut, 50u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, ::testing::Range(1u, 9u));

}  // namespace
}  // namespace rondo
