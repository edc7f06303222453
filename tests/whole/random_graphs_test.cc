// Random graphs of every operator go the whole way under random planner options
// and every instruction set, and stay within the error bound of double precision.
//
//   random_graphs [--graphs=2400] [--seed=1]      a longer run, or one failing seed
#include <gtest/gtest.h>
#include <cstdlib>
#include <cstring>
#include <random>
#include "planner/evaluate/random_data.h"
#include "planner/evaluate/usual_errors.h"
#include "rondo/contracts.h"
#include "tests/whole/random_graph.h"
#include "tests/whole/replay_graph.h"
#include "tests/whole/without_meaning.h"

namespace rondo {
namespace {

using testing::GraphRun;
using testing::random_graph;
using testing::random_run;
using testing::replay_schedule;
using testing::Replayed;
using testing::without_meaning;

uint64_t graph_count = 2400;
uint64_t first_seed = 1;

struct Way {
  Machine machine;
  PlanOptions options;
  InstructionSet limit = InstructionSet::kAvx512;
  std::string text;
};

// A machine and options that exercise one corner of the planners.
Way random_way(uint64_t seed) {
  std::mt19937_64 random(seed * 7919);
  const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  Way way;
  way.machine = default_machine();
  way.limit = static_cast<InstructionSet>(pick(3));
  PlanOptions& options = way.options;
  options.fuse = pick(4) != 0;
  options.chain = pick(3) != 0;
  if (pick(2) == 0) {
    options.staging = Staging::kDirect;
    way.machine.panel_width = std::array<uint16_t, 4>{0, 8, 16, 32}[pick(4)];
    for (MachineSpace& space : way.machine.spaces)
      if (space.kind == SpaceKind::kScratch) space.capacity_bytes = uint64_t{1} << (14 + pick(8));
  } else {
    options.staging = Staging::kStaged;
    options.tile = std::array<uint32_t, 5>{8, 16, 32, 33, 64}[pick(5)];
    options.depth = 1 + pick(4);
    options.hoist = pick(5) * 3;
    const uint32_t engines = pick(3);
    way.machine.copy_in_engines = engines > 0;
    way.machine.copy_out_engines = engines > 1;
    way.machine.direct_operands = pick(3) == 0;  // some operands may stay where they lie
    if (pick(3) == 0) way.machine.copy_in_flight = 2;
    // Anything from a few tiles to plenty; too little is answered by DoesNotFit.
    options.scratch_bytes = uint64_t{options.tile} * options.tile * 4 * (3 + pick(40));
    if (pick(3) == 0) options.policy = PlacementPolicy::kLru;
  }
  way.text = std::string(options.staging == Staging::kDirect ? "direct" : "staged") + " tile " +
             std::to_string(options.tile) + " scratch " + std::to_string(options.scratch_bytes) + " depth " +
             std::to_string(options.depth) + " hoist " + std::to_string(options.hoist) + (options.fuse ? " fuse" : "") +
             (options.chain ? " chain" : "") + " isa " + name_of(way.limit);
  return way;
}

TEST(RandomGraphs, GoTheWholeWayWithinTheErrorBound) {
  uint64_t replayed = 0, refitted = 0, reached = 0, ops = 0;
  double worst = 0, unusual = 0;
  for (uint64_t seed = first_seed; seed < first_seed + graph_count; ++seed) {
    Way way = random_way(seed);
    const Graph graph = random_graph(seed);
    const GraphRun data = random_run(graph, seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + way.text);
    Result<Plan> plan = plan_tiles(graph, way.machine, way.options);
    if (!plan.ok() && plan.error().code == ErrorCode::kUnavailable) {
      ++reached;
      ASSERT_NE(plan.error().message.find("direct operands"), std::string::npos) << plan.error().to_string();
      way.machine.direct_operands = true;
      plan = plan_tiles(graph, way.machine, way.options);
    }
    if (!plan.ok() && plan.error().code == ErrorCode::kDoesNotFit) {
      ++refitted;
      way.options.scratch_bytes = uint64_t{8} << 20;
      for (MachineSpace& space : way.machine.spaces)
        if (space.kind == SpaceKind::kScratch) space.capacity_bytes = uint64_t{8} << 20;
      plan = plan_tiles(graph, way.machine, way.options);
    }
    ASSERT_TRUE(plan.ok()) << plan.error().to_string();
    const Replayed result = replay_schedule(plan->schedule, graph, data, way.limit, true);
    ASSERT_EQ(result.failure, "");
    ASSERT_LE(result.worst_ratio, 1) << "error beyond its bound";
    ASSERT_LE(result.most_unusual, kUnusual / 8);
    worst = std::max(worst, result.worst_ratio);
    unusual = std::max(unusual, result.most_unusual);
    ops += plan->schedule.ops.size();
    ++replayed;
  }
  std::printf(
      "random graphs: %llu replayed, %llu ops, %llu first asked for too little scratch, %llu write rows of a state "
      "that a table chooses, worst error %.3f of its bound, %.0f times what is usual\n",
      static_cast<unsigned long long>(replayed), static_cast<unsigned long long>(ops),
      static_cast<unsigned long long>(refitted), static_cast<unsigned long long>(reached), worst, unusual);
  EXPECT_EQ(replayed, graph_count);
}

// ---- The bound is tight enough to see a mistake -------------------------------

Graph one_product(uint32_t m, uint32_t k, uint32_t n) {
  Graph graph;
  graph.tensors = {{.name = "x", .role = TensorRole::kInput, .shape = {m, k}},
                   {.name = "w", .role = TensorRole::kConstant, .shape = {k, n}},
                   {.name = "y", .role = TensorRole::kOutput}};
  graph.operators = {{.name = "product", .kind = OperatorKind::kMatmul, .inputs = {0, 1}, .output = 2}};
  EXPECT_TRUE(finish_graph(graph).ok());
  return graph;
}

Plan staged(const Graph& graph) {
  Machine machine = default_machine();
  machine.direct_operands = false;
  PlanOptions options;
  options.staging = Staging::kStaged;
  options.tile = 16;
  options.scratch_bytes = 64 << 10;
  options.hoist = 0;
  Result<Plan> plan = plan_tiles(graph, machine, options);
  EXPECT_TRUE(plan.ok());
  return *std::move(plan);
}

bool is_product(const Schedule& schedule, const Op& op, uint16_t flag) {
  return op.kernel != kNoKernel && schedule.name(schedule.kernels[op.kernel].name) == "matmul" &&
         (op.flags & flag) != 0;
}

TEST(ErrorBound, IsExceededByOneDroppedStepOfK) {
  const Graph graph = one_product(33, 65, 35);
  const GraphRun data = random_run(graph, 3);
  Schedule schedule = without_meaning(staged(graph).schedule);
  ASSERT_LE(replay_schedule(schedule, graph, data, InstructionSet::kAvx512, false).worst_ratio, 1);
  // The step that accumulates a single k (65 = 4 * 16 + 1) becomes a sync.
  const auto step = std::find_if(schedule.ops.begin(), schedule.ops.end(), [&](const Op& op) {
    return is_product(schedule, op, kOpAccumulate) && (op.flags & kOpFinal) == 0;
  });
  ASSERT_NE(step, schedule.ops.end());
  const uint32_t first = step->first_operand, count = step->operand_count;
  schedule.operands.erase(schedule.operands.begin() + first, schedule.operands.begin() + first + count);
  for (Op& op : schedule.ops)
    if (op.first_operand > first) op.first_operand -= count;
  Op sync;
  sync.first_operand = first;
  sync.phase = step->phase;
  std::copy(std::begin(step->waits), std::end(step->waits), sync.waits);
  std::copy(std::begin(step->signals), std::end(step->signals), sync.signals);
  *step = sync;
  const Replayed result = replay_schedule(schedule, graph, data, InstructionSet::kAvx512, false);
  ASSERT_EQ(result.failure, "");
  EXPECT_GT(result.worst_ratio, 100);
}

TEST(ErrorBound, IsExceededByOneStaleTile) {
  const Graph graph = one_product(48, 48, 48);
  const GraphRun data = random_run(graph, 4);
  Schedule schedule = without_meaning(staged(graph).schedule);
  ASSERT_LE(replay_schedule(schedule, graph, data, InstructionSet::kAvx512, false).worst_ratio, 1);
  // One product reads the left tile of the product before it.
  const Op* before = nullptr;
  for (Op& op : schedule.ops) {
    if (!is_product(schedule, op, kOpInit | kOpAccumulate)) continue;
    if (before != nullptr &&
        schedule.operands[before->first_operand].offset_bytes != schedule.operands[op.first_operand].offset_bytes) {
      schedule.operands[op.first_operand] = schedule.operands[before->first_operand];
      break;
    }
    before = &op;
  }
  const Replayed result = replay_schedule(schedule, graph, data, InstructionSet::kAvx512, false);
  ASSERT_EQ(result.failure, "");
  EXPECT_GT(result.worst_ratio, 100);
}

}  // namespace
}  // namespace rondo

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--graphs=", 9) == 0) rondo::graph_count = std::strtoull(argv[i] + 9, nullptr, 10);
    if (std::strncmp(argv[i], "--seed=", 7) == 0) rondo::first_seed = std::strtoull(argv[i] + 7, nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
