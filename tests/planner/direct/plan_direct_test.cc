// What the direct strategy promises: no copy in the replay, constants packed once,
// intermediates placed tightly, results within the bound of the reference, and
// schedules that the verifier calls safe and faithful.
#include "planner/direct/plan_direct.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/evaluate/evaluate.h"
#include "planner/evaluate/random_data.h"
#include "rondo/contracts.h"
#include "rondo/verify.h"
#include "tests/planner/direct/plain_replay.h"
#include "tests/planner/graph_text.h"
#include "tests/planner/verdict.h"
#include "tests/sweep.h"
#include "tests/whole/random_graph.h"

namespace rondo {
namespace {

using testing::graph_of;
using testing::library_graph;
using testing::verdict;

Plan plan_of(const Graph& graph, const Machine& machine = default_machine(), const PlanOptions& options = {}) {
  Result<Plan> plan = plan_direct(graph, machine, options);
  EXPECT_TRUE(plan.ok()) << plan.error().to_string();
  return plan.ok() ? *std::move(plan) : Plan{};
}
std::string refusal(const Graph& graph, const Machine& machine) {
  const Result<Plan> plan = plan_direct(graph, machine);
  return plan.ok() ? "accepted" : name_of(plan.error().code) + (": " + plan.error().to_string());
}

// The ops of one part: kernels and what they write, one a line.
std::string ops_of(const Schedule& schedule, Part part) {
  std::string text;
  for (const Stream& stream : schedule.streams) {
    if (stream.part != static_cast<uint8_t>(part)) continue;
    for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index) {
      const Op& op = schedule.ops[index];
      text += schedule.name(schedule.kernels[op.kernel].name);
      for (uint32_t i = 0; i < op.operand_count; ++i) {
        const Operand& operand = schedule.operands[op.first_operand + i];
        const NameId name = schedule.is_arena(operand.base) ? schedule.arenas[operand.base].name
                                                            : schedule.binding_of(operand.base).name;
        text += " " + std::string(schedule.name(name)) + "+" + std::to_string(operand.offset_bytes);
      }
      text += "\n";
    }
  }
  return text;
}

const Arena* arena(const Schedule& schedule, std::string_view name) {
  for (const Arena& it : schedule.arenas)
    if (schedule.name(it.name) == name) return &it;
  return nullptr;
}

// Safe, faithful, every claim true; else the report in words.

// Outputs against the reference: "agrees", or what is wrong where.
std::string numbers(const Graph& graph, const Schedule& schedule, uint64_t seed) {
  const GraphRun run = testing::random_run(graph, seed);
  const auto expected = evaluate_graph(graph, run.spans(), true, 4);
  EXPECT_TRUE(expected.ok()) << expected.error().to_string();
  const Data outputs = plain_replay(schedule, run);
  for (const auto& [name, tensor] : *expected) {
    const Comparison comparison = compare(tensor, outputs.at(name));
    if (!comparison.agrees())
      return name + "[" + std::to_string(comparison.worst_index) + "] is " + std::to_string(comparison.worst_result) +
             ", expected " + std::to_string(comparison.worst_value) + "; " + std::to_string(comparison.outside) +
             " of " + std::to_string(comparison.elements) + " outside";
  }
  return "agrees";
}

TEST(PlanDirect, RunsTheMlpInThreeOpsOverPackedWeights) {
  const Plan plan = plan_of(library_graph("mlp"));
  EXPECT_EQ(ops_of(plan.schedule, Part::kPrepare),
            "pack w1+0 packed+0\n"
            "pack w2+0 packed+32768\n"
            "pack w3+0 packed+40960\n");
  EXPECT_EQ(ops_of(plan.schedule, Part::kReplay),
            "matmul x+0 packed+0 work+0\n"
            "matmul work+0 packed+32768 work+32768\n"
            "matmul work+32768 packed+40960 t5+0\n");
  EXPECT_EQ(plan.summary.flops, 2u * 128 * (128 * 64 + 64 * 32 + 32 * 32));
  EXPECT_EQ(plan.summary.bytes_moved, 0u);
  EXPECT_EQ(plan.summary.strategy, "direct");
  EXPECT_EQ(plan.summary.peak_bytes, 32768u + 16384);
  EXPECT_EQ(plan.summary.extent_bytes, plan.summary.peak_bytes);
  EXPECT_EQ(verdict(plan.schedule), "faithful");
  EXPECT_EQ(numbers(library_graph("mlp"), plan.schedule, 1), "agrees");
}

TEST(PlanDirect, PacksNothingWhereTheMachineSaysSo) {
  Machine machine = default_machine();
  machine.panel_width = 0;
  const Plan plan = plan_of(library_graph("mlp"), machine);
  EXPECT_EQ(arena(plan.schedule, "packed"), nullptr);
  EXPECT_EQ(ops_of(plan.schedule, Part::kPrepare), "");
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

TEST(PlanDirect, TakesTheNarrowestPanelsThatHoldAllColumns) {
  const Plan plan = plan_of(library_graph("mlp-784-512-512-10"));
  std::vector<uint32_t> widths;
  for (const View& view : plan.schedule.views)
    if (view.layout == static_cast<uint8_t>(Layout::kPanels)) widths.push_back(view.block_columns);
  EXPECT_THAT(widths, ::testing::UnorderedElementsAre(32, 32, 16));
}

TEST(PlanDirect, PacksASharedConstantOnce) {
  const Graph graph = graph_of(R"(
tensors: {x: {shape: [8, 8], role: input}, w: {shape: [8, 8], role: constant}, y: {role: output}}
operators:
  - {op: matmul, inputs: [x, w], output: h}
  - {op: matmul, inputs: [h, w], output: y}
)");
  EXPECT_EQ(ops_of(plan_of(graph).schedule, Part::kPrepare), "pack w+0 packed+0\n");
}

TEST(PlanDirect, PutsTheResultInPlaceOfAnInputThatDies) {
  const Graph graph = graph_of(R"(
tensors: {x: {shape: [8, 8], role: input}, b: {shape: [8, 8], role: input}, y: {role: output}}
operators:
  - {op: relu, inputs: [x], output: t1}
  - {op: gelu, inputs: [t1], output: t2}
  - {op: add, inputs: [b, t2], output: t3}
  - {op: softmax, inputs: [t3], output: y}
)");
  const Plan plan = plan_of(graph);
  // The sum takes its second input first, because only a first one may be overwritten.
  EXPECT_EQ(ops_of(plan.schedule, Part::kReplay),
            "relu x+0 work+0\n"
            "gelu work+0 work+0\n"
            "add work+0 b+0 work+0\n"
            "softmax work+0 y+0\n");
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

TEST(PlanDirect, KeepsAnInputThatIsReadTwiceByItsOperator) {
  const Graph graph = graph_of(R"(
tensors: {x: {shape: [8, 8], role: input}, y: {role: output}}
operators:
  - {op: relu, inputs: [x], output: t1}
  - {op: mul, inputs: [t1, t1], output: t2}
  - {op: softmax, inputs: [t2], output: y}
)");
  const Plan plan = plan_of(graph);
  EXPECT_EQ(ops_of(plan.schedule, Part::kReplay),
            "relu x+0 work+0\nmul work+0 work+0 work+256\nsoftmax work+256 y+0\n");
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

// 512 rows of 256 floats between the layers: 512 KiB, four times the scratch.
TEST(PlanDirect, WalksRowBlocksDepthFirstWhereScratchIsSmall) {
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [500, 16], role: input}
  w1: {shape: [16, 256], role: constant}
  w2: {shape: [256, 16], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w1], output: h}
  - {op: relu, inputs: [h], output: a}
  - {op: matmul, inputs: [a, w2], output: y}
)");
  Machine machine = default_machine();
  machine.spaces[1].capacity_bytes = 128 * 1024;
  const Plan plan = plan_of(graph, machine);
  // 128 rows fit; 96 are two multiples of 48: five blocks of 96 and one of 20.
  EXPECT_EQ(plan.summary.ops, 12u);
  EXPECT_EQ(plan.summary.strategy, "direct, in row blocks");
  EXPECT_EQ(plan.summary.extent_bytes, 96u * 1024);
  EXPECT_EQ(arena(plan.schedule, "overflow"), nullptr);
  EXPECT_EQ(verdict(plan.schedule), "faithful");
  EXPECT_EQ(numbers(graph, plan.schedule, 2), "agrees");
}

// Reading 4 MiB of weights for every block costs more than 512 KiB of intermediates do.
TEST(PlanDirect, KeepsLayersWholeWhereWeightsWouldBeReadAgain) {
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [128, 1024], role: input}
  w1: {shape: [1024, 1024], role: constant}
  w2: {shape: [1024, 1024], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w1], output: h}
  - {op: matmul, inputs: [h, w2], output: y}
)");
  Machine machine = default_machine();
  machine.spaces[1].capacity_bytes = 128 * 1024;
  const Plan plan = plan_of(graph, machine);
  EXPECT_EQ(plan.summary.ops, 2u);
  EXPECT_EQ(arena(plan.schedule, "work"), nullptr);
  // Rows of 4096 bytes lie 64 bytes further apart, away from each other's cache sets.
  EXPECT_EQ(arena(plan.schedule, "overflow")->bytes, 128u * (4096 + 64));
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

// What is packed in the replay: a transposed product of two inputs with many rows.
TEST(PlanDirect, PacksAnInputInTheReplayWhereManyRowsMeetIt) {
  const auto plan_for = [](const char* rows) {
    return plan_of(graph_of("tensors:\n  a: {shape: [" + std::string(rows) +
                            ", 40], role: input}\n  b: {shape: [50, 40], role: input}\n  y: {role: output}\n"
                            "operators: [{op: matmul, inputs: [a, b], output: y, transpose_b: true}]"));
  };
  const Plan many = plan_for("128"), few = plan_for("127");
  EXPECT_EQ(ops_of(many.schedule, Part::kReplay), "pack b+0 work+0\nmatmul a+0 work+0 y+0\n");
  EXPECT_EQ(ops_of(few.schedule, Part::kReplay), "matmul a+0 b+0 y+0\n");
  EXPECT_EQ(many.summary.bytes_moved, 2u * 40 * 32 * 4);  // two panels of 32
  EXPECT_EQ(verdict(many.schedule), "faithful");
}

TEST(PlanDirect, PacksOneRightOperandOfABatchOnce) {
  const Plan plan = plan_of(graph_of(R"(
tensors: {a: {shape: [3, 50, 40], role: input}, b: {shape: [1, 50, 40], role: input}, y: {role: output}}
operators: [{op: matmul, inputs: [a, b], output: y, transpose_b: true}]
)"));
  EXPECT_EQ(ops_of(plan.schedule, Part::kReplay),
            "pack b+0 work+0\nmatmul a+0 work+0 y+0\nmatmul a+8000 work+0 y+10000\nmatmul a+16000 work+0 y+20000\n");
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

// One head at a time: its 130 x 130 scores fit into scratch, those of three do not.
TEST(PlanDirect, WalksAttentionHeadByHeadWhereScratchIsSmall) {
  const Graph graph = graph_of(R"(
tensors:
  q: {shape: [3, 130, 24], role: input}
  k: {shape: [3, 130, 24], role: input}
  v: {shape: [3, 130, 24], role: input}
  y: {role: output}
operators:
  - {op: matmul, inputs: [q, k], output: products, transpose_b: true}
  - {op: softmax, inputs: [products], output: weights}
  - {op: matmul, inputs: [weights, v], output: y}
)");
  Machine machine = default_machine();
  machine.spaces[1].capacity_bytes = 96 * 1024;
  const Plan plan = plan_of(graph, machine);
  // 24 x 160 floats of packed keys, and the scores of one head behind them.
  EXPECT_EQ(ops_of(plan.schedule, Part::kReplay),
            "pack k+0 work+0\nmatmul q+0 work+0 work+15360\n"
            "softmax work+15360 work+15360\nmatmul work+15360 v+0 y+0\n"
            "pack k+12480 work+0\nmatmul q+12480 work+0 work+15360\n"
            "softmax work+15360 work+15360\nmatmul work+15360 v+12480 y+12480\n"
            "pack k+24960 work+0\nmatmul q+24960 work+0 work+15360\n"
            "softmax work+15360 work+15360\nmatmul work+15360 v+24960 y+24960\n");
  EXPECT_EQ(verdict(plan.schedule), "faithful");
  EXPECT_EQ(numbers(graph, plan.schedule, 4), "agrees");
}

// h is packed before the blocks that all read it, and stays.
TEST(PlanDirect, PacksWhatAllRowBlocksReadBeforeThem) {
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [400, 16], role: input}
  z: {shape: [120, 16], role: input}
  w: {shape: [120, 8], role: constant}
  y: {role: output}
operators:
  - {op: gelu, inputs: [z], output: h}
  - {op: matmul, inputs: [x, h], output: s, transpose_b: true}
  - {op: softmax, inputs: [s], output: p}
  - {op: matmul, inputs: [p, w], output: y}
)");
  Machine machine = default_machine();
  machine.spaces[1].capacity_bytes = 100 * 1024;
  const Plan plan = plan_of(graph, machine);
  EXPECT_EQ(plan.summary.strategy, "direct, in row blocks");
  EXPECT_THAT(
      ops_of(plan.schedule, Part::kReplay),
      ::testing::StartsWith("gelu z+0 overflow+0\npack overflow+0 work+92160\nmatmul x+0 work+92160 work+0\nsoftmax"));
  EXPECT_EQ(plan.summary.rearranged, 1u);  // one pack for all blocks
  EXPECT_EQ(plan.summary.loads, 0u);
  EXPECT_EQ(plan.summary.computes + 1, plan.summary.ops);
  EXPECT_EQ(verdict(plan.schedule), "faithful");
  EXPECT_EQ(numbers(graph, plan.schedule, 5), "agrees");
}

// Every row of s needs all of h, so h must be finished before s begins.
TEST(PlanDirect, FinishesATensorThatIsReadWholeBeforeItsReader) {
  const Graph graph = graph_of(R"(
tensors: {x: {shape: [200, 8], role: input}, w: {shape: [8, 64], role: constant}, y: {role: output}}
operators:
  - {op: matmul, inputs: [x, w], output: h}
  - {op: matmul, inputs: [h, h], output: s, transpose_b: true}
  - {op: softmax, inputs: [s], output: y}
)");
  Machine machine = default_machine();
  machine.spaces[1].capacity_bytes = 64 * 1024;
  const Plan plan = plan_of(graph, machine);
  EXPECT_EQ(plan.summary.strategy, "direct, in row blocks");  // s and y, after h
  EXPECT_EQ(verdict(plan.schedule), "faithful");
  EXPECT_EQ(numbers(graph, plan.schedule, 6), "agrees");
}

TEST(PlanDirect, IsDeterministic) {
  const Graph graph = library_graph("attention");
  const Plan a = plan_of(graph), b = plan_of(graph);
  EXPECT_EQ(a.schedule.operands, b.schedule.operands);
  EXPECT_EQ(a.schedule.ops, b.schedule.ops);
  EXPECT_EQ(a.schedule.names, b.schedule.names);
  EXPECT_EQ(a.schedule.views, b.schedule.views);
}

TEST(PlanDirect, GivesArenasNamesThatNoTensorHas) {
  const Graph graph = graph_of(R"(
tensors: {work: {shape: [8, 8], role: input}, packed: {shape: [8, 8], role: constant}, y: {role: output}}
operators:
  - {op: matmul, inputs: [work, packed], output: h}
  - {op: softmax, inputs: [h], output: y}
)");
  const Plan plan = plan_of(graph);
  EXPECT_NE(arena(plan.schedule, "work_"), nullptr);
  EXPECT_NE(arena(plan.schedule, "packed_"), nullptr);
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

TEST(PlanDirect, PlansEveryGraphOfTheLibrary) {
  for (const char* name : {"mlp", "mlp128", "mlp-784-512-512-10", "attention"})
    for (const bool fuse : {true, false}) {
      PlanOptions options;
      options.fuse = fuse;
      const Graph graph = library_graph(name);
      const Plan plan = plan_of(graph, default_machine(), options);
      EXPECT_EQ(verdict(plan.schedule), "faithful") << name;
      EXPECT_EQ(numbers(graph, plan.schedule, 3), "agrees") << name;
    }
}

TEST(PlanDirect, CarriesCostsAndAMakespanWhereTheMachineHasThem) {
  Machine machine = default_machine();
  machine.costs = {{"matmul", 100, 0.01, 0}, {"softmax", 5, 0, 0}};
  const Plan plan = plan_of(library_graph("mlp"), machine);
  ASSERT_EQ(plan.schedule.costs.size(), 1u);  // of the kernels it uses
  EXPECT_DOUBLE_EQ(plan.summary.makespan, 300 + 0.01 * 2883584);
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

TEST(PlanDirectRefuses, AGraphThatMemoryCannotHold) {
  Machine machine = default_machine();
  machine.spaces[0].capacity_bytes = 100000;
  EXPECT_EQ(refusal(library_graph("mlp"), machine),
            "does-not-fit: " RONDO_SOURCE_DIR
            "/schedules/library/mlp.yaml:11:5: the graph needs 126976 bytes of space 'host', which has 100000; most of "
            "them for matmul 'matmul_0', which touches 131072");
}

TEST(PlanDirect, DoesWithoutPackedCopiesWhereMemoryIsShort) {
  Machine machine = default_machine();
  machine.spaces[0].capacity_bytes = 126976;
  const Plan plan = plan_of(library_graph("mlp"), machine);
  EXPECT_EQ(arena(plan.schedule, "packed"), nullptr);
  EXPECT_EQ(plan.summary.ops, 3u);
}

TEST(PlanDirectRefuses, AMachineWithoutDirectOperands) {
  Machine machine = default_machine();
  machine.direct_operands = false;
  EXPECT_EQ(refusal(library_graph("mlp"), machine),
            "unavailable: machine 'host-cpu' has no direct operands: its kernels reach scratch only");
}

TEST(PlanDirectRefuses, MoreOperationsThanAScheduleHolds) {
  const Graph graph = graph_of(R"(
tensors: {x: {shape: [4096, 4096, 1, 1], role: input}, w: {shape: [1, 1], role: constant}, y: {role: output}}
operators: [{op: matmul, inputs: [x, w], output: y}]
)");
  EXPECT_EQ(refusal(graph, default_machine()),
            "too-complex: g.yaml:3:13: matmul 'matmul_0' needs 33554432 operations, the graph until there 33554432; a "
            "schedule holds at most 4194304");
}

TEST(PlanDirectRefuses, ToGoOnWhenCancelled) {
  PlanOptions options;
  options.progress = [](double, const char*) { return false; };
  const Result<Plan> plan = plan_direct(library_graph("mlp"), default_machine(), options);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ErrorCode::kCancelled);
}

// ---- Views -----------------------------------------------------------------------

std::string replay_of(const std::string& graph_text, uint64_t seed = 3) {
  const Graph graph = graph_of(graph_text);
  const Plan plan = plan_of(graph);
  EXPECT_EQ(verdict(plan.schedule), "faithful");
  EXPECT_EQ(numbers(graph, plan.schedule, seed), "agrees");
  return ops_of(plan.schedule, Part::kReplay);
}

TEST(PlanDirectViews, HeadsByReshapeAndTransposeCostNothing) {
  // q k^T of 3 heads of 4 over 6 rows: one product a head, each reading columns of x.
  EXPECT_EQ(replay_of(R"(
tensors: {x: {shape: [6, 12], role: input}, y: {role: output}}
operators:
  - {op: reshape, inputs: [x], output: split, shape: [6, 3, 4]}
  - {op: transpose, inputs: [split], output: heads, order: [1, 0, 2]}
  - {op: matmul, inputs: [heads, heads], output: y, transpose_b: true}
)"),
            "matmul x+0 x+0 y+0\n"
            "matmul x+16 x+16 y+144\n"
            "matmul x+32 x+32 y+288\n");
}

TEST(PlanDirectViews, AnOutputIsACopy) {
  EXPECT_EQ(replay_of(R"(
tensors: {x: {shape: [6, 12], role: input}, y: {role: output}}
operators: [{op: slice, inputs: [x], output: y, begin: 3, end: 5}]
)"),
            "assign x+12 y+0\n");
}

TEST(PlanDirectViews, WhatNoStridesCanSayIsACopy) {
  // Merging the heads again: the transposed axes do not lie next to one another.
  EXPECT_EQ(replay_of(R"(
tensors: {x: {shape: [3, 6, 4], role: input}, y: {role: output}}
operators:
  - {op: transpose, inputs: [x], output: turned, order: [1, 0, 2]}
  - {op: reshape, inputs: [turned], output: merged, shape: [6, 12]}
  - {op: relu, inputs: [merged], output: y}
)"),
            "assign x+0 work+0\n"
            "relu work+0 y+0\n");
}

TEST(PlanDirectViews, ASumNeverRunsOverPartOfAnAxis) {
  EXPECT_EQ(replay_of(R"(
tensors: {x: {shape: [4, 8], role: input}, w: {shape: [3, 5], role: input}, y: {role: output}}
operators:
  - {op: slice, inputs: [x], output: part, begin: 2, end: 5}
  - {op: matmul, inputs: [part, w], output: y}
)"),
            "assign x+8 work+0\n"
            "matmul work+0 w+0 y+0\n");
}

TEST(PlanDirectViews, WorkThatASliceLeavesOutIsNotDone) {
  // Of 4 heads the last two are read; of the pack of a constant, what they need.
  EXPECT_EQ(replay_of(R"(
tensors: {x: {shape: [5, 8], role: input}, c: {shape: [5, 2], role: constant}, s: {shape: [5, 2], role: constant},
          y: {role: output}}
operators:
  - {op: rotary, inputs: [x, c, s], output: turned, heads: 4}
  - {op: slice, inputs: [turned], output: half, begin: 4}
  - {op: relu, inputs: [half], output: y}
)"),
            "rotary x+16 c+0 s+0 work+16\n"
            "rotary x+24 c+0 s+0 work+24\n"
            "relu work+16 y+0\n");
}

TEST(PlanDirectViews, AttentionReadsTheColumnsOfEachHead) {
  EXPECT_EQ(replay_of(R"(
tensors: {x: {shape: [5, 16], role: input}, y: {role: output}}
operators:
  - {op: slice, inputs: [x], output: q, begin: 0, end: 8}
  - {op: slice, inputs: [x], output: k, begin: 8, end: 12}
  - {op: slice, inputs: [x], output: v, begin: 12, end: 16}
  - {op: attention, inputs: [q, k, v], output: y, heads: 2, kv_heads: 1, causal: true}
)"),
            "attention x+0 x+32 x+48 y+0\n"
            "attention x+16 x+32 x+48 y+16\n");
}

TEST(PlanDirectSize, AHundredThousandOperatorsArePlannedInLinearTime) {
  Graph graph;
  graph.tensors.push_back({"x", TensorRole::kInput, DType::kF32, {4, 4}, {}});
  for (uint32_t i = 1; i <= 100000; ++i) {
    GraphTensor tensor;
    tensor.name = "t" + std::to_string(i);
    if (i == 100000) tensor.role = TensorRole::kOutput;
    graph.tensors.push_back(tensor);
    GraphOperator op;
    op.kind = i % 2 == 0 ? OperatorKind::kSoftmax : OperatorKind::kGelu;
    op.inputs = {i - 1};
    op.output = i;
    graph.operators.push_back(op);
  }
  ASSERT_TRUE(finish_graph(graph).ok());
  const Plan plan = plan_of(graph);
  EXPECT_EQ(plan.summary.ops, 100000u);
  EXPECT_EQ(plan.summary.extent_bytes, 64u);  // all in one place
  EXPECT_EQ(verdict(plan.schedule), "faithful");
}

// Random graphs of every operator, with scratch from none to plenty, with and
// without packing and fusion.
TEST(PlanDirectProperty, RandomGraphsAreFaithfulAndRight) {
  uint32_t blocked = 0;
  for (uint64_t seed = 0; seed < testing::swept(400, 4); ++seed) {
    const Graph graph = testing::random_graph(seed);
    Machine machine = default_machine();
    constexpr uint64_t kScratch[] = {1 << 20, 1 << 14, 1 << 12, 1 << 16};
    machine.spaces[1].capacity_bytes = kScratch[seed % 4];
    constexpr uint16_t kPanels[] = {32, 0, 16, 8, 32};
    machine.panel_width = kPanels[seed % 5];
    PlanOptions options;
    options.fuse = seed % 3 != 0;
    const Result<Plan> made = plan_direct(graph, machine, options);
    ASSERT_TRUE(made.ok()) << made.error().to_string();
    const Plan& plan = *made;
    blocked += plan.summary.strategy == "direct, in row blocks" ? 1 : 0;
    EXPECT_EQ(verdict(plan.schedule), "faithful") << "seed " << seed;
    EXPECT_EQ(numbers(graph, plan.schedule, seed), "agrees") << "seed " << seed;
  }
  EXPECT_GT(blocked, testing::swept(5, 4));  // the case is among them
}

}  // namespace
}  // namespace rondo
