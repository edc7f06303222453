// What rounding usually makes, beside f32 itself.
#include "planner/evaluate/usual_errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "planner/evaluate/random_data.h"
#include "tests/planner/graph_text.h"

namespace rondo {
namespace {

struct GivenGraph {
  Graph graph;
  std::map<std::string, std::vector<float>, std::less<>> data;
  GraphData given;
  EvaluatedTensors reference;

  explicit GivenGraph(const std::string& text) : graph(testing::graph_of(text)), data(random_inputs(graph, 3)) {
    for (const auto& [name, values] : data) given.floats[name] = values;
    auto results = evaluate_graph(graph, given);
    EXPECT_TRUE(results.ok());
    reference = *std::move(results);
  }
  std::vector<double> usual(uint32_t samples = 1, uint64_t seed = 1) const {
    auto made = usual_errors(graph, given, reference, samples, seed);
    EXPECT_TRUE(made.ok());
    return made.ok() ? made->at("y") : std::vector<double>{};
  }
};

const char* const kTwoProducts = R"(
tensors:
  x: {shape: [6, 256], role: input}
  v: {shape: [256, 256], role: constant}
  w: {shape: [256, 256], role: constant}
  y: {role: output}
operators:
  - {op: matmul, inputs: [x, v], output: h}
  - {op: matmul, inputs: [h, w], output: y}
)";

TEST(UsualErrors, AreThoseOfF32ToASmallFactor) {
  const GivenGraph two(kTwoProducts);
  const auto product = [](const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> c(6 * 256);
    for (size_t i = 0; i < 6; ++i)
      for (size_t k = 0; k < 256; ++k)
        for (size_t j = 0; j < 256; ++j) c[i * 256 + j] = std::fma(a[i * 256 + k], b[k * 256 + j], c[i * 256 + j]);
    return c;
  };
  const std::vector<float> y = product(product(two.data.at("x"), two.data.at("v")), two.data.at("w"));
  const std::vector<double> usual = two.usual();
  ASSERT_EQ(usual.size(), 6u);
  for (size_t row = 0; row < 6; ++row) {
    double squares = 0;
    for (size_t i = row * 256; i < (row + 1) * 256; ++i)
      squares += std::pow(static_cast<double>(y[i]) - two.reference.at("y").value[i], 2) / 256;
    EXPECT_LT(usual[row], 4 * std::sqrt(squares));
    EXPECT_GT(usual[row], std::sqrt(squares) / 4);
  }
  const Unusual worst = most_unusual(two.reference.at("y"), usual, y);
  EXPECT_GT(worst.ratio, 1);
  EXPECT_LT(worst.ratio, 20);
}

TEST(UsualErrors, PointAtTheElementThatIsWrong) {
  const GivenGraph two(kTwoProducts);
  std::vector<float> y;
  for (const double value : two.reference.at("y").value) y.push_back(static_cast<float>(value));
  y[700] += 1e-2f;  // far less than its bound
  const Unusual worst = most_unusual(two.reference.at("y"), two.usual(), y);
  EXPECT_EQ(worst.index, 700u);
  EXPECT_GT(worst.ratio, kUnusual);
}

TEST(UsualErrors, AreTheSameForTheSameSeed) {
  const GivenGraph two(kTwoProducts);
  EXPECT_EQ(two.usual(2, 5), two.usual(2, 5));
  EXPECT_NE(two.usual(2, 5), two.usual(2, 6));
}

TEST(UsualErrors, OfCopiesAreNone) {
  const GivenGraph copy(
      "tensors: {x: {shape: [4, 3], role: input}, y: {role: output}}\n"
      "operators: [{op: transpose, inputs: [x], output: y, order: [1, 0]}]");
  EXPECT_THAT(copy.usual(), ::testing::Each(0.0));
  std::vector<float> y;
  for (const double value : copy.reference.at("y").value) y.push_back(static_cast<float>(value));
  EXPECT_EQ(most_unusual(copy.reference.at("y"), copy.usual(), y).ratio, 0);
  y[5] = std::nextafter(y[5], 2.0f);
  EXPECT_TRUE(std::isinf(most_unusual(copy.reference.at("y"), copy.usual(), y).ratio));
}

TEST(UsualErrors, SayWhatIsMissing) {
  const GivenGraph two(kTwoProducts);
  EXPECT_EQ(usual_errors(two.graph, {}, two.reference).error().message, "there is no data for 'x'");
}

}  // namespace
}  // namespace rondo
