// Graph files: what they mean, and the exact words for what is wrong with them.
#include "rondo/graph.h"
#include "planner/epilogues/pointwise_kernel.h"
#include "rondo/contracts.h"
#include "tests/planner/graph_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rondo {
namespace {

using testing::graph_of;

std::string refusal(std::string_view text) {
  const Result<Graph> graph = parse_graph(text, "g.yaml");
  return graph.ok() ? "accepted" : graph.error().to_string();
}

// A graph of one operator over inputs a, b, c of the given shapes.
std::string one(std::string_view op, std::vector<std::string> shapes, std::string_view attributes = "") {
  std::string text = "tensors:\n", inputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    text += "  " + name + ": {shape: " + shapes[i] + ", role: input}\n";
    inputs += (i == 0 ? "" : ", ") + name;
  }
  return text + "  y: {role: output}\noperators:\n  - {op: " + std::string(op) + ", name: h1, inputs: [" + inputs +
         "], output: y" + std::string(attributes) + "}\n";
}
std::vector<uint32_t> shape_of_one(std::string_view op, std::vector<std::string> shapes,
                                   std::string_view attributes = "") {
  const Graph graph = graph_of(one(op, std::move(shapes), attributes));
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.name == "y") return tensor.shape;
  return {};
}
std::string refusal_of_one(std::string_view op, std::vector<std::string> shapes, std::string_view attributes = "") {
  return refusal(one(op, std::move(shapes), attributes));
}

using ::testing::ElementsAre;

TEST(Graph, ReadsTensorsOperatorsAndRoles) {
  const Graph graph = graph_of(R"(
graph: two-layers
tensors:
  x: {shape: [4, 8], role: input}
  w: {shape: [8, 2], role: constant, dtype: f32}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, w], output: h}
  - {op: relu, name: bend, inputs: [h], output: y}
)");
  EXPECT_EQ(graph.name, "two-layers");
  ASSERT_EQ(graph.tensors.size(), 4u);
  EXPECT_EQ(graph.tensors[1].role, TensorRole::kConstant);
  EXPECT_EQ(graph.tensors[3].name, "h");
  EXPECT_EQ(graph.tensors[3].role, TensorRole::kIntermediate);
  EXPECT_THAT(graph.tensors[3].shape, ElementsAre(4, 2));
  ASSERT_EQ(graph.operators.size(), 2u);
  EXPECT_EQ(graph.operators[0].name, "matmul_0");
  EXPECT_EQ(graph.operators[1].name, "bend");
}

TEST(Graph, PutsOperatorsInOrderWhateverTheOrderInTheFile) {
  const Graph graph = graph_of(R"(
tensors: {x: {shape: [2], role: input}, y: {role: output}}
operators:
  - {op: relu, name: third, inputs: [b], output: y}
  - {op: relu, name: first, inputs: [x], output: a}
  - {op: relu, name: second, inputs: [a], output: b}
)");
  std::string order;
  for (const GraphOperator& op : graph.operators) order += op.name + " ";
  EXPECT_EQ(order, "first second third ");
}

TEST(GraphShapes, MatmulTransposesAndBroadcastsLeadingAxes) {
  EXPECT_THAT(shape_of_one("matmul", {"[4, 8]", "[8, 2]"}), ElementsAre(4, 2));
  EXPECT_THAT(shape_of_one("matmul", {"[8, 4]", "[8, 2]"}, ", transpose_a: true"), ElementsAre(4, 2));
  EXPECT_THAT(shape_of_one("matmul", {"[4, 8]", "[2, 8]"}, ", transpose_b: true"), ElementsAre(4, 2));
  EXPECT_THAT(shape_of_one("matmul", {"[3, 1, 4, 8]", "[5, 8, 2]"}), ElementsAre(3, 5, 4, 2));
  EXPECT_THAT(shape_of_one("matmul", {"[4, 8]", "[6, 8, 2]"}), ElementsAre(6, 4, 2));
}

TEST(GraphShapes, AddAndMulBroadcastLikeNumPy) {
  EXPECT_THAT(shape_of_one("add", {"[4, 1]", "[3]"}), ElementsAre(4, 3));
  EXPECT_THAT(shape_of_one("mul", {"[2, 1, 5]", "[7, 1]"}), ElementsAre(2, 7, 5));
}

TEST(GraphShapes, RowOperatorsKeepTheShape) {
  EXPECT_THAT(shape_of_one("bias", {"[2, 3, 5]", "[5]"}), ElementsAre(2, 3, 5));
  EXPECT_THAT(shape_of_one("layer_norm", {"[2, 5]", "[5]", "[5]"}), ElementsAre(2, 5));
  EXPECT_THAT(shape_of_one("softmax", {"[7]"}), ElementsAre(7));
}

TEST(GraphShapes, RefusesWithBothShapesAndTheAxes) {
  EXPECT_EQ(refusal_of_one("matmul", {"[128, 100]", "[64, 32]"}),
            "g.yaml:6:5: matmul 'h1': a is [128, 100], b is [64, 32]: inner extents 100 and 64 differ");
  EXPECT_EQ(refusal_of_one("matmul", {"[4, 8]", "[8, 2]"}, ", transpose_a: true"),
            "g.yaml:6:5: matmul 'h1': a is [4, 8] transposed, b is [8, 2]: inner extents 4 and 8 differ");
  // An inner extent of 1 is no broadcast.
  EXPECT_EQ(refusal_of_one("matmul", {"[4, 1]", "[8, 5]"}),
            "g.yaml:6:5: matmul 'h1': a is [4, 1], b is [8, 5]: inner extents 1 and 8 differ");
  EXPECT_EQ(refusal_of_one("matmul", {"[2, 4, 8]", "[3, 8, 5]"}),
            "g.yaml:6:5: matmul 'h1': a is [2, 4, 8], b is [3, 8, 5]: leading axes [2] and [3] do not broadcast");
  EXPECT_EQ(refusal_of_one("matmul", {"[8]", "[8, 5]"}),
            "g.yaml:6:5: matmul 'h1': a is [8], b is [8, 5]: matmul needs at least 2 axes of each");
  EXPECT_EQ(refusal_of_one("add", {"[4, 3]", "[4, 5]"}),
            "g.yaml:6:5: add 'h1': a is [4, 3], b is [4, 5]: extents 3 and 5 of axis -1 differ and neither is 1");
  EXPECT_EQ(refusal_of_one("bias", {"[4, 3]", "[4]"}),
            "g.yaml:6:5: bias 'h1': x is [4, 3], b is [4]: extents 3 and 4 of the last axis differ");
  EXPECT_EQ(refusal_of_one("bias", {"[4, 3]", "[1, 3]"}),
            "g.yaml:6:5: bias 'h1': x is [4, 3], b is [1, 3]: input 1 has 2 axes and needs 1");
  EXPECT_EQ(refusal_of_one("layer_norm", {"[4, 3]", "[3]", "[4]"}),
            "g.yaml:7:5: layer_norm 'h1': x is [4, 3], gamma is [3], beta is [4]: extents 3 and 4 of the last axis "
            "differ");
}

TEST(GraphShapes, ReductionsDropAnAxisOrKeepIt) {
  EXPECT_THAT(shape_of_one("reduce_sum", {"[2, 3, 5]"}), ElementsAre(2, 3));
  EXPECT_THAT(shape_of_one("reduce_max", {"[2, 3, 5]"}, ", axis: 0"), ElementsAre(3, 5));
  EXPECT_THAT(shape_of_one("reduce_mean", {"[2, 3, 5]"}, ", axis: -2, keep_axis: true"), ElementsAre(2, 1, 5));
  EXPECT_EQ(refusal_of_one("reduce_sum", {"[4]"}),
            "g.yaml:5:5: reduce_sum 'h1': x is [4]: nothing is left without the one axis; say keep_axis: true");
  EXPECT_EQ(refusal_of_one("reduce_sum", {"[4, 4]"}, ", axis: 2"),
            "g.yaml:5:5: reduce_sum 'h1': x is [4, 4]: axis 2 does not exist; allowed is -2 to 1");
  for (const char* kind : {"reduce_sum", "slice"})
    for (const char* axis : {"7", "-3", "-2147483648"})
      EXPECT_THAT(refusal_of_one(kind, {"[4, 4]"}, std::string(", axis: ") + axis),
                  ::testing::HasSubstr(std::string(": axis ") + axis + " does not exist; allowed is -2 to 1"));
}

TEST(GraphShapes, RearrangedTensorsKeepTheirElements) {
  EXPECT_THAT(shape_of_one("concat", {"[2, 3]", "[2, 5]", "[2, 1]"}), ElementsAre(2, 9));
  EXPECT_THAT(shape_of_one("concat", {"[2, 3]", "[4, 3]"}, ", axis: 0"), ElementsAre(6, 3));
  EXPECT_THAT(shape_of_one("slice", {"[8, 6]"}, ", begin: 2, end: 5"), ElementsAre(8, 3));
  EXPECT_THAT(shape_of_one("slice", {"[8, 6]"}, ", axis: 0, begin: 7"), ElementsAre(1, 6));
  EXPECT_THAT(shape_of_one("reshape", {"[8, 6]"}, ", shape: [2, 4, 3, 2]"), ElementsAre(2, 4, 3, 2));
  EXPECT_THAT(shape_of_one("transpose", {"[8, 6, 5]"}, ", order: [2, 0, 1]"), ElementsAre(5, 8, 6));
  EXPECT_EQ(refusal_of_one("concat", {"[2, 3]", "[3, 3]"}),
            "g.yaml:6:5: concat 'h1': input 0 is [2, 3], input 1 is [3, 3]: only axis 1 may differ");
  EXPECT_EQ(refusal_of_one("slice", {"[8, 6]"}, ", begin: 5, end: 5"),
            "g.yaml:5:5: slice 'h1': x is [8, 6]: entries [5, 5) of axis 1 are none or do not exist; allowed is 0 <= "
            "begin < end <= 6");
  EXPECT_EQ(refusal_of_one("reshape", {"[8, 6]"}, ", shape: [7, 7]"),
            "g.yaml:5:5: reshape 'h1': x is [8, 6]: shape [7, 7] has not the same number of elements");
  EXPECT_EQ(refusal_of_one("transpose", {"[8, 6]"}, ", order: [0, 0]"),
            "g.yaml:5:5: transpose 'h1': x is [8, 6]: order [0, 0] must name each of the axes 0 to 1 once");
}

TEST(GraphShapes, AttentionSharesKeysAmongHeads) {
  EXPECT_THAT(shape_of_one("attention", {"[5, 12]", "[9, 6]", "[9, 8]"}, ", heads: 4, kv_heads: 2"),
              ElementsAre(5, 16));
  EXPECT_THAT(shape_of_one("attention", {"[2, 5, 12]", "[9, 12]", "[1, 9, 12]"}, ", heads: 3, causal: true"),
              ElementsAre(2, 5, 12));
  EXPECT_EQ(
      refusal_of_one("attention", {"[5, 12]", "[9, 12]", "[9, 12]"}, ", heads: 4, kv_heads: 3"),
      "g.yaml:7:5: attention 'h1': q is [5, 12], k is [9, 12], v is [9, 12]: heads is 4 and must be a multiple of "
      "kv_heads, 3");
  EXPECT_EQ(refusal_of_one("attention", {"[5, 12]", "[9, 8]", "[9, 12]"}, ", heads: 4"),
            "g.yaml:7:5: attention 'h1': q is [5, 12], k is [9, 8], v is [9, 12]: a head of q has 3 entries, one of k "
            "2");
  EXPECT_EQ(
      refusal_of_one("attention", {"[5, 12]", "[9, 12]", "[8, 12]"}, ", heads: 4"),
      "g.yaml:7:5: attention 'h1': q is [5, 12], k is [9, 12], v is [8, 12]: k and v must have equally many rows");
  EXPECT_EQ(refusal_of_one("attention", {"[5, 12]", "[9, 12]", "[9, 12]"}, ", heads: 5"),
            "g.yaml:7:5: attention 'h1': q is [5, 12], k is [9, 12], v is [9, 12]: 5 heads of q, 5 of k and v do not "
            "share their last axes evenly");
}

TEST(GraphShapes, RotaryWantsAnAngleForEveryElementOfAHead) {
  EXPECT_THAT(shape_of_one("rotary", {"[2, 5, 12]", "[5, 4]", "[5, 4]"}, ", heads: 3"), ElementsAre(2, 5, 12));
  EXPECT_EQ(
      refusal_of_one("rotary", {"[5, 12]", "[5, 12]", "[5, 4]"}, ", heads: 3"),
      "g.yaml:7:5: rotary 'h1': x is [5, 12], cos is [5, 12], sin is [5, 4]: with 3 heads cos and sin must be [5, "
      "4]");
}

TEST(GraphShapes, RefusesADeclaredShapeThatIsNotTheResult) {
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4, 8], role: input}, y: {shape: [8, 4], role: output}}
operators: [{op: relu, inputs: [x], output: y}])"),
            "g.yaml:2:13: relu 'relu_0' gives [4, 8], but 'y' is declared as [8, 4]");
}

TEST(GraphTensors, RefusesEmptyLargeAndDeepOnes) {
  EXPECT_EQ(refusal_of_one("relu", {"[4, 0]"}),
            "g.yaml:2:3: tensor 'a' has shape [4, 0]: axis 1 is empty; every extent must be at least 1");
  EXPECT_EQ(refusal_of_one("relu", {"[1048576, 1048576]"}),
            "g.yaml:2:3: tensor 'a' has shape [1048576, 1048576]: more than 2^40 bytes");
  EXPECT_EQ(refusal_of_one("relu", {"[4294967295, 4294967295, 4294967295, 4294967295]"}),
            "g.yaml:2:3: tensor 'a' has shape [4294967295, 4294967295, 4294967295, 4294967295]: more than 2^40 bytes");
  EXPECT_EQ(refusal_of_one("relu", {"[4294967296]"}),
            "g.yaml:2:15: axis 0 of tensor 'a' is 4294967296; allowed is 0 to 4294967295");
  EXPECT_EQ(refusal_of_one("relu", {"[-4]"}), "g.yaml:2:15: axis 0 of tensor 'a' is -4; allowed is 0 to 4294967295");
  EXPECT_EQ(refusal_of_one("relu", {"[2, 2, 2, 2, 2]"}),
            "g.yaml:2:3: tensor 'a' has shape [2, 2, 2, 2, 2]: 5 axes; at most 4 are allowed");
  EXPECT_EQ(refusal_of_one("relu", {"[]"}),
            "g.yaml:2:14: shape of tensor 'a' must be a list of 1 to 4 extents, like [128, 64]");
  // Inferred shapes are checked like written ones: 2^20 x 2^20 elements.
  EXPECT_EQ(refusal_of_one("matmul", {"[1048576, 1]", "[1, 1048576]"}),
            "g.yaml:4:3: tensor 'y' has shape [1048576, 1048576]: more than 2^40 bytes");
}

TEST(GraphTensors, RefusesTypesThatNothingComputesWithYet) {
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4], role: input, dtype: bf16}, y: {role: output}}
operators: [{op: relu, inputs: [x], output: y}])"),
            "g.yaml:1:11: tensor 'x' is bf16: operators compute with f32 only so far");
  EXPECT_EQ(refusal("tensors: {x: {shape: [4], role: input, dtype: fp32}}\noperators: []"),
            "g.yaml:1:47: dtype of tensor 'x' is 'fp32' (did you mean 'f32'?); allowed: f32, f64, f16, bf16, i8, u8, "
            "i32, i64");
}

TEST(GraphRoles, MustBeGivenAndKept) {
  EXPECT_EQ(refusal("tensors: {x: {shape: [4]}}\noperators: []"),
            "g.yaml:1:11: tensor 'x' has no role; allowed: input, constant, output, intermediate");
  EXPECT_EQ(refusal("tensors: {x: {shape: [4], role: imput}}\noperators: []"),
            "g.yaml:1:33: role of tensor 'x' is 'imput' (did you mean 'input'?); allowed: input, constant, output, "
            "intermediate");
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4], role: input}, y: {role: output}, z: {role: output}}
operators: [{op: relu, inputs: [x], output: y}])"),
            "g.yaml:1:60: output 'z' is produced by no operator");
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4], role: input}, w: {shape: [4], role: constant}}
operators: [{op: relu, inputs: [x], output: w}])"),
            "g.yaml:2:13: relu 'relu_0' writes 'w', which is a constant");
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4], role: input}, y: {role: output}}
operators:
  - {op: relu, inputs: [x], output: y}
  - {op: gelu, inputs: [x], output: y}
)"),
            "g.yaml:4:5: tensor 'y' is produced twice: by relu 'relu_0' and by gelu 'gelu_1'");
  EXPECT_EQ(refusal("tensors: {x: {shape: [4], role: input}}\noperators: [{op: relu, inputs: [x], output: h}]"),
            "g.yaml:2:45: tensor 'h' is read by no operator and is no output");
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4], role: input}, w: {shape: [4], role: constant}, y: {role: output}}
operators: [{op: relu, inputs: [x], output: y}])"),
            "g.yaml:1:41: tensor 'w' is read by no operator and is no output");
  EXPECT_EQ(refusal(R"(tensors: {h: {shape: [4], role: intermediate}, y: {role: output}}
operators: [{op: relu, inputs: [h], output: y}])"),
            "g.yaml:1:11: tensor 'h' is produced by no operator");
}

// What goes element by element by the list of operators has a kernel that does by its contract.
TEST(GraphOperators, ElementwiseOnesAreThoseWithPointwiseKernels) {
  for (const OperatorInfo& op : kOperators) {
    const Contract* contract = find_contract(pointwise_kernel(op.kind));
    const bool pointwise = contract != nullptr && contract->family == Family::kPointwise;
    EXPECT_EQ(is_elementwise(op.kind), pointwise) << op.name;
  }
}

std::string known_operators() {
  std::string names;
  for (const OperatorInfo& op : kOperators) names += (names.empty() ? "" : ", ") + std::string(op.name);
  return names;
}

TEST(GraphOperators, RefusesUnknownWordsAndGuesses) {
  EXPECT_EQ(refusal_of_one("matmull", {"[4, 4]", "[4, 4]"}),
            "g.yaml:6:10: unknown operator 'matmull' (did you mean 'matmul'?); known: " + known_operators());
  EXPECT_EQ(refusal_of_one("convolution", {"[4, 4]"}),
            "g.yaml:5:10: unknown operator 'convolution'; known: " + known_operators());
  EXPECT_EQ(
      refusal_of_one("matmul", {"[4, 4]", "[4, 4]"}, ", transposed_b: true"),
      "g.yaml:6:55: unknown key 'transposed_b' in matmul 'h1' (did you mean 'transpose_b'?); allowed: op, inputs, "
      "output, name, transpose_a, transpose_b");
  EXPECT_EQ(refusal_of_one("relu", {"[4, 4]"}, ", transpose_b: true"),
            "g.yaml:5:50: unknown key 'transpose_b' in relu 'h1'; allowed: op, inputs, output, name");
  EXPECT_EQ(refusal_of_one("gelu", {"[4]"}, ", form: sigmoid"),
            "g.yaml:5:56: form of gelu 'h1' must be erf or tanh, not 'sigmoid'");
  EXPECT_EQ(refusal_of_one("layer_norm", {"[4]", "[4]", "[4]"}, ", epsilon: -1"),
            "g.yaml:7:71: epsilon of layer_norm 'h1' is -1; allowed is 0 to 1");
  EXPECT_EQ(refusal("tensors: {x: {shape: [4], role: input}}\noperators: [{op: relu, inputs: [xx], output: y}]"),
            "g.yaml:2:33: input 'xx' of relu is no tensor");
  EXPECT_EQ(refusal("tensors: {input: {shape: [4], role: input}}\noperators: [{op: relu, inputs: [imput], output: y}]"),
            "g.yaml:2:33: input 'imput' of relu is no tensor (did you mean 'input'?)");
  EXPECT_EQ(refusal_of_one("matmul", {"[4, 4]"}), "g.yaml:5:5: matmul 'h1' has 1 inputs and takes 2: a b");
}

TEST(GraphOperators, RefusesUnknownKeysAtTheTop) {
  EXPECT_EQ(refusal("tensor: {}\noperators: []"),
            "g.yaml:1:1: unknown key 'tensor' in the graph (did you mean 'tensors'?); allowed: graph, scalars, "
            "states, tables, tensors, operators");
  EXPECT_EQ(refusal("tensors: {}"), "g.yaml:1:1: the graph has no 'operators'");
  EXPECT_EQ(refusal("tensors: {}\noperators: []"), "g.yaml: the graph has no operators");
  EXPECT_EQ(refusal("- 1"), "g.yaml:1:1: the graph must be a map, not a list");
}

TEST(GraphOperators, RefusesNamesThatAScheduleCannotSay) {
  EXPECT_EQ(refusal("tensors: {'a b': {shape: [4], role: input}}\noperators: [{op: relu, inputs: ['a b'], output: y}]"),
            "g.yaml:1:11: tensor name 'a b' is not allowed: letters, digits, _ and . only, a letter or _ first, at "
            "most 255");
  EXPECT_EQ(refusal(R"(tensors: {x: {shape: [4], role: input}, y: {role: output}}
operators:
  - {op: relu, name: r, inputs: [x], output: h}
  - {op: relu, name: r, inputs: [h], output: y}
)"),
            "g.yaml:4:5: two operators are named 'r'");
}

//  a -> b -> c -> a
// ---- Scalars, states and tables ------------------------------------------------

// An attention step over a cache of 16 rows.
std::string step(std::string_view cache, std::string_view append, std::string_view more = "", int max = 15) {
  return "scalars: {position: {max: " + std::to_string(max) + "}, other: {max: 3}}\nstates: {cache: {shape: [16, 8]" +
         std::string(cache) + "}}\ntensors: {q: {shape: [1, 8], role: input}, y: {role: output}}\noperators:\n" +
         "  - {op: append, name: grow, inputs: [cache, q], output: grown" + std::string(append) + "}\n" +
         "  - {op: attention, name: look, inputs: [q, grown, grown], output: y}\n" + std::string(more);
}

TEST(GraphStates, AppendedRowsAreFilled) {
  const Graph graph = graph_of(step(", filled: position", ", at: position"));
  const GraphTensor& cache = graph.tensors[0];
  EXPECT_EQ(cache.role, TensorRole::kState);
  EXPECT_EQ(cache.filled, (Moving{0, 0}));
  const GraphTensor& grown = graph.tensors[graph.operators[0].output];
  EXPECT_EQ(grown.filled, (Moving{0, 1}));
  EXPECT_THAT(grown.shape, ElementsAre(16, 8));
}

TEST(GraphStates, AFixedPlaceLeavesTheRowsUntilThere) {
  const Graph graph = graph_of(step("", ", at: 5"));
  const GraphTensor& grown = graph.tensors[graph.operators[0].output];
  EXPECT_FALSE(grown.filled.moves());
  EXPECT_THAT(grown.shape, ElementsAre(6, 8));
}

TEST(GraphStates, OneRowGoesRoundTheEnd) {
  EXPECT_EQ(refusal(step(", filled: position", ", at: position", "", 100)), "accepted");
}

TEST(GraphStates, RefusesWhatWouldReadRowsThatHoldNothing) {
  EXPECT_EQ(refusal(step(", filled: position", ", at: other")),
            "g.yaml:5:5: append 'grow': state is [16, 8], x is [1, 8]: writes from row 'other' on, but before it "
            "'position' rows hold something");
  EXPECT_EQ(refusal(step(", filled: position", ", at: 1")),
            "g.yaml:5:5: append 'grow': state is [16, 8], x is [1, 8]: writes rows [1, 2); allowed is to begin within "
            "the rows that surely hold something, at most at 0, and to end within 16");
  EXPECT_EQ(refusal("scalars: {n: {max: 4}}\nstates: {cache: {shape: [16, 8], filled: n}}\n"
                    "tensors: {y: {role: output}}\noperators: [{op: relu, inputs: [cache], output: y}]"),
            "g.yaml:4:13: relu 'relu_0': input 'cache' holds only its first 'n' entries; attention, slice and append "
            "alone read such tensors");
  EXPECT_EQ(refusal("scalars: {n: {max: 9}}\ntensors: {x: {shape: [8, 2], role: input}, y: {role: output}}\n"
                    "operators: [{op: slice, inputs: [x], output: y, axis: 0, at: n, length: 1}]"),
            "g.yaml:3:13: slice 'slice_0': x is [8, 2]: entries [0, 10) may be asked for, and axis 0 has 8: scalar 'n' "
            "may be 0 to 7 here, and is declared 0 to 9");
}

TEST(GraphStates, ReadersOfAStateComeBeforeItsChange) {
  const Graph graph = graph_of(step("", ", at: 3",
                                    "  - {op: slice, name: old, inputs: [cache], output: part, axis: 0, end: 4}\n"
                                    "  - {op: relu, name: use, inputs: [part], output: z}\n"
                                    "  - {op: add, name: sum, inputs: [z, z], output: z2}\n"
                                    "  - {op: reduce_sum, inputs: [z2], output: z3}\n"
                                    "  - {op: reshape, inputs: [z3], output: z4, shape: [1, 4]}\n"
                                    "  - {op: matmul, inputs: [z4, part2], output: o}\n"
                                    "  - {op: slice, inputs: [cache], output: part2, axis: 0, end: 4}\n"
                                    "  - {op: append, name: again, inputs: [grown, o], output: last, at: 4}\n"));
  std::string order;
  for (const GraphOperator& op : graph.operators) order += op.name + " ";
  EXPECT_LT(order.find("use "), order.find("grow "));
  EXPECT_LT(order.find("matmul_7 "), order.find("grow "));
  EXPECT_LT(order.find("look "), order.find("again "));
}

TEST(GraphStates, RefusesTwoChangesOfOneVersion) {
  EXPECT_EQ(
      refusal(step("", ", at: 3", "  - {op: append, name: again, inputs: [cache, q], output: other_one, at: 4}\n")),
      "g.yaml:7:5: 'cache' is changed twice: by 'grow' and by 'again'; the second takes the result of the first");
  // What reads a state as it was cannot come after its change.
  EXPECT_EQ(refusal("states: {cache: {shape: [4, 8]}}\n"
                    "tensors: {q: {shape: [1, 8], role: input}, y: {role: output}}\noperators:\n"
                    "  - {op: append, name: grow, inputs: [cache, q], output: grown, at: 3}\n"
                    "  - {op: add, name: sum, inputs: [grown, cache], output: y}\n"),
            "g.yaml:4:5: operators form a cycle: grow -> sum -> grow");
}

TEST(GraphTables, RefusesRowNumbersThatAreNone) {
  const auto gather = [](const std::string& rows) {
    return refusal("tables: {rows: " + rows + "}\ntensors: {x: {shape: [8, 2], role: constant}, y: {role: output}}\n" +
                   "operators: [{op: gather, inputs: [x, rows], output: y}]");
  };
  EXPECT_EQ(gather("{shape: [3], limit: 8, distinct: true}"), "accepted");
  EXPECT_EQ(gather("{shape: [3]}"), "g.yaml:1:16: table 'rows' needs a 'limit' that its entries are below");
  EXPECT_EQ(gather("{shape: [3], limit: 8, dtype: f32}"), "g.yaml:1:10: table 'rows' is f32; allowed is i32 or i64");
  EXPECT_EQ(refusal_of_one("gather", {"[8, 2]", "[3]"}),
            "g.yaml:6:5: gather 'h1': input 'b' is f32; row numbers are i32 or i64");
}

TEST(GraphScalars, AreSumsOfAScalarAndANumber) {
  const auto slice = [](const std::string& end) {
    return refusal(
        "scalars: {n: {min: 1, max: 7}}\nstates: {x: {shape: [8, 2]}}\n"
        "tensors: {q: {shape: [1, 2], role: input}, y: {role: output}}\noperators:\n"
        "  - {op: slice, inputs: [x], output: k, axis: 0, end: " +
        end + "}\n  - {op: attention, inputs: [q, k, k], output: y}");
  };
  EXPECT_EQ(slice("n"), "accepted");
  EXPECT_EQ(slice("n + 1"), "accepted");
  EXPECT_EQ(slice("n - 1"), "accepted");
  EXPECT_EQ(
      slice("m"),
      "g.yaml:5:55: end of slice 'slice_0' is 'm', and there is no scalar 'm'; allowed is an integer, a scalar, or "
      "a scalar + or - an integer");
  EXPECT_EQ(slice("n * 2"),
            "g.yaml:5:55: end of slice 'slice_0' is 'n * 2'; allowed is an integer, a scalar, or a scalar + or - an "
            "integer");
  EXPECT_EQ(refusal("scalars: {n: {min: 3, max: 2}}\ntensors: {x: {shape: [4], role: input}, y: {role: output}}\n"
                    "operators: [{op: relu, inputs: [x], output: y}]"),
            "g.yaml:1:11: scalar 'n' is declared 3 to 2; the smallest comes first, both within +-2^62");
}

TEST(GraphCycle, IsPrinted) {
  EXPECT_EQ(refusal(R"(
tensors: {x: {shape: [4], role: input}, y: {role: output}}
operators:
  - {op: relu, name: in, inputs: [x], output: t0}
  - {op: add, name: a, inputs: [t0, t3], output: t1}
  - {op: relu, name: b, inputs: [t1], output: t2}
  - {op: relu, name: c, inputs: [t2], output: t3}
  - {op: relu, name: after, inputs: [t3], output: y}
)"),
            "g.yaml:5:5: operators form a cycle: a -> b -> c -> a");
}

TEST(GraphCycle, OfOneOperatorIsPrinted) {
  EXPECT_EQ(refusal("tensors: {y: {role: output}}\noperators: [{op: relu, name: r, inputs: [y], output: y}]"),
            "g.yaml:2:13: operators form a cycle: r -> r");
}

TEST(GraphCycle, LongOneIsCutShort) {
  std::string text = "tensors: {y: {role: output}}\noperators:\n";
  for (int i = 0; i < 20; ++i)
    text += "  - {op: relu, name: r" + std::to_string(i) + ", inputs: [" + (i == 0 ? "y" : "t" + std::to_string(i)) +
            "], output: " + (i == 19 ? "y" : "t" + std::to_string(i + 1)) + "}\n";
  EXPECT_EQ(refusal(text),
            "g.yaml:3:5: operators form a cycle: r0 -> r1 -> r2 -> r3 -> r4 -> r5 -> r6 -> r7 -> ... 12 more ... -> "
            "r0");
}

TEST(GraphSize, AHundredThousandOperatorsAreFine) {
  // Written back to front, so that the order must be found.
  constexpr int kCount = 100000;
  std::string text =
      "tensors: {t0: {shape: [4], role: input}, t" + std::to_string(kCount) + ": {role: output}}\noperators:\n";
  for (int i = kCount; i-- > 0;)
    text += "- {op: relu, inputs: [t" + std::to_string(i) + "], output: t" + std::to_string(i + 1) + "}\n";
  const Graph graph = graph_of(text);
  ASSERT_EQ(graph.operators.size(), static_cast<size_t>(kCount));
  EXPECT_EQ(graph.tensors[graph.operators[0].inputs[0]].name, "t0");
}

TEST(GraphInCode, IsFinishedLikeOneFromAFile) {
  Graph graph;
  graph.tensors = {{"x", TensorRole::kInput, DType::kF32, {4, 8}, {}}, {"y", TensorRole::kOutput, DType::kF32, {}, {}}};
  graph.operators.resize(1);
  graph.operators[0].kind = OperatorKind::kRelu;
  graph.operators[0].inputs = {0};
  graph.operators[0].output = 1;
  ASSERT_TRUE(finish_graph(graph).ok());
  EXPECT_THAT(graph.tensors[1].shape, ElementsAre(4, 8));

  graph.operators[0].inputs = {7};
  const Status status = finish_graph(graph);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().to_string(), "relu 'relu_0' reads tensor 7 of 2");
}

TEST(GraphLibrary, EveryCommittedGraphIsRead) {
  for (const char* name : {"mlp", "mlp128", "mlp-784-512-512-10", "attention"}) {
    const Result<Graph> graph = load_graph(std::string(RONDO_SOURCE_DIR "/schedules/library/") + name + ".yaml");
    ASSERT_TRUE(graph.ok()) << graph.error().to_string();
    EXPECT_EQ(graph->name, name);
  }
}

TEST(GraphFile, ThatDoesNotExistIsSaidToBeMissing) {
  const Result<Graph> graph = load_graph("/nowhere/g.yaml");
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rondo
