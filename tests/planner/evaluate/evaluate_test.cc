// The reference against values known from mathematics, and bounds that hold tight.
#include "planner/evaluate/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "planner/evaluate/random_data.h"
#include "tests/planner/graph_text.h"

namespace rondo {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using testing::graph_of;
using Data = std::map<std::string, std::vector<float>, std::less<>>;

NamedData spans(const Data& data) {
  NamedData named;
  for (const auto& [name, values] : data) named[name] = values;
  return named;
}

// `op` over inputs a, b, c of the given shapes.
Evaluated evaluate_one(const std::string& op, const std::vector<std::string>& shapes, const Data& data,
                       const std::string& attributes = "") {
  std::string text = "tensors:\n", inputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    text += "  " + name + ": {shape: " + shapes[i] + ", role: input}\n";
    inputs += (i == 0 ? "" : ", ") + name;
  }
  text += "  y: {role: output}\noperators: [{op: " + op + ", inputs: [" + inputs + "], output: y" + attributes + "}]\n";
  auto results = evaluate_graph(graph_of(text), spans(data));
  EXPECT_TRUE(results.ok()) << results.error().to_string();
  return results.ok() ? std::move(results->at("y")) : Evaluated{};
}

using ::testing::DoubleEq;
using ::testing::Each;
using ::testing::ElementsAre;

TEST(Evaluate, MultipliesMatrices) {
  const Data data = {{"a", {1, 2, 3, 4, 5, 6}}, {"b", {1, 0, 0, 1, 1, 1}}};
  EXPECT_THAT(evaluate_one("matmul", {"[2, 3]", "[3, 2]"}, data).value, ElementsAre(4, 5, 10, 11));
}

TEST(Evaluate, MultipliesTransposedMatrices) {
  // The same product, both operands stored the other way round.
  const Data data = {{"a", {1, 4, 2, 5, 3, 6}}, {"b", {1, 0, 1, 0, 1, 1}}};
  EXPECT_THAT(evaluate_one("matmul", {"[3, 2]", "[2, 3]"}, data, ", transpose_a: true, transpose_b: true").value,
              ElementsAre(4, 5, 10, 11));
}

TEST(Evaluate, MultipliesBatchesAndRepeatsWhatIsBroadcast) {
  const Data data = {{"a", {1, 2}}, {"b", {1, 10, 100}}};
  EXPECT_THAT(evaluate_one("matmul", {"[2, 1, 1, 1]", "[3, 1, 1]"}, data).value, ElementsAre(1, 10, 100, 2, 20, 200));
}

TEST(Evaluate, BroadcastsSumsAndProducts) {
  const Data data = {{"a", {1, 2}}, {"b", {10, 20, 30}}};
  EXPECT_THAT(evaluate_one("add", {"[2, 1]", "[3]"}, data).value, ElementsAre(11, 21, 31, 12, 22, 32));
  EXPECT_THAT(evaluate_one("mul", {"[2, 1]", "[3]"}, data).value, ElementsAre(10, 20, 30, 20, 40, 60));
}

TEST(Evaluate, SoftmaxRowsSumToOne) {
  const Evaluated y = evaluate_one("softmax", {"[2, 4]"}, {{"a", {1, 2, 3, 4, 1000, 1000, -1000, 1000}}});
  EXPECT_THAT(y.value[0] + y.value[1] + y.value[2] + y.value[3], DoubleEq(1));
  EXPECT_THAT(y.value[4] + y.value[5] + y.value[6] + y.value[7], DoubleEq(1));
  EXPECT_THAT(y.value[1] / y.value[0], DoubleEq(std::exp(1.0)));
}

TEST(Evaluate, LayerNormRowsHaveMeanZeroAndVarianceOne) {
  const Data data = {{"a", {1, 2, 3, 6}}, {"b", {1, 1, 1, 1}}, {"c", {0, 0, 0, 0}}};
  const Evaluated y = evaluate_one("layer_norm", {"[4]", "[4]", "[4]"}, data, ", epsilon: 0");
  double sum = 0, squares = 0;
  for (double v : y.value) sum += v, squares += v * v;
  EXPECT_NEAR(sum, 0, 1e-12);
  EXPECT_NEAR(squares / 4, 1, 1e-12);
}

TEST(Evaluate, GeluFormsAgreeToThreeDigitsAndPassThroughZero) {
  const Data data = {{"a", {-10, -1, 0, 1, 10}}};
  const Evaluated erf = evaluate_one("gelu", {"[5]"}, data), tanh = evaluate_one("gelu", {"[5]"}, data, ", form: tanh");
  EXPECT_EQ(erf.value[2], 0);
  EXPECT_NEAR(erf.value[3], 0.8413447460685429, 1e-15);  // Phi(1)
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(erf.value[i], tanh.value[i], 1e-3);
}

TEST(Evaluate, ReducesOneAxis) {
  const Data data = {{"a", {1, 2, 3, 4, 5, 6}}};
  EXPECT_THAT(evaluate_one("reduce_sum", {"[2, 3]"}, data).value, ElementsAre(6, 15));
  EXPECT_THAT(evaluate_one("reduce_max", {"[2, 3]"}, data, ", axis: 0").value, ElementsAre(4, 5, 6));
  EXPECT_THAT(evaluate_one("reduce_mean", {"[3, 2, 1]"}, data, ", axis: 1").value, ElementsAre(1.5, 3.5, 5.5));
}

TEST(Evaluate, RearrangesElements) {
  const Data data = {{"a", {1, 2, 3, 4, 5, 6}}, {"b", {7, 8}}};
  EXPECT_THAT(evaluate_one("concat", {"[2, 3]", "[2, 1]"}, data).value, ElementsAre(1, 2, 3, 7, 4, 5, 6, 8));
  EXPECT_THAT(evaluate_one("slice", {"[2, 3]"}, {{"a", data.at("a")}}, ", begin: 1").value, ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(evaluate_one("transpose", {"[2, 3]"}, {{"a", data.at("a")}}, ", order: [1, 0]").value,
              ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Evaluate, SigmoidAndItsMirrorSumToOne) {
  const Data data = {{"a", {-30, -1, 0, 2, 30}}}, mirrored = {{"a", {30, 1, 0, -2, -30}}};
  const Evaluated y = evaluate_one("sigmoid", {"[5]"}, data), z = evaluate_one("sigmoid", {"[5]"}, mirrored);
  for (size_t i = 0; i < 5; ++i) EXPECT_THAT(y.value[i] + z.value[i], DoubleEq(1));
}

TEST(Evaluate, RotaryKeepsTheLengthOfEveryPair) {
  // cos and sin of one angle for both elements of a pair; the odd last column passes through.
  const float c = 0.6f, s = 0.8f;
  const Data data = {{"a", {3, 4, 5, 6, 7}}, {"b", {c, c, c, c, 0}}, {"c", {s, s, s, s, 0}}};
  for (const char* pairing : {"half", "interleaved"}) {
    const Evaluated y =
        evaluate_one("rotary", {"[1, 5]", "[1, 5]", "[1, 5]"}, data, std::string(", pairing: ") + pairing);
    const size_t mate = pairing[0] == 'h' ? 2 : 1;
    const double x0 = 3, x1 = mate == 2 ? 5 : 4;
    EXPECT_NEAR(y.value[0], x0 * double{c} - x1 * double{s}, 1e-12);
    EXPECT_NEAR(y.value[0] * y.value[0] + y.value[mate] * y.value[mate], x0 * x0 + x1 * x1, 1e-5);
    EXPECT_EQ(y.value[4], 7);
  }
}

TEST(Evaluate, AttentionOverEqualValuesGivesThem) {
  const Data data = {{"a", random_floats(1, "q", 4 * 6)},
                     {"b", random_floats(2, "k", 3 * 6)},
                     {"c", std::vector<float>(3 * 4, 0.25f)}};
  for (const double y : evaluate_one("attention", {"[4, 6]", "[3, 6]", "[3, 4]"}, data, ", heads: 2").value)
    EXPECT_THAT(y, DoubleEq(0.25));
  // Aligned at the end: of 4 queries and 3 keys the first sees none.
  const Evaluated causal = evaluate_one("attention", {"[4, 6]", "[3, 6]", "[3, 4]"}, data, ", heads: 2, causal: true");
  EXPECT_EQ(causal.value[0], 0);
  EXPECT_THAT(causal.value[4], DoubleEq(0.25));
}

TEST(Evaluate, GatherClampsAndStatesGoRound) {
  const Graph graph = graph_of(
      "scalars: {n: {max: 9}}\nstates: {cache: {shape: [3, 1]}}\n"
      "tensors: {x: {shape: [2, 1], role: input}, r: {shape: [3], role: input, dtype: i32}, y: {role: output},\n"
      "          one: {shape: [1, 1], role: input}}\n"
      "operators:\n  - {op: gather, inputs: [x, r], output: y}\n"
      "  - {op: append, inputs: [cache, one], output: after, at: n}");
  const std::vector<float> x = {10, 20}, one = {5}, cache = {1, 2, 3};
  const std::vector<int64_t> rows = {-4, 1, 99};
  GraphData given;
  given.floats = {{"x", x}, {"one", one}, {"cache", cache}};
  given.indices["r"] = rows;
  given.scalars["n"] = 7;
  const auto results = evaluate_graph(graph, given);
  ASSERT_TRUE(results.ok()) << results.error().to_string();
  EXPECT_THAT(results->at("y").value, ElementsAre(10, 20, 20));
  EXPECT_THAT(results->at("cache").value, ElementsAre(1, 5, 3));  // row 7 modulo 3
  given.scalars["n"] = 10;
  EXPECT_EQ(evaluate_graph(graph, given).error().message, "scalar 'n' is 10; allowed is 0 to 9");
}

TEST(Evaluate, NanPropagates) {
  EXPECT_TRUE(std::isnan(evaluate_one("relu", {"[1]"}, {{"a", {kNan}}}).value[0]));
  EXPECT_THAT(evaluate_one("softmax", {"[3]"}, {{"a", {1, kNan, 2}}}).value, Each(::testing::IsNan()));
}

TEST(Evaluate, SaysWhatIsMissingOrOfTheWrongSize) {
  const Graph graph = graph_of(
      "tensors: {x: {shape: [2, 2], role: input}, y: {role: output}}\n"
      "operators: [{op: relu, inputs: [x], output: y}]");
  EXPECT_EQ(evaluate_graph(graph, NamedData{}).error().message, "there is no data for 'x'");
  const std::vector<float> three(3);
  const Result<std::map<std::string, Evaluated, std::less<>>> result = evaluate_graph(graph, NamedData{{"x", three}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "data for 'x' has 3 elements; its shape has 4");
}

// A bound that nothing exceeds is worthless if it is too wide: u (k R + sum |a||b|), R the
// most that neighbouring products add up to. Here 4, -10 and 18: -10 + 18 and 18 are less than 18.
TEST(EvaluateBound, OfExactOperandsIsUTimesKPartialSumsAndTheProducts) {
  const Evaluated y = evaluate_one("matmul", {"[1, 3]", "[3, 1]"}, {{"a", {1, -2, 3}}, {"b", {4, 5, 6}}});
  EXPECT_NEAR(y.bound[0], 0x1p-24 * (3 * 18 + (4 + 10 + 18)), 1e-12);
}

// In order, backwards, in runs that are added, and in halves of halves.
TEST(EvaluateBound, HoldsForF32SumsOfNeighbours) {
  const Data data = {{"a", random_floats(1, "a", 300)}, {"b", random_floats(2, "b", 300)}};
  const Evaluated y = evaluate_one("matmul", {"[1, 300]", "[300, 1]"}, data);
  float forward = 0, backward = 0;
  for (size_t i = 0; i < 300; ++i) forward += data.at("a")[i] * data.at("b")[i];
  for (size_t i = 300; i-- > 0;) backward += data.at("a")[i] * data.at("b")[i];
  const std::function<float(size_t, size_t)> halves = [&](size_t from, size_t to) {
    const size_t middle = (from + to) / 2;
    return to - from == 1 ? data.at("a")[from] * data.at("b")[from] : halves(from, middle) + halves(middle, to);
  };
  float runs = 0;
  for (size_t from = 0; from < 300; from += 32) {
    float run = 0;
    for (size_t i = from; i < std::min<size_t>(from + 32, 300); ++i)
      run = std::fma(data.at("a")[i], data.at("b")[i], run);
    runs += run;
  }
  for (const float sum : {forward, backward, halves(0, 300), runs})
    EXPECT_TRUE(compare(y, std::vector<float>{sum}).agrees());
}

TEST(EvaluateBound, IsExceededByOneDroppedProduct) {
  const Data data = {{"a", random_floats(1, "a", 300)}, {"b", random_floats(2, "b", 300)}};
  const Evaluated y = evaluate_one("matmul", {"[1, 300]", "[300, 1]"}, data);
  float sum = 0;
  for (size_t i = 0; i < 299; ++i) sum += data.at("a")[i] * data.at("b")[i];
  const Comparison comparison = compare(y, std::vector<float>{sum});
  EXPECT_FALSE(comparison.agrees());
  EXPECT_GT(comparison.worst_ratio, 100);
}

TEST(Compare, AcceptsNanOnBothSidesOnly) {
  Evaluated expected{{2}, {std::nan(""), 1}, {0.1, 0.1}};
  EXPECT_TRUE(compare(expected, std::vector<float>{kNan, 1}).agrees());
  EXPECT_EQ(compare(expected, std::vector<float>{kNan, kNan}).outside, 1u);
  EXPECT_EQ(compare(expected, std::vector<float>{0, 1}).outside, 1u);
}

TEST(RandomData, IsTheSameForTheSameSeedAndNameAndBelowItsScale) {
  EXPECT_EQ(random_floats(1, "x", 100), random_floats(1, "x", 100));
  EXPECT_NE(random_floats(1, "x", 100), random_floats(2, "x", 100));
  EXPECT_NE(random_floats(1, "x", 100), random_floats(1, "y", 100));
  for (float v : random_floats(3, "x", 1000, 0.5f)) EXPECT_LT(std::fabs(v), 0.5001f);
}

TEST(RandomData, KeepsItsBits) {
  // Frozen: files of expected results depend on it.
  EXPECT_THAT(random_floats(1, "x", 3), ElementsAre(7792255 * 0x1p-23f, 5228443 * 0x1p-23f, 6547959 * 0x1p-23f));
}

}  // namespace
}  // namespace rondo
