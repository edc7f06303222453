#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {

void softmax(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated& x = it.input(op, 0);
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
          it.factor * kEpsilon * (static_cast<double>(n) + 8 + std::fabs(x.value[i] - largest) + 2 * moved);
      out.bound[i] = out.value[i] * relative + FLT_MIN * static_cast<double>(n);
    }
  }
}

void layer_norm(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &x = it.input(op, 0), &gamma = it.input(op, 1), &beta = it.input(op, 2);
  const uint64_t n = out.shape.back();
  const auto count = static_cast<double>(n);
  const double rounding = it.factor * kEpsilon;
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

void rms_norm(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &x = it.input(op, 0), &gamma = it.input(op, 1);
  const uint64_t n = out.shape.back();
  const auto count = static_cast<double>(n);
  const double rounding = it.factor * kEpsilon;
  for (uint64_t row = 0; row < out.value.size(); row += n) {
    double square = 0, square_bound = 0;
    for (uint64_t i = row; i < row + n; ++i) {
      const double v = std::fabs(x.value[i]), e = x.bound[i];
      square += v * v / count;
      square_bound += (2 * v * e + e * e + (count + 2) * rounding * (v + e) * (v + e)) / count;
    }
    const double under = square + static_cast<double>(op.epsilon);
    const double scale = 1 / std::sqrt(under);
    const double lowest = under - square_bound;
    const double scale_bound = lowest > 0 ? (1 / std::sqrt(lowest) - scale) + 4 * rounding / std::sqrt(lowest)
                                          : std::numeric_limits<double>::infinity();
    for (uint64_t i = row; i < row + n; ++i) {
      const double v = x.value[i], e = x.bound[i];
      const double z = v * scale,
                   z_bound = std::fabs(v) * scale_bound + e * (scale + scale_bound) + 2 * rounding * std::fabs(z);
      const double g = gamma.value[i - row], g_bound = gamma.bound[i - row];
      out.value[i] = z * g;
      const double product = (std::fabs(z) + z_bound) * (std::fabs(g) + g_bound);
      out.bound[i] = product - std::fabs(z * g) + 2 * rounding * product + FLT_MIN;
    }
  }
}

// Sum, maximum or mean along one axis; the result has the elements of the others in order.
void reduction(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated& x = it.input(op, 0);
  const auto axis = static_cast<size_t>(op.axis);
  uint64_t inner = 1;
  for (size_t i = axis + 1; i < x.shape.size(); ++i) inner *= x.shape[i];
  const uint64_t n = x.shape[axis];
  const auto count = static_cast<double>(n);
  for (uint64_t at = 0; at < out.value.size(); ++at) {
    const uint64_t first = at / inner * inner * n + at % inner;
    double sum = 0, size = 0, moved = 0, farthest = 0;
    double largest = -std::numeric_limits<double>::infinity();
    for (uint64_t i = 0; i < n; ++i) {
      const double v = x.value[first + i * inner], e = x.bound[first + i * inner];
      sum += v;
      size += std::fabs(v) + e;
      moved += e;
      farthest = std::max(farthest, e);
      if (std::isnan(v) || v > largest) largest = v;
      if (std::isnan(largest)) break;
    }
    if (op.kind == OperatorKind::kReduceMax) {
      out.value[at] = largest;
      out.bound[at] = farthest;
      continue;
    }
    const double bound = moved + it.factor * count * kEpsilon * size + FLT_MIN;
    const bool mean = op.kind == OperatorKind::kReduceMean;
    out.value[at] = mean ? sum / count : sum;
    out.bound[at] = mean ? bound / count + 2 * it.factor * kEpsilon * (size / count) : bound;
  }
}

}  // namespace rondo::evaluating
