// The fusion planner on graphs and machines of a user: what it computes is the graph, what
// it predicts is what the schedule does, what it cannot plan it names.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "planner/fusion/graph/graph_problem.h"
#include "rondo/plan.h"
#include "tests/planner/fusion/lower/lowered.h"
#include "tests/planner/verdict.h"
#include "tests/sweep.h"
#include "tests/whole/replay_graph.h"

namespace rondo::fusion {
namespace {

Machine accelerator(uint64_t scratch_bytes = 64 << 10) {
  Machine machine;
  machine.name = "accelerator";
  machine.copy_in_engines = 1;
  machine.direct_operands = false;
  machine.spaces = {{.name = "host", .kind = SpaceKind::kHost, .capacity_bytes = uint64_t{1} << 36},
                    {.name = "scratch", .kind = SpaceKind::kScratch, .capacity_bytes = scratch_bytes}};
  machine.costs = {{.kernel = "copy", .ns_per_byte = 0.01}, {.kernel = "matmul", .ns_per_flop = 0.0005}};
  return machine;
}

Graph graph_of(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "net.yaml");
  EXPECT_TRUE(graph.ok()) << (graph.ok() ? "" : graph.error().to_string());
  return *std::move(graph);
}

// "good", or what is not.
std::string whole_way(const Graph& graph, const Machine& machine, const PlanOptions& options = {}, uint64_t seed = 1) {
  const Result<Plan> plan = plan_fused(graph, machine, options);
  if (!plan.ok()) return plan.error().to_string();
  if (const std::string verdict = testing::verdict(plan->schedule); verdict != "faithful") return verdict;
  // Broadcast operands aside, the copies of a part are what the part was said to move.
  std::set<uint32_t> granules;
  for (uint32_t arena = 0; arena < plan->schedule.arenas.size(); ++arena)
    if (plan->schedule.name(plan->schedule.arenas[arena].name) == "granules") granules.insert(arena);
  std::vector<Traffic> moved(plan->summary.parts.size()), said;
  for (const FusedPart& part : plan->summary.parts) said.push_back({part.bytes_in, part.bytes_out});
  for (const rondo::Op& op : plan->schedule.ops) {
    if (op.kernel == kNoKernel || plan->schedule.name(plan->schedule.kernels[op.kernel].name) != "copy") continue;
    const rondo::Operand& to = plan->schedule.operands[op.first_operand + 1];
    if (granules.count(to.base) != 0) continue;
    const View& view = plan->schedule.views[to.view];
    (to.base == 0 ? moved[op.phase].loaded_bytes : moved[op.phase].evicted_bytes) += block_count(view) * 4;
  }
  if (moved != said) return "the copies are not what was predicted";
  const testing::Replayed replayed =
      testing::replay_schedule(plan->schedule, graph, testing::random_run(graph, seed), InstructionSet::kAvx512, true);
  if (!replayed.failure.empty()) return replayed.failure;
  return replayed.worst_ratio <= 1 ? "good" : "beyond the error bound: " + std::to_string(replayed.worst_ratio);
}

constexpr const char* kLayers = R"(
graph: layers
tensors:
  x: {shape: [40, 96], role: input}
  w1: {shape: [96, 70], role: constant}
  b1: {shape: [70], role: constant}
  w2: {shape: [33, 70], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w1], output: p1}
  - {op: bias, inputs: [p1, b1], output: s1}
  - {op: gelu, inputs: [s1], output: h1}
  - {op: matmul, inputs: [h1, w2], output: y, transpose_b: true}
)";

TEST(PlanFused, ComputesTheGraph) {
  const Graph graph = graph_of(kLayers);
  EXPECT_EQ(whole_way(graph, accelerator()), "good");
  EXPECT_EQ(whole_way(graph, accelerator(16 << 10)), "good");
  EXPECT_EQ(whole_way(graph, default_machine()), "good");
}

TEST(PlanFused, KeepsWhatLiesBetweenOperatorsOutOfMemory) {
  const Result<Plan> plan = plan_fused(graph_of(kLayers), accelerator());
  ASSERT_TRUE(plan.ok());
  std::set<std::string> operators;
  for (const FusedPart& part : plan->summary.parts) operators.insert(part.operators.begin(), part.operators.end());
  EXPECT_EQ(operators, (std::set<std::string>{"matmul_0", "bias_1", "gelu_2", "matmul_3"}));
  EXPECT_LT(plan->summary.parts.size(), 4u);
  for (const Arena& arena : plan->schedule.arenas)
    EXPECT_TRUE(plan->schedule.name(arena.name) != "p1" && plan->schedule.name(arena.name) != "s1");
  EXPECT_LE(plan->summary.extent_bytes, 64u << 10);
}

TEST(PlanFused, GivesTheSameBytesForTheSameInput) {
  const Graph graph = graph_of(kLayers);
  const Result<Plan> first = plan_fused(graph, accelerator()), second = plan_fused(graph, accelerator());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->schedule.operands, second->schedule.operands);
  EXPECT_EQ(first->schedule.ops, second->schedule.ops);
  EXPECT_EQ(first->schedule.views, second->schedule.views);
}

// Chains of products with everything that goes element by element, broadcasts from every
// side, operands that several operators read, ragged extents.
Graph random_layers(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](uint64_t below) { return random() % below; };
  const auto extent = [&] { return std::to_string(1 + pick(pick(3) == 0 ? 8 : 70)); };
  std::string rows = extent(), columns = extent();
  std::string tensors = "  x: {shape: [" + rows + ", " + columns + "], role: input}\n", operators;
  std::vector<std::pair<std::string, std::string>> seen = {{"x", rows + "," + columns}};
  std::string last = "x";
  const auto shaped = [&](const std::string& name, const std::string& shape) {
    tensors += "  " + name + ": {shape: [" + shape + "], role: " + (pick(2) == 0 ? "constant" : "input") + "}\n";
  };
  const uint64_t count = 1 + pick(7);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string out = i + 1 == count ? "y" : "t" + std::to_string(i), other = "c" + std::to_string(i);
    std::string line;
    switch (pick(5)) {
      case 0:
      case 1: {
        const std::string next = extent();
        const bool transposed = pick(2) == 0;
        shaped(other, transposed ? next + ", " + columns : columns + ", " + next);
        line = "op: matmul, inputs: [" + last + ", " + other + "]" + (transposed ? ", transpose_b: true" : "");
        columns = next;
        break;
      }
      case 2: {
        constexpr const char* kUnary[] = {"relu", "gelu", "silu", "sigmoid", "tanh"};
        line = std::string("op: ") + kUnary[pick(5)] + ", inputs: [" + last + "]";
        break;
      }
      default: {
        constexpr const char* kBinary[] = {"add", "mul", "sub"};
        std::string name = other;
        for (const auto& [tensor, shape] : seen)
          if (shape == rows + "," + columns && pick(2) == 0) name = tensor;
        if (name == other) switch (pick(5)) {
            case 0:
              shaped(other, columns);
              break;
            case 1:
              shaped(other, "1, " + columns);
              break;
            case 2:
              shaped(other, rows + ", 1");
              break;
            case 3:
              shaped(other, "1");
              break;
            default:
              shaped(other, rows + ", " + columns);
          }
        const bool swap = pick(2) == 0;
        line = std::string("op: ") + kBinary[pick(3)] + ", inputs: [" + (swap ? name : last) + ", " +
               (swap ? last : name) + "]";
      }
    }
    operators += "  - {" + line + ", output: " + out + "}\n";
    last = out;
    seen.emplace_back(out, rows + "," + columns);
  }
  return graph_of("graph: layers\ntensors:\n" + tensors + "  y: {role: output}\noperators:\n" + operators);
}

TEST(PlanFused, ComputesRandomGraphs) {
  for (uint64_t seed = 1; seed <= testing::swept(150, 3); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = random_layers(seed);
    Machine machine = accelerator(uint64_t{4096} << seed % 6);
    machine.copy_in_engines = seed % 3 != 0;
    machine.copy_out_engines = seed % 3 == 2;
    machine.copy_in_flight = 1 + seed % 2;
    PlanOptions options;
    options.native = 8 << seed % 4;
    options.proposals = 300;
    ASSERT_EQ(whole_way(graph, machine, options, seed), "good");
  }
}

// ---- Beside the tile planner ---------------------------------------------------------

TEST(PlanFused, MovesNoMoreThanTheTilePlannerOnTheExampleGraphs) {
  const std::string library = std::string(RONDO_SOURCE_DIR) + "/schedules/library/";
  const Result<Machine> machine = load_machine(library + "machines/tile-accelerator.yaml");
  ASSERT_TRUE(machine.ok());
  for (const char* name : {"mlp.yaml", "mlp128.yaml", "mlp-784-512-512-10.yaml"}) {
    SCOPED_TRACE(name);
    const Result<Graph> graph = load_graph(library + name);
    ASSERT_TRUE(graph.ok());
    const Result<Plan> fused = plan_fused(*graph, *machine), tiled = plan_tiles(*graph, *machine);
    ASSERT_TRUE(tiled.ok());
    if (!fused.ok()) {
      EXPECT_EQ(fused.error().code, ErrorCode::kUnavailable);
      continue;
    }
    std::printf("%-26s bytes moved %9llu (tile planner %9llu), makespan %9.2f (%9.2f), scratch %llu (%llu)\n", name,
                static_cast<unsigned long long>(fused->summary.bytes_moved),
                static_cast<unsigned long long>(tiled->summary.bytes_moved), fused->summary.makespan,
                tiled->summary.makespan, static_cast<unsigned long long>(fused->summary.extent_bytes),
                static_cast<unsigned long long>(tiled->summary.extent_bytes));
    EXPECT_EQ(testing::verdict(fused->schedule), "faithful");
  }
}

// ---- What it cannot plan ----------------------------------------------------------------

std::string refusal(const std::string& graph, const Machine& machine = accelerator(), const PlanOptions& options = {}) {
  const Result<Plan> plan = plan_fused(graph_of(graph), machine, options);
  return plan.ok() ? "planned" : plan.error().to_string();
}

std::string with(const std::string& tensors, const std::string& operators) {
  return "graph: g\ntensors:\n  x: {shape: [8, 8], role: input}\n" + tensors + "  y: {role: output}\noperators:\n" +
         operators;
}

TEST(PlanFused, NamesTheOperatorAndTheLineOfWhatItCannotPlan) {
  EXPECT_EQ(refusal(with("", "  - {op: relu, inputs: [x], output: a}\n  - {op: softmax, inputs: [a], output: y}\n")),
            "net.yaml:7:5: the fusion planner cannot plan softmax 'softmax_1': it takes products of matrices and "
            "operators that go element by element");
  EXPECT_EQ(refusal(with("  w: {shape: [2, 8, 8], role: constant}\n", "  - {op: matmul, inputs: [x, w], output: y}\n")),
            "net.yaml:7:5: the fusion planner cannot plan matmul 'matmul_0': its result 'y' [2, 8, 8] is no matrix");
  EXPECT_EQ(refusal(with("",
                         "  - {op: relu, inputs: [x], output: a}\n"
                         "  - {op: matmul, inputs: [x, a], output: y, transpose_b: true}\n")),
            "net.yaml:7:5: the fusion planner cannot plan matmul 'matmul_1': it transposes 'a' [8, 8], which an "
            "operator makes");
  EXPECT_EQ(refusal(with("  z: {role: output}\n",
                         "  - {op: relu, inputs: [x], output: z}\n"
                         "  - {op: tanh, inputs: [z], output: y}\n")),
            "net.yaml:8:5: the fusion planner cannot plan tanh 'tanh_1': it reads the output 'z' [8, 8]");
}

TEST(PlanFused, SaysHowMuchScratchAnOperatorNeeds) {
  EXPECT_EQ(refusal(with("", "  - {op: add, inputs: [x, x], output: y}\n"), accelerator(4)),
            "net.yaml:6:5: add 'add_0' needs at least 8 bytes of scratch, the plan may use 4");
}

TEST(PlanFused, AsksOnlyWhatMakesSense) {
  const std::string graph = with("", "  - {op: relu, inputs: [x], output: y}\n");
  PlanOptions options;
  options.native = 2048;
  EXPECT_EQ(refusal(graph, accelerator(), options),
            "tiles of up to 2048 rows and columns were asked for: 1 to 1024 are allowed");
  options = {};
  options.proposals = 0;
  EXPECT_EQ(refusal(graph, accelerator(), options), "a search of 0 proposals was asked for: at least 1 is needed");
  options = {};
  options.scratch_bytes = 128 << 10;
  EXPECT_EQ(refusal(graph, accelerator(), options),
            "131072 bytes of scratch were asked for, but machine 'accelerator' has 65536");
  Machine machine = accelerator();
  machine.costs = {{.kernel = "relu", .ns_per_byte = 1}};
  EXPECT_EQ(refusal(graph, machine),
            "machine 'accelerator' says what kernels cost, but neither what copy costs nor the bandwidth of its host "
            "memory: the fusion planner weighs one against the other");
  machine.spaces[0].bandwidth_gb_s = 10;
  EXPECT_EQ(refusal(graph, machine), "planned");
  machine.backend = "emulated";
  EXPECT_EQ(refusal(graph, machine),
            "machine 'accelerator' is of backend emulated: the fusion planner plans for cpu only so far");
}

// ---- Costs ------------------------------------------------------------------------------

TEST(ProblemOfAGraph, TakesBaseCostsAndBandwidthFromTheMachine) {
  const Graph graph =
      graph_of(with("  w: {shape: [8, 64], role: constant}\n",
                    "  - {op: matmul, inputs: [x, w], output: p}\n  - {op: relu, inputs: [p], output: y}\n"));
  Machine machine = accelerator();
  machine.costs = {{.kernel = "copy", .ns_per_byte = 0.25}, {.kernel = "matmul", .fixed_ns = 3, .ns_per_flop = 2}};
  const Result<GraphProblem> made = problem_of(graph, machine, 4, 1024);
  ASSERT_TRUE(made.ok()) << made.error().to_string();
  EXPECT_EQ(made->problem.capacity, 256);
  EXPECT_EQ(made->problem.native, 4);
  EXPECT_EQ(made->problem.bandwidth, 0.5);  // 8 bytes an element, in and out of the copy, 0.25 each
  // One tile over a depth of 8: two calls of 2 * 4 * 4 * 4 flops.
  EXPECT_EQ(made->problem.operators[0].base_cost, 2 * 3 + 2 * 2 * 128);
  EXPECT_EQ(made->problem.operators[1].base_cost, 0);  // without a cost, as in every plan
  ASSERT_EQ(made->problem.tensors.size(), 4u);
  EXPECT_EQ(made->problem.tensors[1], (Tensor{64, 8}));
}

}  // namespace
}  // namespace rondo::fusion
