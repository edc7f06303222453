// Bounds on the length of a row's errors: no error that is allowed gets beyond them, and
// the worst ones come near.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "planner/evaluate/evaluation.h"
#include "planner/evaluate/random_data.h"
#include "tests/planner/graph_text.h"

namespace rondo {
namespace {

using evaluating::Evaluation;
using testing::graph_of;

std::vector<double> doubles(uint64_t seed, const char* name, uint64_t count, float scale = 1) {
  const std::vector<float> values = random_floats(seed, name, count, scale);
  return {values.begin(), values.end()};
}

double length_of(std::span<const double> values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

// One operator over tensors whose rows are known up to errors of a given length.
struct Known {
  const char* name;
  std::vector<uint32_t> shape;
  double length = 0;
  float scale = 1, shift = 0;
};

class OneOperator {
 public:
  // `factor` 0: no roundings, so that only what comes in counts.
  OneOperator(const std::string& op, const std::string& attributes, const std::vector<Known>& known, uint64_t seed,
              double factor = 0)
      : graph_(graph_of(text(op, attributes, known))), factor_(factor) {
    for (const Known& of : known) {
      uint64_t count = 1;
      for (const uint32_t extent : of.shape) count *= extent;
      Evaluated made{of.shape, doubles(seed, of.name, count, of.scale), std::vector<double>(count, of.length)};
      for (double& value : made.value) value += static_cast<double>(of.shift);
      made.row_bound.assign(count / of.shape.back(), of.length);
      inputs.push_back(std::move(made));
    }
  }

  Evaluated evaluate(const std::vector<Evaluated>& given) const {
    Evaluation it{graph_, factor_, {}, given};
    const GraphOperator& op = graph_.operators[0];
    Evaluated out;
    out.shape = graph_.tensors[op.output].shape;
    out.value.assign(evaluating::count_of(out.shape), 0);
    out.bound.assign(out.value.size(), 0);
    family(op.kind)(it, op, out);
    evaluating::settle_bounds(out);
    return out;
  }
  Evaluated bounds() const { return evaluate(inputs); }

  // The result without bounds where the inputs are off by these errors.
  std::vector<double> with(const std::vector<std::vector<double>>& errors) const {
    std::vector<Evaluated> moved = inputs;
    for (size_t i = 0; i < moved.size(); ++i) {
      for (size_t j = 0; j < errors[i].size(); ++j) moved[i].value[j] += errors[i][j];
      moved[i].bound.assign(moved[i].bound.size(), 0);
      moved[i].row_bound.assign(moved[i].row_bound.size(), 0);
    }
    return evaluate(moved).value;
  }

  // Errors of every row in random directions, as long as they may be.
  std::vector<std::vector<double>> errors(std::mt19937_64& random) const {
    std::vector<std::vector<double>> made;
    std::normal_distribution<double> normal;
    for (const Evaluated& input : inputs) {
      std::vector<double>& of = made.emplace_back(input.value.size());
      const uint64_t n = input.shape.back();
      for (uint64_t row = 0; row < of.size() / n; ++row) {
        const std::span<double> entries(of.data() + row * n, n);
        for (double& entry : entries) entry = normal(random);
        const double now = length_of(entries);
        for (double& entry : entries) entry *= input.row_bound[row] / now * (1 - 1e-12);
      }
    }
    return made;
  }

  std::vector<Evaluated> inputs;

 private:
  static std::string text(const std::string& op, const std::string& attributes, const std::vector<Known>& known) {
    std::string tensors, names;
    for (const Known& of : known) {
      std::string shape;
      for (const uint32_t extent : of.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
      tensors += "  " + std::string(of.name) + ": {shape: [" + shape + "], role: input}\n";
      names += (names.empty() ? "" : ", ") + std::string(of.name);
    }
    return "tensors:\n" + tensors + "  y: {role: output}\noperators: [{op: " + op + ", inputs: [" + names +
           "], output: y" + attributes + "}]\n";
  }
  static evaluating::Compute* family(OperatorKind kind) {
    switch (kind) {
      case OperatorKind::kMatmul:
        return evaluating::matmul;
      case OperatorKind::kLayerNorm:
        return evaluating::layer_norm;
      case OperatorKind::kRmsNorm:
        return evaluating::rms_norm;
      case OperatorKind::kSoftmax:
        return evaluating::softmax;
      case OperatorKind::kAttention:
        return evaluating::attention;
      case OperatorKind::kAdd:
      case OperatorKind::kMul:
        return evaluating::pairwise;
      default:
        return evaluating::element_by_element;
    }
  }

  Graph graph_;
  double factor_;
};

// The largest part of its bound that random errors reach, in elements and in rows.
struct Reached {
  double element = 0, row = 0;
};
Reached reach(const OneOperator& one, uint64_t seed, int tries) {
  const Evaluated bounds = one.bounds();
  std::mt19937_64 random(seed);
  Reached reached;
  const uint64_t n = bounds.shape.back();
  for (int turn = 0; turn < tries; ++turn) {
    std::vector<double> moved = one.with(one.errors(random));
    for (size_t i = 0; i < moved.size(); ++i) {
      moved[i] -= bounds.value[i];
      reached.element = std::max(reached.element, std::fabs(moved[i]) / bounds.bound[i]);
    }
    for (uint64_t row = 0; row < bounds.row_bound.size(); ++row)
      reached.row = std::max(reached.row, length_of(std::span(moved).subspan(row * n, n)) / bounds.row_bound[row]);
  }
  return reached;
}

TEST(RowBounds, HoldForEveryOperatorThatHasOne) {
  const std::vector<std::pair<const char*, std::vector<Known>>> cases = {
      {"layer_norm", {{"x", {4, 24}, 1}, {"g", {24}}, {"b", {24}}}},
      {"rms_norm", {{"x", {4, 24}, 1}, {"g", {24}}}},
      {"softmax", {{"x", {4, 24}, 1, 3}}},
      {"matmul", {{"x", {4, 24}, 1}, {"w", {24, 40}}}},
      {"matmul", {{"x", {4, 24}, 1}, {"w", {24, 40}, 0.1}}},
      {"add", {{"x", {4, 24}, 1}, {"b", {4, 24}, 0.5}}},
      {"add", {{"x", {4, 24}, 1}, {"b", {4, 1}, 0.5}}},
      {"mul", {{"x", {4, 24}, 1}, {"b", {24}, 0.5}}},
      {"gelu", {{"x", {4, 24}, 1, 3}}},
      {"silu", {{"x", {4, 24}, 1, 3}}},
      {"sigmoid", {{"x", {4, 24}, 1, 3}}},
      {"tanh", {{"x", {4, 24}, 1, 3}}},
      {"relu", {{"x", {4, 24}, 1}}},
      {"attention", {{"q", {3, 24}, 1}, {"k", {5, 24}, 1}, {"v", {5, 16}, 1}}},
  };
  for (const double length : {1e-6, 1e-3, 0.1, 1.0, 30.0})
    for (const auto& [op, shapes] : cases) {
      std::vector<Known> known = shapes;
      for (Known& of : known) of.length *= length;
      const OneOperator one(op, std::string(op) == "attention" ? ", heads: 4" : "", known, 7);
      const Reached reached = reach(one, 3, 60);
      EXPECT_LE(reached.element, 1 + 1e-9) << op << " " << length;
      EXPECT_LE(reached.row, 1 + 1e-9) << op << " " << length;
      for (const double bound : one.bounds().bound) EXPECT_TRUE(std::isfinite(bound)) << op << " " << length;
    }
}

// Rows move by length / s at most, and an error across the row and its mean does.
TEST(RowBounds, OfLayerNormIsReachedByAnErrorThatOnlyTurnsTheRow) {
  for (const double length : {1e-6, 1e-3, 0.05}) {
    const OneOperator one("layer_norm", "", {{"x", {1, 24}, length}, {"g", {24}}, {"b", {24}}}, 5);
    OneOperator plain = one;
    plain.inputs[1].value.assign(24, 1);
    plain.inputs[2].value.assign(24, 0);
    const Evaluated bounds = plain.bounds();
    // Some direction without what goes along the ones and along the result.
    std::vector<double> error = doubles(9, "direction", 24);
    const std::vector<double> ones(24, 1);
    for (int again = 0; again < 3; ++again)
      for (const std::vector<double>* along : {&ones, &bounds.value}) {
        double product = 0;
        for (size_t i = 0; i < 24; ++i) product += error[i] * (*along)[i];
        for (size_t i = 0; i < 24; ++i) error[i] -= product / 24 * (*along)[i];
      }
    const double now = length_of(error);
    for (double& entry : error) entry *= length / now;
    std::vector<double> moved = plain.with({error, {}, {}});
    for (size_t i = 0; i < 24; ++i) moved[i] -= bounds.value[i];
    EXPECT_LE(length_of(moved), bounds.row_bound[0]);
    EXPECT_GE(length_of(moved), bounds.row_bound[0] * (1 - 2 * length)) << length;
  }
}

TEST(RowBounds, OfAProductIsReachedByAnErrorAlongAColumn) {
  const OneOperator one("matmul", "", {{"x", {1, 64}, 1e-3}, {"w", {64, 16}}}, 5);
  const Evaluated bounds = one.bounds();
  for (size_t column = 0; column < 16; ++column) {
    std::vector<double> error(64);
    for (size_t i = 0; i < 64; ++i) error[i] = one.inputs[1].value[i * 16 + column];
    const double now = length_of(error);
    for (double& entry : error) entry *= 1e-3 / now;
    const double moved = one.with({error, {}})[column] - bounds.value[column];
    EXPECT_LE(moved, bounds.bound[column] * (1 + 1e-9));
    EXPECT_GE(moved, bounds.bound[column] * (1 - 1e-9));
    EXPECT_LE(bounds.bound[column], 1e-3 * 64 / 2);  // the elements alone would say eight times as much
  }
}

// For rms_norm however large; about a mean until f32 may lose the variance.
TEST(RowBounds, OfNormsAreFiniteThoughTheRowMayBeAllError) {
  for (const char* op : {"layer_norm", "rms_norm"}) {
    std::vector<Known> known = {{"x", {1, 24}, std::string(op) == "rms_norm" ? 1e30 : 100}, {"g", {24}}};
    if (std::string(op) == "layer_norm") known.push_back({"b", {24}});
    const Evaluated bounds = OneOperator(op, "", known, 5, 1).bounds();
    for (size_t i = 0; i < 24; ++i) EXPECT_LT(bounds.bound[i], 2 * std::sqrt(24.0) + 1) << op;
  }
}

// The plainest layer norm there may be: eight lanes, halves onto halves, no second look at the mean.
TEST(RowBounds, CoverF32ThatSumsInEightLanes) {
  constexpr size_t kCount = 200;
  const auto sum_of = [](const auto& term) {
    float lanes[8] = {};
    for (size_t i = 0; i < kCount; ++i) lanes[i % 8] += term(i);
    for (size_t half = 4; half > 0; half /= 2)
      for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    return lanes[0];
  };
  for (const float shift : {0.0f, 3.0f, 50.0f})
    for (uint64_t seed = 1; seed < 40; ++seed) {
      const OneOperator one("layer_norm", "", {{"x", {1, kCount}, 0, 1, shift}, {"g", {kCount}}, {"b", {kCount}}}, seed,
                            1);
      const Evaluated bounds = one.bounds();
      const auto x = [&](size_t i) { return static_cast<float>(one.inputs[0].value[i]); };
      const float mean = sum_of(x) / static_cast<float>(kCount);
      const float squares = sum_of([&](size_t i) { return (x(i) - mean) * (x(i) - mean); });
      const float scale = 1 / std::sqrt(squares / static_cast<float>(kCount) + 1e-5f);
      double length = 0;
      for (size_t i = 0; i < kCount; ++i) {
        const float y = (x(i) - mean) * scale * static_cast<float>(one.inputs[1].value[i]) +
                        static_cast<float>(one.inputs[2].value[i]);
        const double error = std::fabs(static_cast<double>(y) - bounds.value[i]);
        ASSERT_LE(error, bounds.bound[i]) << "element " << i << " of seed " << seed << ", shift " << shift;
        length = std::hypot(length, error);
      }
      EXPECT_LE(length, bounds.row_bound[0]);
    }
}

TEST(LargestStretch, IsAtLeastTheNormAndLittleMore) {
  // Turned and scaled: the norm is the largest scale.
  const std::vector<double> diagonal = {0, 3, 0, -7, 0, 0, 0, 0, 2};
  EXPECT_NEAR(evaluating::largest_stretch(diagonal.data(), 3, 3, 3, 1, 5), 7, 1e-6);
  EXPECT_EQ(evaluating::largest_stretch(std::vector<double>(6, 0.0).data(), 2, 3, 3, 1, 3), 0);
  for (const auto& [rows, columns] : {std::pair(40, 90), std::pair(90, 40), std::pair(1, 50)}) {
    const std::vector<double> matrix = doubles(3, "w", static_cast<uint64_t>(rows * columns));
    std::vector<double> left(rows, 1), right(columns);
    double norm = 0;
    for (int turn = 0; turn < 500; ++turn) {  // the power method, from below
      for (int j = 0; j < columns; ++j) {
        right[j] = 0;
        for (int i = 0; i < rows; ++i) right[j] += left[i] * matrix[i * columns + j];
      }
      const double right_length = length_of(right);
      for (int i = 0; i < rows; ++i) {
        left[i] = 0;
        for (int j = 0; j < columns; ++j) left[i] += right[j] / right_length * matrix[i * columns + j];
      }
      norm = length_of(left);
      for (double& entry : left) entry /= norm;
    }
    const double bound = evaluating::largest_stretch(matrix.data(), rows, columns, columns, 1, 5);
    EXPECT_GE(bound, norm * (1 - 1e-9));
    EXPECT_LE(bound, norm * std::pow(std::min(rows, columns), 1.0 / 128) * 1.001);
    EXPECT_NEAR(evaluating::largest_stretch(matrix.data(), columns, rows, 1, columns, 5), bound, 1e-9 * bound);
  }
}

// A whole block: finite behind two layer norms, and an error a little beyond is seen.
TEST(RowBounds, BehindTwoLayerNormsTellAnErrorBeyondFromOneWithin) {
  const Graph graph = graph_of(R"(
tensors:
  x: {shape: [8, 32], role: input}
  g: {shape: [32], role: constant}
  b: {shape: [32], role: constant}
  w1: {shape: [32, 128], role: constant}
  w2: {shape: [128, 32], role: constant}
  y: {role: output}
operators:
  - {op: layer_norm, inputs: [x, g, b], output: n1}
  - {op: matmul, inputs: [n1, w1], output: h1}
  - {op: gelu, inputs: [h1], output: a1}
  - {op: matmul, inputs: [a1, w2], output: m1}
  - {op: add, inputs: [x, m1], output: r1}
  - {op: layer_norm, inputs: [r1, g, b], output: n2}
  - {op: matmul, inputs: [n2, w1], output: h2}
  - {op: gelu, inputs: [h2], output: a2}
  - {op: matmul, inputs: [a2, w2], output: m2}
  - {op: add, inputs: [r1, m2], output: r2}
  - {op: layer_norm, inputs: [r2, g, b], output: y}
)");
  const auto data = random_inputs(graph, 3);
  NamedData named;
  for (const auto& [name, values] : data) named[name] = values;
  const auto results = evaluate_graph(graph, named);
  ASSERT_TRUE(results.ok());
  const Evaluated& y = results->at("y");
  for (size_t at = 0; at < y.value.size(); at += 7) {
    ASSERT_LT(y.bound[at], 0.002) << at;
    for (const double part : {0.99, 1.01}) {
      std::vector<float> planted(y.value.begin(), y.value.end());
      planted[at] = static_cast<float>(y.value[at] + part * y.bound[at]);
      const Comparison comparison = compare(y, planted);
      EXPECT_EQ(comparison.agrees(), part < 1) << at;
      if (part > 1) {
        EXPECT_EQ(comparison.worst_index, at);
      }
    }
  }
}

}  // namespace
}  // namespace rondo
