#include <algorithm>
#include <cfloat>
#include <cmath>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {

namespace {

// A row of n entries that is divided by s = sqrt(mean of squares + epsilon), about its
// mean or not, z the result. `length` is of the errors that come in.
struct Normalised {
  // |z(x') - z(x)|, and what f32 adds to one element (of size |z|) and to the row.
  double moved = 0, relative = 0, absolute = 0, row = 0;
  double most = 0;         // of an element, whatever comes in
  double least = 0;        // that s' may be
  double shift = 0;        // of the mean, at most
  double scale_moved = 0;  // 1 / s' - 1 / s in parts of 1 / s', at most
  // Of an element z whose x is off by `error`: (x' - x less the shift) / s' and what the
  // change of s makes of z, where that is less than the whole row moves.
  double of_element(double z, double error) const {
    const double here = least > 0 ? std::fmin(moved, (error + shift) / least + std::fabs(z) * scale_moved) : moved;
    return std::fmin(here + (std::fabs(z) + here) * relative + absolute, std::fabs(z) + most);
  }
};

// With c the row about its mean and one more entry sqrt(n epsilon), z = sqrt(n) c / |c|
// but for that entry, and |c/|c| - c'/|c'|| <= 2 |c - c'| / (|c| + |c'|) (Dunkl and
// Williams, 1964). So z moves by at most 2 length / (s + s'), and never by more than both
// are long. What f32 adds is counted at x', whose s' is at least s - length / sqrt(n):
// in parts of s' the mean is off by `mean_off`, an entry about it by `off`, the mean of
// squares by `square_off`. About no mean f32 divides by what it sums, so that its row is no
// longer than sqrt(n) but for roundings; about a mean it may lose all of the variance.
Normalised normalise(double n, double s, double length, double epsilon, double mean_size, bool centred, double factor) {
  const double rounding = factor * kEpsilon, unit = factor * kUnit, depth = lane_depth(n);
  const double moved_mean = length / std::sqrt(n);
  const double least = std::max(s - moved_mean, std::sqrt(epsilon));
  Normalised made;
  made.moved = std::min(2 * length / (s + std::max(least, 0.0)), 2 * std::sqrt(n));
  made.least = least;
  made.shift = centred ? moved_mean : 0;
  made.scale_moved = least > 0 ? moved_mean / least : 0;
  const double mean_off = centred ? (depth + 1) * unit * (mean_size + moved_mean) * (1 + depth * rounding) / least : 0;
  const double off = mean_off + (centred ? rounding : 0);
  const double sum_off = rounding_of_lanes(n, factor);
  // What the mean is off by adds its square alone: the entries about it sum to 0.
  const double entry_off = off - mean_off;
  const double square_off = (1 + mean_off * mean_off) * (1 + entry_off) * (1 + entry_off) * (1 + sum_off) - 1;
  made.most = !centred && sum_off < 1 ? std::sqrt(n / (1 - sum_off)) * (1 + 4 * rounding) : kInfinite;
  if (!(least > 0) || !(square_off < 1)) {
    made.relative = made.absolute = kInfinite;
    made.row = std::sqrt(n) + made.most;
    return made;
  }
  const double root = std::sqrt(1 - square_off);
  const double scale_off = 1 / root - 1 + 4 * rounding / root;
  made.relative = scale_off + entry_off * (1 + scale_off) + 2 * rounding * (1 + scale_off) * (1 + off);
  made.absolute = mean_off * (1 + scale_off) * (1 + 2 * rounding);
  made.row = std::fmin(made.moved + std::sqrt(n) * (made.relative + made.absolute), std::sqrt(n) + made.most);
  return made;
}

// y = z gamma + beta, of z with the bound of an element; of rms_norm beta is exactly 0.
struct Scaled {
  double bound = 0, own = 0;  // `own`: without what z moves by, times gamma exactly
};
Scaled scaled(double z, double z_bound, double g, double g_bound, double beta, double beta_bound, double rounding) {
  const double product = (std::fabs(z) + z_bound) * (std::fabs(g) + g_bound);
  const double rest = beta_bound + 2 * rounding * (product + std::fabs(beta) + beta_bound) + FLT_MIN;
  return {product - std::fabs(z * g) + rest, (std::fabs(z) + z_bound) * g_bound + rest};
}

}  // namespace

void softmax(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated& x = it.input(op, 0);
  const uint64_t n = out.shape.back();
  out.row_bound.assign(out.value.size() / n, 0);
  for (uint64_t row = 0; row < out.value.size(); row += n) {
    double largest = x.value[row], moved = 0;
    for (uint64_t i = row; i < row + n; ++i) {
      if (std::isnan(x.value[i]) || x.value[i] > largest) largest = x.value[i];
      if (std::isnan(largest)) break;
    }
    for (uint64_t i = row; i < row + n; ++i) moved = std::max(moved, x.bound[i]);
    double sum = 0, roundings = 0;
    for (uint64_t i = row; i < row + n; ++i) sum += out.value[i] = std::exp(x.value[i] - largest);
    // As a map of rows softmax stretches by at most its largest weight, wherever between
    // the two rows that is, and by a half.
    const double half = std::fmin(0.5, std::exp(2 * moved) / sum) * x.row_bound[row / n];
    for (uint64_t i = row; i < row + n; ++i) {
      out.value[i] /= sum;
      // Every exponent moves by at most 2 * moved and is rounded with the size of
      // x - max; the sum adds as many as a term passes through, exp and division a few.
      const double rounding =
          it.factor * kEpsilon *
          (lane_depth(static_cast<double>(n)) / 2 + 8 + std::fabs(x.value[i] - largest) + 2 * moved);
      const double tiny = FLT_MIN * static_cast<double>(n);
      // By elements, as far as 0 and 1 allow, or by rows.
      const double own = std::fmin((out.value[i] + half) * rounding, 1 + rounding) + tiny;
      out.bound[i] = std::fmin(out.value[i] * (std::expm1(2 * moved) + rounding), std::fmin(half, 1) + own) + tiny;
      roundings += own * own;
    }
    out.row_bound[row / n] = std::fmin(half, std::sqrt(2.0)) + std::sqrt(roundings);
  }
}

void layer_norm(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &x = it.input(op, 0), &gamma = it.input(op, 1), &beta = it.input(op, 2);
  const uint64_t n = out.shape.back();
  const auto count = static_cast<double>(n);
  const double rounding = it.factor * kEpsilon, summed = rounding_of_lanes(count, it.factor);
  out.row_bound.assign(out.value.size() / n, 0);
  for (uint64_t row = 0; row < out.value.size(); row += n) {
    double mean = 0, size = 0, moved = 0;
    for (uint64_t i = row; i < row + n; ++i) {
      mean += x.value[i] / count;
      size += std::fabs(x.value[i]) / count;
      moved += x.bound[i] / count;
    }
    const double mean_bound = moved + summed * (size + moved);
    double variance = 0, variance_bound = 0;
    const auto distance_bound = [&](uint64_t i) {
      const double e = x.bound[i] + mean_bound;
      return e + rounding * (std::fabs(x.value[i] - mean) + e);
    };
    for (uint64_t i = row; i < row + n; ++i) {
      const double d = x.value[i] - mean, e = distance_bound(i);
      variance += d * d / count;
      variance_bound += (2 * std::fabs(d) * e + e * e + summed * (std::fabs(d) + e) * (std::fabs(d) + e)) / count;
    }
    const double under = variance + static_cast<double>(op.epsilon);
    const double scale = 1 / std::sqrt(under);
    const double lowest = under - variance_bound;
    const double scale_bound =
        lowest > 0 ? (1 / std::sqrt(lowest) - scale) + 4 * rounding / std::sqrt(lowest) : kInfinite;
    const Normalised by_row = normalise(count, std::sqrt(under), x.row_bound[row / n], static_cast<double>(op.epsilon),
                                        size, true, it.factor);
    double own = 0, largest = 0;
    for (uint64_t i = row; i < row + n; ++i) {
      const double d = x.value[i] - mean, e = distance_bound(i);
      const double z = d * scale;
      const double z_bound =
          std::fmin(std::fabs(d) * scale_bound + e * (scale + scale_bound) + 2 * rounding * std::fabs(z),
                    by_row.of_element(z, x.bound[i]));
      const double g = gamma.value[i - row], b = beta.value[i - row];
      const Scaled y = scaled(z, z_bound, g, gamma.bound[i - row], b, beta.bound[i - row], rounding);
      out.value[i] = z * g + b;
      out.bound[i] = y.bound;
      own += y.own * y.own;
      largest = std::max(largest, std::fabs(g));
    }
    out.row_bound[row / n] = by_row.row * largest + std::sqrt(own);
  }
}

void rms_norm(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &x = it.input(op, 0), &gamma = it.input(op, 1);
  const uint64_t n = out.shape.back();
  const auto count = static_cast<double>(n);
  const double rounding = it.factor * kEpsilon, summed = rounding_of_lanes(count, it.factor);
  out.row_bound.assign(out.value.size() / n, 0);
  for (uint64_t row = 0; row < out.value.size(); row += n) {
    double square = 0, square_bound = 0;
    for (uint64_t i = row; i < row + n; ++i) {
      const double v = std::fabs(x.value[i]), e = x.bound[i];
      square += v * v / count;
      square_bound += (2 * v * e + e * e + summed * (v + e) * (v + e)) / count;
    }
    const double under = square + static_cast<double>(op.epsilon);
    const double scale = 1 / std::sqrt(under);
    const double lowest = under - square_bound;
    const double scale_bound =
        lowest > 0 ? (1 / std::sqrt(lowest) - scale) + 4 * rounding / std::sqrt(lowest) : kInfinite;
    const Normalised by_row =
        normalise(count, std::sqrt(under), x.row_bound[row / n], static_cast<double>(op.epsilon), 0, false, it.factor);
    double own = 0, largest = 0;
    for (uint64_t i = row; i < row + n; ++i) {
      const double v = x.value[i], e = x.bound[i];
      const double z = v * scale;
      const double z_bound =
          std::fmin(std::fabs(v) * scale_bound + e * (scale + scale_bound) + 2 * rounding * std::fabs(z),
                    by_row.of_element(z, x.bound[i]));
      const Scaled y = scaled(z, z_bound, gamma.value[i - row], gamma.bound[i - row], 0, 0, rounding);
      out.value[i] = z * gamma.value[i - row];
      out.bound[i] = y.bound;
      own += y.own * y.own;
      largest = std::max(largest, std::fabs(gamma.value[i - row]));
    }
    out.row_bound[row / n] = by_row.row * largest + std::sqrt(own);
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
    double largest = -kInfinite;
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
