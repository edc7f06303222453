#include <cfloat>
#include <cmath>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {
namespace {

struct Bounded {
  double value = 0, bound = 0;
};

Bounded pair(OperatorKind kind, Bounded a, Bounded b, double rounding) {
  Bounded y;
  double moved = a.bound + b.bound;
  switch (kind) {
    case OperatorKind::kMul:
      y.value = a.value * b.value;
      moved = std::fabs(a.value) * b.bound + std::fabs(b.value) * a.bound + a.bound * b.bound;
      break;
    case OperatorKind::kDiv: {
      y.value = a.value / b.value;
      // A divisor that may be 0 may give anything; one that is exactly 0 gives what division gives.
      const double least = std::fabs(b.value) - b.bound;
      moved = least > 0                      ? (a.bound + std::fabs(y.value) * b.bound) / least
              : a.bound == 0 && b.bound == 0 ? 0
                                             : kInfinite;
      break;
    }
    case OperatorKind::kSub:
      y.value = a.value - b.value;
      break;
    default:
      y.value = a.value + b.value;
      break;
  }
  y.bound = moved + rounding * (std::fabs(y.value) + moved) + FLT_MIN;
  return y;
}

// `rounding` is c eps: what one rounding may move a result by, relatively.
Bounded one(const GraphOperator& op, Bounded x, double rounding) {
  const double v = x.value, size = std::fabs(v) + x.bound;
  switch (op.kind) {
    case OperatorKind::kRelu:
      return {v < 0 ? 0 : v, x.bound};  // NaN stays
    case OperatorKind::kGelu: {
      // The slope of x Phi(x) is below 1.13 everywhere; a kernel's own error is absolute,
      // a few roundings of |x|, because Phi is computed as a whole.
      const double phi = op.gelu_tanh ? 0.5 * (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)))
                                      : 0.5 * std::erfc(-v * 0.7071067811865476);
      return {v * phi, 1.13 * x.bound + 4 * rounding * size + FLT_MIN};
    }
    case OperatorKind::kSilu:
      // Slope below 1.1; as for gelu.
      return {v / (1 + std::exp(-v)), 1.1 * x.bound + 4 * rounding * size + FLT_MIN};
    case OperatorKind::kSigmoid: {
      // The exponent is rounded with the size of x where it is negative.
      const double y = 1 / (1 + std::exp(-v));
      return {y, 0.25 * x.bound + (4 + (v < 0 ? size : 0)) * rounding * y + FLT_MIN};
    }
    case OperatorKind::kTanh:
      return {std::tanh(v), x.bound + 4 * rounding + FLT_MIN};
    case OperatorKind::kExp: {
      const double y = std::exp(v);
      return {y, y * (std::expm1(x.bound) + (4 + size) * rounding * std::exp(x.bound)) + FLT_MIN};
    }
    case OperatorKind::kSqrt: {
      // An argument within its bound of 0 counts as one that is not negative.
      const double y = std::sqrt(v < 0 && -v <= x.bound ? 0 : v), most = std::sqrt(std::fmax(v, 0) + x.bound);
      const double least = v > x.bound ? std::sqrt(v - x.bound) : 0;
      return {y, std::fmax(most - y, y - least) + 2 * rounding * most + FLT_MIN};
    }
    default:
      return x;
  }
}

// How much longer a row of errors is at most after the operator: its slope.
double slope_of(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::kRelu:
    case OperatorKind::kTanh:
      return 1;
    case OperatorKind::kGelu:
      return 1.13;
    case OperatorKind::kSilu:
      return 1.1;
    case OperatorKind::kSigmoid:
      return 0.25;
    default:
      return kInfinite;
  }
}

}  // namespace

void pairwise(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &a = it.input(op, 0), &b = it.input(op, 1);
  const double rounding = it.factor * kEpsilon;
  const uint64_t n = out.shape.back();
  out.row_bound.assign(n == 0 ? 0 : out.value.size() / n, 0);
  // By rows: what comes in, times what it is multiplied with at most, and the roundings.
  double moved = 0, roundings = 0, largest_a = 0, largest_b = 0, length_a = 0, length_b = 0;
  const auto length_within = [n](const Evaluated& of, uint64_t first) {
    return of.shape.back() == n ? of.row_bound[first / n] : of.bound[first] * std::sqrt(static_cast<double>(n));
  };
  uint64_t at = 0;
  walk(out.shape, strides_within(a.shape, out.shape), strides_within(b.shape, out.shape), [&](uint64_t i, uint64_t j) {
    const Bounded y = pair(op.kind, {a.value[i], a.bound[i]}, {b.value[j], b.bound[j]}, rounding);
    out.value[at] = y.value;
    out.bound[at] = y.bound;
    if (at % n == 0) {
      length_a = length_within(a, i), length_b = length_within(b, j);
      largest_a = largest_b = roundings = 0;
    }
    const double in = op.kind == OperatorKind::kMul ? a.bound[i] * std::fabs(b.value[j]) +
                                                          b.bound[j] * std::fabs(a.value[i]) + a.bound[i] * b.bound[j]
                                                    : a.bound[i] + b.bound[j];
    const double own = rounding * (std::fabs(y.value) + in) + FLT_MIN;
    roundings += own * own;
    largest_a = std::fmax(largest_a, std::fabs(a.value[i]));
    largest_b = std::fmax(largest_b, std::fabs(b.value[j]));
    if (++at % n != 0) return;
    moved = op.kind == OperatorKind::kMul ? length_a * largest_b + length_b * largest_a + length_a * length_b
                                          : length_a + length_b;
    out.row_bound[at / n - 1] = op.kind == OperatorKind::kDiv ? kInfinite : moved + std::sqrt(roundings);
  });
}

void element_by_element(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated& x = it.input(op, 0);
  const double slope = slope_of(op.kind);
  const uint64_t n = out.shape.back();
  if (!std::isinf(slope)) out.row_bound.assign(out.value.size() / n, 0);
  double roundings = 0;
  for (uint64_t i = 0; i < out.value.size(); ++i) {
    const Bounded y = one(op, {x.value[i], x.bound[i]}, it.factor * kEpsilon);
    out.value[i] = y.value;
    out.bound[i] = y.bound;
    if (out.row_bound.empty()) continue;
    const double own = std::fmax(y.bound - slope * x.bound[i], 0);
    roundings = (i % n == 0 ? 0 : roundings) + own * own;
    if (i % n + 1 == n) out.row_bound[i / n] = slope * x.row_bound[i / n] + std::sqrt(roundings);
  }
}

}  // namespace rondo::evaluating
