#include <algorithm>
#include <cfloat>
#include <cmath>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {

namespace {

// What the right operand of a product does to the length of a row of errors.
struct Stretch {
  std::vector<double> columns;  // length of each column
  double whole = 0;
};

// Multiplications that the norm of a matrix may take: as many as the product itself a
// few times over, or so few that nobody waits for them; about a second where the errors that
// come in are still small against the values, so that it matters what becomes of them.
constexpr uint64_t kFreeWork = uint64_t{1} << 22;
constexpr uint64_t kWorkAsProducts = 8;
constexpr uint64_t kWorkThatMatters = uint64_t{1} << 31;
constexpr double kSmallPart = 1.0 / 16;

Stretch stretch_of(const Evaluated& b, uint64_t first, uint64_t k, uint64_t n, uint64_t b_row, uint64_t b_column,
                   uint64_t allowed) {
  Stretch stretch;
  stretch.columns.assign(n, 0);
  double all = 0;
  for (uint64_t p = 0; p < k; ++p)
    for (uint64_t j = 0; j < n; ++j) {
      const double entry = b.value[first + p * b_row + j * b_column];
      stretch.columns[j] += entry * entry;
      all += entry * entry;
    }
  for (double& column : stretch.columns) column = std::sqrt(column);
  stretch.whole = std::sqrt(all);
  const uint64_t least = std::min(k, n);
  uint32_t squarings = 5;
  while (squarings > 0 && least * least / 2 * (k + n - least + squarings * least) > allowed) --squarings;
  if (least * least / 2 * (k + n - least) <= allowed)
    stretch.whole = std::min(stretch.whole, largest_stretch(b.value.data() + first, k, n, b_row, b_column, squarings));
  return stretch;
}

}  // namespace

// With A = |a| + bound and B likewise, sum A B - sum |a||b| is what the operands'
// own bounds can move the sum, or any part of it, by. Where B is exact, an element moves by
// no more than the length of the errors of its row times that of its column, and the
// row by no more than that length times the norm of B. Roundings: kernels and planners add
// neighbours to neighbours, so every partial sum is the difference of two sums from the
// first term on, and none is larger than the largest of these less the smallest.
void matmul(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &a = it.input(op, 0), &b = it.input(op, 1);
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
  std::vector<double> sum(n), magnitude(n), widened(n), highest(n), lowest(n);
  out.row_bound.assign(out.value.size() / n, 0);
  Stretch stretch;
  uint64_t stretch_at = UINT64_MAX;
  const bool exact = std::all_of(b.bound.begin(), b.bound.end(), [](double bound) { return bound == 0; });
  walk(batch, batch_strides(a.shape, m * k), batch_strides(b.shape, k * n), [&](uint64_t at_a, uint64_t at_b) {
    if (k == 0 || n == 0) return;  // no tensor of a graph is empty
    for (uint64_t i = 0; i < m; ++i) {
      double length = 0;
      for (uint64_t p = 0; p < k; ++p) length = std::hypot(length, a.bound[at_a + i * a_row + p * a_column]);
      if (!op.transpose_a) length = std::min(length, a.row_bound[(at_a + i * k) / k]);
      const bool stretched = exact && length != 0;
      if (stretched && stretch_at != at_b) {
        double values = 0;
        for (uint64_t p = 0; p < k; ++p) values = std::hypot(values, a.value[at_a + i * a_row + p * a_column]);
        const uint64_t allowed = std::max(
            {kFreeWork, kWorkAsProducts * m * k * n, length < kSmallPart * values ? kWorkThatMatters : uint64_t{0}});
        stretch = stretch_of(b, stretch_at = at_b, k, n, b_row, b_column, allowed);
      }
      for (std::vector<double>* of : {&sum, &magnitude, &widened, &highest, &lowest})
        std::fill(of->begin(), of->end(), 0.0);
      for (uint64_t p = 0; p < k; ++p) {
        const uint64_t left = at_a + i * a_row + p * a_column;
        const double x = a.value[left], x_size = std::fabs(x), x_wide = x_size + a.bound[left];
        for (uint64_t j = 0; j < n; ++j) {
          const uint64_t right = at_b + p * b_row + j * b_column;
          const double y = b.value[right], y_size = std::fabs(y);
          sum[j] += x * y;
          highest[j] = sum[j] > highest[j] ? sum[j] : highest[j];
          lowest[j] = sum[j] < lowest[j] ? sum[j] : lowest[j];
          magnitude[j] += x_size * y_size;
          widened[j] += x_wide * (y_size + b.bound[right]);
        }
      }
      double roundings = 0;
      for (uint64_t j = 0; j < n; ++j) {
        double moved = std::max(0.0, widened[j] - magnitude[j]);
        if (stretched) moved = std::fmin(moved, length * stretch.columns[j]);
        const double rounding = rounding_of_sum(static_cast<double>(k), highest[j] - lowest[j] + moved,
                                                std::fmax(magnitude[j], widened[j]), it.factor);
        out.value[base] = sum[j];
        out.bound[base++] = moved + rounding;
        roundings += rounding * rounding;
      }
      const double by_length = stretched ? length * stretch.whole : 0;
      out.row_bound[base / n - 1] = exact ? by_length + std::sqrt(roundings) : kInfinite;
    }
  });
}

}  // namespace rondo::evaluating
