#include <algorithm>
#include <cfloat>
#include <cmath>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {

// With A = |a| + bound and B likewise, sum A B - sum |a||b| is what the operands'
// own bounds can move the sum by, and c k eps sum A B covers its roundings.
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
                            it.factor * static_cast<double>(k) * kEpsilon * widened[j] + FLT_MIN;
      }
    }
  });
}

}  // namespace rondo::evaluating
