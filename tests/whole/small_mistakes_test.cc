// Mistakes as small as they get show behind a whole block, and rows made to provoke
// roundings do not pass for mistakes.
//
//   small_mistakes_test [--table]     also prints bounds beside errors, operator by operator, at full size
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "planner/evaluate/usual_errors.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "tests/planner/graph_text.h"
#include "tests/whole/conversation.h"
#include "tests/whole/replay_graph.h"

namespace rondo {
namespace {

using testing::graph_of;
using testing::GraphRun;
using testing::Replayed;

bool table = false;

// A block of a transformer over a cache: norm, attention, residual, norm, two products, residual.
std::string block(const std::string& norm, const std::string& epsilon, uint32_t rows, uint32_t width) {
  const std::string w = std::to_string(width), wide = std::to_string(4 * width);
  const bool centred = norm == "layer_norm";
  const auto normed = [&](const std::string& from, const std::string& to) {
    return "  - {op: " + norm + ", inputs: [" + from + ", g" + (centred ? ", b" : "") + "], output: " + to +
           ", epsilon: " + epsilon + "}\n";
  };
  return "scalars: {position: {max: 23}}\n"
         "states:\n  keys: {shape: [40, " +
         w + "], filled: position}\n  values: {shape: [40, " + w +
         "], filled: position}\n"
         "tensors:\n  x: {shape: [" +
         std::to_string(rows) + ", " + w + "], role: input}\n  g: {shape: [" + w + "], role: constant}\n" +
         (centred ? "  b: {shape: [" + w + "], role: constant}\n" : "") + "  wq: {shape: [" + w + ", " + w +
         "], role: constant}\n  wk: {shape: [" + w + ", " + w + "], role: constant}\n  wv: {shape: [" + w + ", " + w +
         "], role: constant}\n  w1: {shape: [" + w + ", " + wide + "], role: constant}\n  w2: {shape: [" + wide + ", " +
         w + "], role: constant}\n  y: {role: output}\noperators:\n" + normed("x", "n1") +
         "  - {op: matmul, inputs: [n1, wq], output: q}\n  - {op: matmul, inputs: [n1, wk], output: k}\n"
         "  - {op: matmul, inputs: [n1, wv], output: v}\n"
         "  - {op: append, inputs: [keys, k], output: all_k, at: position}\n"
         "  - {op: append, inputs: [values, v], output: all_v, at: position}\n"
         "  - {op: attention, inputs: [q, all_k, all_v], output: heads, heads: 4, causal: true}\n"
         "  - {op: add, inputs: [x, heads], output: middle}\n" +
         normed("middle", "n2") +
         "  - {op: matmul, inputs: [n2, w1], output: h}\n  - {op: gelu, inputs: [h], output: a}\n"
         "  - {op: matmul, inputs: [a, w2], output: m}\n  - {op: add, inputs: [middle, m], output: y}\n";
}

GraphRun run_of(const Graph& graph, int64_t position) {
  GraphRun run = testing::random_run(graph, 11);
  run.scalars["position"] = position;
  return run;
}

Replayed replay(const Graph& graph, const GraphRun& run, InstructionSet limit = InstructionSet::kAvx512) {
  Result<Plan> plan = plan_tiles(graph, default_machine(), {});
  EXPECT_TRUE(plan.ok());
  Replayed result = testing::replay_schedule(plan->schedule, graph, run, limit, true);
  EXPECT_EQ(result.failure, "");
  return result;
}

struct Seen {
  double bound = 0, usual = 0;  // parts of them that y is off by
};
Seen seen(const Graph& graph, const GraphRun& run, const std::vector<float>& y) {
  const auto expected = evaluate_graph(graph, run.spans());
  const auto usual = usual_errors(graph, run.spans(), *expected);
  return {compare(expected->at("y"), y).worst_ratio, most_unusual(expected->at("y"), usual->at("y"), y).ratio};
}

TEST(SmallMistakes, AnEpsilonThatIsMissingInANormShowsBehindTheBlock) {
  for (const char* norm : {"layer_norm", "rms_norm"}) {
    const Graph right = graph_of(block(norm, "1e-5", 8, 64)), wrong = graph_of(block(norm, "0", 8, 64));
    GraphRun run = run_of(right, 5);
    for (float& x : run.data["x"]) x *= 0.05f;  // epsilon is 1.2 % of their variance
    EXPECT_LE(replay(right, run).worst_ratio, 1);
    const Seen found = seen(right, run, replay(wrong, run).outputs.at("y"));
    EXPECT_GT(found.bound, 1) << norm;
    EXPECT_GT(found.usual, kUnusual) << norm;
  }
}

TEST(SmallMistakes, ARowOfTheCacheThatIsLeftOutShowsBehindTheBlock) {
  const Graph graph = graph_of(block("layer_norm", "1e-5", 2, 64));
  const GraphRun run = run_of(graph, 22);
  GraphRun wrong = run;
  std::fill_n(wrong.data["values"].begin() + 9 * 64, 64, 0.0f);
  const Seen found = seen(graph, run, replay(graph, wrong).outputs.at("y"));
  EXPECT_GT(found.bound, 1);
  EXPECT_GT(found.usual, kUnusual);
}

// One of the 24 rows of the cache that the last of two layers reads.
TEST(SmallMistakes, ShowBehindAllLayersOfATransformer) {
  const Graph graph = graph_of(testing::library_text("gpt2-tiny-decode"));
  GraphRun run = run_of(graph, 22);
  const Replayed right = replay(graph, run);
  EXPECT_LE(right.worst_ratio, 1);
  EXPECT_LT(right.most_unusual, kUnusual / 8);
  for (const GraphTensor& state : graph.tensors) {
    if (state.role != TensorRole::kState || state.name.find("values") == std::string::npos) continue;
    GraphRun wrong = run;
    const uint64_t width = state.shape.back();
    std::fill_n(wrong.data[state.name].begin() + static_cast<ptrdiff_t>(9 * width), width, 0.0f);
    const auto expected = evaluate_graph(graph, run.spans());
    const auto usual = usual_errors(graph, run.spans(), *expected);
    const Replayed found = replay(graph, wrong);
    double most = 0;
    for (const GraphTensor& of : graph.tensors)
      if (of.role == TensorRole::kOutput)
        most = std::max(most, most_unusual(expected->at(of.name), usual->at(of.name), found.outputs.at(of.name)).ratio);
    EXPECT_GT(most, kUnusual) << state.name;
  }
}

TEST(Bounds, HoldForRowsThatProvokeRoundings) {
  const Graph graphs[] = {graph_of(block("layer_norm", "1e-5", 8, 64)), graph_of(block("rms_norm", "1e-5", 8, 64)),
                          graph_of(block("layer_norm", "1e-12", 8, 96))};
  for (const Graph& graph : graphs) {
    GraphRun run = run_of(graph, 15);
    std::vector<float>& x = run.data["x"];
    const size_t width = x.size() / 8;
    for (size_t i = 0; i < width; ++i) {
      const float small = x[i];
      x[i] = 0;
      x[width + i] = 1;                                    // constant
      x[2 * width + i] = i == 7 ? 1e6f : small;            // one that drowns the others
      x[3 * width + i] = small * 1e-12f;                   // next to no variance
      x[4 * width + i] = 1000 + small;                     // far from its mean
      x[5 * width + i] = 1e4f + small * 1e-3f;             // farther: f32 keeps none of it
      x[6 * width + i] = small * 1e15f;                    // squares near the end of f32
      x[7 * width + i] = i % 2 == 0 ? 1.0f : -0.9999999f;  // a mean that cancels
    }
    for (const InstructionSet limit : {InstructionSet::kReference, InstructionSet::kAvx2, InstructionSet::kAvx512})
      EXPECT_LE(replay(graph, run, limit).worst_ratio, 1) << static_cast<int>(limit);
  }
}

// Every result of the block an output, so that each is seen beside its bounds.
TEST(Bounds, BesideErrorsOperatorByOperator) {
  if (!table) GTEST_SKIP() << "seconds and a table: give --table, as cmake/long_checks.sh does";
  Graph graph = graph_of(testing::library_text("gpt2-block-128"));
  for (GraphTensor& tensor : graph.tensors)
    if (tensor.role == TensorRole::kIntermediate) tensor.role = TensorRole::kOutput;
  const GraphRun run = testing::random_run(graph, 1);
  const Replayed replayed = replay(graph, run);
  const auto expected = evaluate_graph(graph, run.spans());
  const auto usual = usual_errors(graph, run.spans(), *expected);
  std::printf("%-16s %10s %10s %12s %12s %12s\n", "root mean square", "error", "bound", "bound/error", "of rows",
              "usual/error");
  for (const GraphOperator& op : graph.operators) {
    const std::string& name = graph.tensors[op.output].name;
    const Evaluated& of = expected->at(name);
    const std::vector<float>& got = replayed.outputs.at(name);
    double errors = 0, bounds = 0, rows = 0, usually = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      errors += std::pow(static_cast<double>(got[i]) - of.value[i], 2);
      bounds += of.bound[i] * of.bound[i];
    }
    for (const double row : of.row_bound) rows += row * row;
    for (const double row : usual->at(name)) usually += row * row * static_cast<double>(of.shape.back());
    const auto count = static_cast<double>(got.size());
    std::printf("%-16s %10.3g %10.3g %12.4g %12.4g %12.3g\n", name.c_str(), std::sqrt(errors / count),
                std::sqrt(bounds / count), std::sqrt(bounds / errors), std::sqrt(rows / errors),
                std::sqrt(usually / errors));
    EXPECT_GE(bounds, errors) << name;
    EXPECT_LT(usually, 25 * errors) << name;
    EXPECT_GT(usually, errors / 25) << name;
  }
}

}  // namespace
}  // namespace rondo

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--table") == 0) rondo::table = true;
  return RUN_ALL_TESTS();
}
