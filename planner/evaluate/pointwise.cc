#include <cfloat>
#include <cmath>
#include <limits>

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
                                             : std::numeric_limits<double>::infinity();
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

}  // namespace

void pairwise(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &a = it.input(op, 0), &b = it.input(op, 1);
  uint64_t at = 0;
  walk(out.shape, strides_within(a.shape, out.shape), strides_within(b.shape, out.shape), [&](uint64_t i, uint64_t j) {
    const Bounded y = pair(op.kind, {a.value[i], a.bound[i]}, {b.value[j], b.bound[j]}, it.factor * kEpsilon);
    out.value[at] = y.value;
    out.bound[at++] = y.bound;
  });
}

void element_by_element(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated& x = it.input(op, 0);
  for (uint64_t i = 0; i < out.value.size(); ++i) {
    const Bounded y = one(op, {x.value[i], x.bound[i]}, it.factor * kEpsilon);
    out.value[i] = y.value;
    out.bound[i] = y.bound;
  }
}

}  // namespace rondo::evaluating
