#include <algorithm>
#include <cfloat>
#include <cmath>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {
namespace {

// What double precision may have lost in a sum of non-negative terms.
constexpr double kInDoubles = 1 + 1e-9;

double length_of(const double* errors, uint64_t count) {
  double most = 0, squares = 0;
  for (uint64_t i = 0; i < count; ++i) most = std::max(most, errors[i]);
  if (most == 0 || std::isinf(most)) return most;
  for (uint64_t i = 0; i < count; ++i) squares += errors[i] / most * (errors[i] / most);
  return most * std::sqrt(squares) * kInDoubles;
}

}  // namespace

double lane_depth(double n) { return std::ceil(n / 8) + 3; }

double rounding_of_lanes(double n, double factor) {
  const double depth = lane_depth(n), again = 1 - factor * kEpsilon * depth;
  return again > 0 ? factor * kUnit * (depth + 4) / again : kInfinite;
}

double rounding_of_sum(double n, double range, double magnitude, double factor) {
  const double again = 1 - factor * kUnit * n;
  // A partial sum that leaves f32 leaves nothing to say.
  if (!(again > 0) || range > FLT_MAX) return kInfinite;
  return factor * kUnit * (n * range + magnitude) / again + FLT_MIN;
}

uint64_t rows_of(const Evaluated& of) { return of.shape.back() == 0 ? 0 : of.value.size() / of.shape.back(); }

std::vector<double> lengths_of_rows(const Evaluated& of) {
  const uint64_t columns = of.shape.back();
  std::vector<double> lengths;
  for (uint64_t first = 0; first + columns <= of.bound.size() && columns != 0; first += columns)
    lengths.push_back(length_of(of.bound.data() + first, columns));
  return lengths;
}

double length_of_part(const Evaluated& of, uint64_t first, uint64_t count) {
  return std::min(length_of(of.bound.data() + first, count), of.row_bound[first / of.shape.back()]);
}

void settle_bounds(Evaluated& of) {
  for (double& bound : of.bound)
    if (std::isnan(bound)) bound = kInfinite;
  const std::vector<double> by_elements = lengths_of_rows(of);
  if (of.row_bound.size() != by_elements.size()) {
    of.row_bound = by_elements;
    return;
  }
  const uint64_t columns = of.shape.back();
  for (uint64_t row = 0; row < of.row_bound.size(); ++row) {
    double& length = of.row_bound[row];
    if (std::isnan(length)) length = kInfinite;
    if (by_elements[row] <= length) {
      length = by_elements[row];
      continue;
    }
    for (uint64_t i = row * columns; i < (row + 1) * columns; ++i) of.bound[i] = std::min(of.bound[i], length);
    length = std::min(length, length_of(of.bound.data() + row * columns, columns));
  }
}

double largest_stretch(const double* matrix, uint64_t rows, uint64_t columns, uint64_t row_stride,
                       uint64_t column_stride, uint32_t squarings) {
  // The smaller of the two Gram matrices: both have the same norm.
  if (rows > columns) std::swap(rows, columns), std::swap(row_stride, column_stride);
  std::vector<double> dense(rows * columns), gram(rows * rows), square(rows * rows);
  for (uint64_t i = 0; i < rows; ++i)
    for (uint64_t j = 0; j < columns; ++j) dense[i * columns + j] = matrix[i * row_stride + j * column_stride];
  // to = left left^T, symmetric.
  const auto multiply = [rows](const std::vector<double>& left, uint64_t inner, std::vector<double>& to) {
    for (uint64_t i = 0; i < rows; ++i)
      for (uint64_t j = 0; j <= i; ++j) {
        double sum[4] = {};
        const double *a = left.data() + i * inner, *b = left.data() + j * inner;
        uint64_t p = 0;
        for (; p + 4 <= inner; p += 4)
          for (uint64_t lane = 0; lane < 4; ++lane) sum[lane] += a[p + lane] * b[p + lane];
        for (; p < inner; ++p) sum[0] += a[p] * b[p];
        to[i * rows + j] = to[j * rows + i] = sum[0] + sum[1] + sum[2] + sum[3];
      }
  };
  multiply(dense, columns, gram);
  double logarithm = 0, power = 1;
  for (uint32_t step = 0;; ++step, power /= 2) {
    double squares = 0;
    for (const double entry : gram) squares += entry * entry;
    const double length = std::sqrt(squares);
    if (length == 0) return 0;
    if (!std::isfinite(length)) return kInfinite;
    logarithm += power * std::log(length);
    if (step == squarings) break;
    for (double& entry : gram) entry /= length;
    multiply(gram, rows, square);
    gram.swap(square);
  }
  return std::exp(logarithm / 2) * kInDoubles;
}

}  // namespace rondo::evaluating
