#include "planner/evaluate/evaluate.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

namespace rondo {
namespace {

constexpr double kEpsilon = 0x1p-23;  // of f32; a rounding is half of it

using Shape = std::vector<uint32_t>;

uint64_t count_of(const Shape& shape) {
  uint64_t count = 1;
  for (uint32_t extent : shape) count *= extent;
  return count;
}

// Element strides of `in` seen along the axes of `out`; 0 where it is broadcast.
std::vector<uint64_t> strides_within(const Shape& in, const Shape& out) {
  std::vector<uint64_t> strides(out.size(), 0);
  uint64_t stride = 1;
  for (size_t axis = in.size(); axis-- > 0;) {
    if (in[axis] != 1) strides[axis + out.size() - in.size()] = stride;
    stride *= in[axis];
  }
  return strides;
}

// Calls visit(a offset, b offset) for every index of `shape`, in row-major order.
template <class Visit>
void walk(const Shape& shape, const std::vector<uint64_t>& a, const std::vector<uint64_t>& b, Visit visit) {
  std::vector<uint32_t> index(shape.size(), 0);
  uint64_t at_a = 0, at_b = 0;
  while (true) {
    visit(at_a, at_b);
    size_t axis = shape.size();
    while (axis > 0) {
      --axis;
      at_a += a[axis], at_b += b[axis];
      if (++index[axis] < shape[axis]) break;
      at_a -= a[axis] * shape[axis], at_b -= b[axis] * shape[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (shape.empty()) return;
  }
}

class Evaluator {
 public:
  Evaluator(const Graph& graph, double factor) : graph_(graph), factor_(factor), tensors_(graph.tensors.size()) {}

  Evaluated& tensor(uint32_t index) { return tensors_[index]; }

  void compute(const GraphOperator& op) {
    Evaluated& out = tensors_[op.output];
    out.shape = graph_.tensors[op.output].shape;
    out.value.assign(count_of(out.shape), 0);
    out.bound.assign(out.value.size(), 0);
    switch (op.kind) {
      case OperatorKind::kMatmul:
        matmul(op, out);
        break;
      case OperatorKind::kAdd:
      case OperatorKind::kBias:
        pairwise(op, out, false);
        break;
      case OperatorKind::kMul:
        pairwise(op, out, true);
        break;
      case OperatorKind::kRelu:
        relu(op, out);
        break;
      case OperatorKind::kGelu:
        gelu(op, out);
        break;
      case OperatorKind::kSoftmax:
        softmax(op, out);
        break;
      case OperatorKind::kLayerNorm:
        layer_norm(op, out);
        break;
    }
    for (double& bound : out.bound)
      if (std::isnan(bound)) bound = std::numeric_limits<double>::infinity();
  }

 private:
  // With A = |a| + bound and B likewise, sum A B - sum |a||b| is what the operands'
  // own bounds can move the sum by, and c k eps sum A B covers its roundings.
  void matmul(const GraphOperator& op, Evaluated& out) {
    const Evaluated &a = tensors_[op.inputs[0]], &b = tensors_[op.inputs[1]];
    const size_t rank = out.shape.size();
    const uint64_t m = out.shape[rank - 2], n = out.shape[rank - 1];
    const uint64_t k = op.transpose_a ? a.shape[a.shape.size() - 2] : a.shape.back();
    const uint64_t a_row = op.transpose_a ? 1 : k, a_column = op.transpose_a ? m : 1;
    const uint64_t b_row = op.transpose_b ? 1 : n, b_column = op.transpose_b ? k : 1;
    const Shape batch(out.shape.begin(), out.shape.end() - 2);
    const auto batch_strides = [&](const Shape& shape, uint64_t matrix) {
      std::vector<uint64_t> strides = strides_within(Shape(shape.begin(), shape.end() - 2), batch);
      for (uint64_t& stride : strides) stride *= matrix;
      return strides;
    };
    uint64_t base = 0;
    std::vector<double> sum(n), magnitude(n), widened(n);
    walk(batch, batch_strides(a.shape, m * k), batch_strides(b.shape, k * n), [&](uint64_t at_a, uint64_t at_b) {
      for (uint64_t i = 0; i < m; ++i) {
        std::fill(sum.begin(), sum.end(), 0.0);
        std::fill(magnitude.begin(), magnitude.end(), 0.0);
        std::fill(widened.begin(), widened.end(), 0.0);
        for (uint64_t p = 0; p < k; ++p) {
          const uint64_t left = at_a + i * a_row + p * a_column;
          const double x = a.value[left], x_size = std::fabs(x), x_wide = x_size + a.bound[left];
          for (uint64_t j = 0; j < n; ++j) {
            const uint64_t right = at_b + p * b_row + j * b_column;
            const double y = b.value[right], y_size = std::fabs(y);
            sum[j] += x * y;
            magnitude[j] += x_size * y_size;
            widened[j] += x_wide * (y_size + b.bound[right]);
          }
        }
        for (uint64_t j = 0; j < n; ++j) {
          out.value[base] = sum[j];
          out.bound[base++] = std::max(0.0, widened[j] - magnitude[j]) +
                              factor_ * static_cast<double>(k) * kEpsilon * widened[j] + FLT_MIN;
        }
      }
    });
  }

  void pairwise(const GraphOperator& op, Evaluated& out, bool multiply) {
    const Evaluated &a = tensors_[op.inputs[0]], &b = tensors_[op.inputs[1]];
    uint64_t at = 0;
    walk(out.shape, strides_within(a.shape, out.shape), strides_within(b.shape, out.shape),
         [&](uint64_t i, uint64_t j) {
           const double x = a.value[i], y = b.value[j], ex = a.bound[i], ey = b.bound[j];
           out.value[at] = multiply ? x * y : x + y;
           const double moved = multiply ? std::fabs(x) * ey + std::fabs(y) * ex + ex * ey : ex + ey;
           out.bound[at] = moved + factor_ * kEpsilon * (std::fabs(out.value[at]) + moved) + FLT_MIN;
           ++at;
         });
  }

  void relu(const GraphOperator& op, Evaluated& out) {
    const Evaluated& x = tensors_[op.inputs[0]];
    for (uint64_t i = 0; i < out.value.size(); ++i) {
      out.value[i] = x.value[i] < 0 ? 0 : x.value[i];  // NaN stays
      out.bound[i] = x.bound[i];
    }
  }

  // The slope of x Phi(x) is below 1.13 everywhere; a kernel's own error is absolute,
  // a few roundings of |x|, because Phi is computed as a whole.
  void gelu(const GraphOperator& op, Evaluated& out) {
    const Evaluated& x = tensors_[op.inputs[0]];
    for (uint64_t i = 0; i < out.value.size(); ++i) {
      const double v = x.value[i];
      const double phi = op.gelu_tanh ? 0.5 * (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)))
                                      : 0.5 * std::erfc(-v * 0.7071067811865476);
      out.value[i] = v * phi;
      out.bound[i] = 1.13 * x.bound[i] + factor_ * 4 * kEpsilon * (std::fabs(v) + x.bound[i]) + FLT_MIN;
    }
  }

  void softmax(const GraphOperator& op, Evaluated& out) {
    const Evaluated& x = tensors_[op.inputs[0]];
    const uint64_t n = out.shape.back();
    for (uint64_t row = 0; row < out.value.size(); row += n) {
      double largest = x.value[row], moved = 0;
      for (uint64_t i = row; i < row + n; ++i) {
        if (std::isnan(x.value[i]) || x.value[i] > largest) largest = x.value[i];
        if (std::isnan(largest)) break;
      }
      for (uint64_t i = row; i < row + n; ++i) moved = std::max(moved, x.bound[i]);
      double sum = 0;
      for (uint64_t i = row; i < row + n; ++i) sum += out.value[i] = std::exp(x.value[i] - largest);
      for (uint64_t i = row; i < row + n; ++i) {
        out.value[i] /= sum;
        // Every exponent moves by at most 2 * moved and is rounded with the size of
        // x - max; the sum adds n roundings, exp and division a few.
        const double relative =
            std::expm1(2 * moved) +
            factor_ * kEpsilon * (static_cast<double>(n) + 8 + std::fabs(x.value[i] - largest) + 2 * moved);
        out.bound[i] = out.value[i] * relative + FLT_MIN * static_cast<double>(n);
      }
    }
  }

  void layer_norm(const GraphOperator& op, Evaluated& out) {
    const Evaluated &x = tensors_[op.inputs[0]], &gamma = tensors_[op.inputs[1]], &beta = tensors_[op.inputs[2]];
    const uint64_t n = out.shape.back();
    const auto count = static_cast<double>(n);
    const double rounding = factor_ * kEpsilon;
    for (uint64_t row = 0; row < out.value.size(); row += n) {
      double mean = 0, size = 0, moved = 0;
      for (uint64_t i = row; i < row + n; ++i) {
        mean += x.value[i] / count;
        size += std::fabs(x.value[i]) / count;
        moved += x.bound[i] / count;
      }
      const double mean_bound = moved + count * rounding * (size + moved);
      double variance = 0, variance_bound = 0;
      const auto distance_bound = [&](uint64_t i) {
        const double e = x.bound[i] + mean_bound;
        return e + rounding * (std::fabs(x.value[i] - mean) + e);
      };
      for (uint64_t i = row; i < row + n; ++i) {
        const double d = x.value[i] - mean, e = distance_bound(i);
        variance += d * d / count;
        variance_bound +=
            (2 * std::fabs(d) * e + e * e + (count + 2) * rounding * (std::fabs(d) + e) * (std::fabs(d) + e)) / count;
      }
      const double under = variance + static_cast<double>(op.epsilon);
      const double scale = 1 / std::sqrt(under);
      const double lowest = under - variance_bound;
      const double scale_bound = lowest > 0 ? (1 / std::sqrt(lowest) - scale) + 4 * rounding / std::sqrt(lowest)
                                            : std::numeric_limits<double>::infinity();
      for (uint64_t i = row; i < row + n; ++i) {
        const double d = x.value[i] - mean, e = distance_bound(i);
        const double z = d * scale,
                     z_bound = std::fabs(d) * scale_bound + e * (scale + scale_bound) + 2 * rounding * std::fabs(z);
        const double g = gamma.value[i - row], g_bound = gamma.bound[i - row];
        out.value[i] = z * g + beta.value[i - row];
        const double product = (std::fabs(z) + z_bound) * (std::fabs(g) + g_bound);
        out.bound[i] = product - std::fabs(z * g) + beta.bound[i - row] +
                       2 * rounding * (product + std::fabs(beta.value[i - row]) + beta.bound[i - row]) + FLT_MIN;
      }
    }
  }

  const Graph& graph_;
  double factor_;
  std::vector<Evaluated> tensors_;
};

}  // namespace

Result<std::map<std::string, Evaluated, std::less<>>> evaluate_graph(const Graph& graph, const NamedData& inputs,
                                                                     bool outputs_only, double factor) {
  Evaluator evaluator(graph, factor);
  std::vector<uint32_t> last_reader(graph.tensors.size(), 0);
  for (uint32_t op = 0; op < graph.operators.size(); ++op)
    for (uint32_t tensor : graph.operators[op].inputs) last_reader[tensor] = op;
  for (uint32_t index = 0; index < graph.tensors.size(); ++index) {
    const GraphTensor& tensor = graph.tensors[index];
    if (tensor.role != TensorRole::kInput && tensor.role != TensorRole::kConstant) continue;
    const auto found = inputs.find(tensor.name);
    if (found == inputs.end())
      return make_error(ErrorCode::kNotFound, "there is no data for '" + tensor.name + "'", tensor.place);
    if (found->second.size() != count_of(tensor.shape))
      return make_error(ErrorCode::kInvalidArgument,
                        "data for '" + tensor.name + "' has " + std::to_string(found->second.size()) +
                            " elements; its shape has " + std::to_string(count_of(tensor.shape)),
                        tensor.place);
    Evaluated& exact = evaluator.tensor(index);
    exact.shape = tensor.shape;
    exact.value.assign(found->second.begin(), found->second.end());
    exact.bound.assign(exact.value.size(), 0);
  }
  const auto kept = [&](uint32_t tensor) { return !outputs_only || graph.tensors[tensor].role == TensorRole::kOutput; };
  for (uint32_t op = 0; op < graph.operators.size(); ++op) {
    evaluator.compute(graph.operators[op]);
    for (uint32_t tensor : graph.operators[op].inputs)
      if (last_reader[tensor] == op && !kept(tensor)) evaluator.tensor(tensor) = {};
  }
  std::map<std::string, Evaluated, std::less<>> results;
  for (uint32_t index = 0; index < graph.tensors.size(); ++index)
    if (kept(index)) results[graph.tensors[index].name] = std::move(evaluator.tensor(index));
  return results;
}

Comparison compare(const Evaluated& expected, std::span<const float> result) {
  Comparison comparison;
  comparison.elements = expected.value.size();
  for (uint64_t i = 0; i < expected.value.size() && i < result.size(); ++i) {
    const double value = expected.value[i], got = static_cast<double>(result[i]);
    double ratio = 0;
    if (std::isnan(value) || std::isnan(got)) {
      if (!std::isnan(value) || !std::isnan(got)) ratio = std::numeric_limits<double>::infinity();
    } else if (got != value && !(std::isinf(got) && std::fabs(value) + expected.bound[i] > FLT_MAX &&
                                 std::signbit(got) == std::signbit(value))) {
      const double error = std::fabs(got - value);
      comparison.max_error = std::max(comparison.max_error, error);
      ratio = error <= expected.bound[i] && std::isinf(expected.bound[i]) ? 0 : error / expected.bound[i];
    }
    if (ratio > 1) ++comparison.outside;
    if (ratio > comparison.worst_ratio) {
      comparison.worst_ratio = ratio;
      comparison.worst_index = i;
      comparison.worst_value = value;
      comparison.worst_result = got;
    }
  }
  return comparison;
}

}  // namespace rondo
