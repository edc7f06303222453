// What joins a matmul, and what keeps it apart.
#include "planner/epilogues/fuse.h"

#include <gtest/gtest.h>

#include <string>

namespace rondo {
namespace {

// Groups in words: "y = matmul(x, w) + b, relu".
std::string fused(std::string_view operators, bool fuse = true, std::string_view outputs = "y: {role: output}") {
  std::string text = R"(tensors:
  x: {shape: [4, 8], role: input}
  w: {shape: [8, 8], role: constant}
  b: {shape: [8], role: constant}
  bent_b: {role: output}
  )";
  // bent_b only lets every graph leave b unread.
  text += std::string(outputs) + "\noperators:\n  - {op: relu, inputs: [b], output: bent_b}\n";
  const Result<Graph> graph = parse_graph(text + std::string(operators));
  if (!graph.ok()) return graph.error().to_string();
  text.clear();
  for (const FusedGroup& group : fuse_epilogues(*graph, fuse)) {
    if (graph->tensors[group.output].name == "bent_b") continue;
    text += graph->tensors[group.output].name + " = " + std::string(info(group.kind).name) + "(";
    for (size_t i = 0; i < group.inputs.size(); ++i)
      text += (i == 0 ? "" : ", ") + graph->tensors[group.inputs[i]].name;
    text += ")";
    if (group.bias != kNone) text += " + " + graph->tensors[group.bias].name;
    constexpr const char* kActs[] = {"", ", relu", ", gelu_erf", ", gelu_tanh"};
    text += kActs[static_cast<int>(group.activation)];
    text += "\n";
  }
  return text;
}

TEST(FuseEpilogues, JoinsBiasAndActivation) {
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: bias, inputs: [t1, b], output: t2}
  - {op: relu, inputs: [t2], output: y}
)"),
            "y = matmul(x, w) + b, relu\n");
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: bias, inputs: [t1, b], output: t2}
  - {op: gelu, inputs: [t2], output: y, form: tanh}
)"),
            "y = matmul(x, w) + b, gelu_tanh\n");
}

TEST(FuseEpilogues, TakesAnAddOfAVectorFromEitherSideForABias) {
  EXPECT_EQ(fused("  - {op: matmul, inputs: [x, w], output: t1}\n  - {op: add, inputs: [b, t1], output: y}\n"),
            "y = matmul(x, w) + b\n");
}

TEST(FuseEpilogues, StopsAfterTheActivation) {
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: relu, inputs: [t1], output: t2}
  - {op: bias, inputs: [t2, b], output: y}
)"),
            "t2 = matmul(x, w), relu\ny = bias(t2, b)\n");
}

TEST(FuseEpilogues, KeepsASecondBiasApart) {
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: bias, inputs: [t1, b], output: t2}
  - {op: bias, inputs: [t2, b], output: y}
)"),
            "t2 = matmul(x, w) + b\ny = bias(t2, b)\n");
}

//  t1 feeds both relu and add
TEST(FuseEpilogues, KeepsWhatSomebodyElseReads) {
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: relu, inputs: [t1], output: t2}
  - {op: add, inputs: [t1, t2], output: y}
)"),
            "t1 = matmul(x, w)\nt2 = relu(t1)\ny = add(t1, t2)\n");
  EXPECT_EQ(fused("  - {op: matmul, inputs: [x, w], output: t1}\n  - {op: add, inputs: [t1, t1], output: y}\n"),
            "t1 = matmul(x, w)\ny = add(t1, t1)\n");
}

TEST(FuseEpilogues, KeepsWhatIsAnOutput) {
  EXPECT_EQ(fused("  - {op: matmul, inputs: [x, w], output: z}\n  - {op: relu, inputs: [z], output: y}\n"
                  "  - {op: bias, inputs: [y, b], output: u}\n",
                  true, "y: {role: output}\n  z: {role: output}\n  u: {role: output}"),
            "z = matmul(x, w)\ny = relu(z)\nu = bias(y, b)\n");
}

// The bias is computed between the matmul and the operator that adds it.
TEST(FuseEpilogues, PutsAGroupWhereItsLastInputIsReady) {
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: relu, inputs: [b], output: c}
  - {op: bias, inputs: [t1, c], output: y}
)"),
            "c = relu(b)\ny = matmul(x, w) + c\n");
}

TEST(FuseEpilogues, DoesNothingWhenToldSo) {
  EXPECT_EQ(fused(R"(
  - {op: matmul, inputs: [x, w], output: t1}
  - {op: bias, inputs: [t1, b], output: y}
)",
                  false),
            "t1 = matmul(x, w)\ny = bias(t1, b)\n");
}

TEST(FuseEpilogues, ActivationNumbersAreThoseOfTheMatmulKernel) {
  EXPECT_EQ(static_cast<int>(Activation::kIdentity), 0);
  EXPECT_EQ(static_cast<int>(Activation::kRelu), 1);
  EXPECT_EQ(static_cast<int>(Activation::kGeluErf), 2);
  EXPECT_EQ(static_cast<int>(Activation::kGeluTanh), 3);
}

}  // namespace
}  // namespace rondo
