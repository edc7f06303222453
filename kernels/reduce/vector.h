// The shapes of reduce.h, written once over a vector type.
#pragma once
#include "kernels/reduce/reduce.h"
#include "kernels/vector/inline.h"

namespace rondo::kernels {
namespace {

template <class V>
struct ReduceRows {
  using F = typename V::F;
  static constexpr float kLeast = -__builtin_inff();

  // A largest value, and NaN in the lanes that have seen one: `max` alone forgets it.
  struct Largest {
    F top = V::set(kLeast), nan = V::zero();

    RONDO_KERNEL_INLINE void take(F x) {
      top = V::max(top, x);
      nan = V::either(nan, V::nan_of(x));
    }
    RONDO_KERNEL_INLINE F value() const { return V::either(top, nan); }
  };

  static float sum(const float* x, int64_t count) {
    F sum0 = V::zero(), sum1 = V::zero(), sum2 = V::zero(), sum3 = V::zero();
    int64_t i = 0;
    for (; i + 4 * V::kLanes <= count; i += 4 * V::kLanes) {
      sum0 = V::add(sum0, V::load(x + i));
      sum1 = V::add(sum1, V::load(x + i + V::kLanes));
      sum2 = V::add(sum2, V::load(x + i + 2 * V::kLanes));
      sum3 = V::add(sum3, V::load(x + i + 3 * V::kLanes));
    }
    for (; i + V::kLanes <= count; i += V::kLanes) sum0 = V::add(sum0, V::load(x + i));
    if (i < count) sum1 = V::add(sum1, V::load(x + i, V::first(count - i)));
    return V::sum(V::add(V::add(sum0, sum1), V::add(sum2, sum3)));
  }

  static float largest(const float* x, int64_t count) {
    Largest a, b;
    int64_t i = 0;
    for (; i + 2 * V::kLanes <= count; i += 2 * V::kLanes) {
      a.take(V::load(x + i));
      b.take(V::load(x + i + V::kLanes));
    }
    for (; i + V::kLanes <= count; i += V::kLanes) a.take(V::load(x + i));
    if (i < count) {
      const auto mask = V::first(count - i);
      b.take(V::keep(mask, V::load(x + i, mask), V::set(kLeast)));
    }
    const F nan = V::either(a.nan, b.nan);
    const float any = V::sum(nan);  // 0, or NaN where a lane is
    return any != any ? any : V::largest(V::max(a.top, b.top));
  }

  // Calls op(column, mask) for vectors of columns.
  template <class Op>
  static RONDO_KERNEL_INLINE void over_columns(int64_t columns, Op op) {
    for (int64_t c = 0; c < columns; c += V::kLanes) op(c, V::first(columns - c < V::kLanes ? columns - c : V::kLanes));
  }

  // Sixteen rows at a time are summed on their own: few roundings for many rows.
  static void sum_columns(const std::byte* x, int64_t row_stride_bytes, int64_t rows, float* to, int64_t columns) {
    over_columns(
        columns, [&](int64_t c, typename V::Mask mask) __attribute__((always_inline)) {
          const std::byte* from = x + c * 4;
          F total = V::zero();
          for (int64_t r = 0; r < rows; r += 16) {
            const int64_t end = rows - r < 16 ? rows : r + 16;
            F part = V::zero();
            for (int64_t i = r; i < end; ++i) part = V::add(part, V::load(from + i * row_stride_bytes, mask));
            total = V::add(total, part);
          }
          V::store(to + c, mask, total);
        });
  }

  static void largest_columns(const std::byte* x, int64_t row_stride_bytes, int64_t rows, float* to, int64_t columns) {
    over_columns(
        columns, [&](int64_t c, typename V::Mask mask) __attribute__((always_inline)) {
          Largest largest;
          for (int64_t r = 0; r < rows; ++r) largest.take(V::load(x + c * 4 + r * row_stride_bytes, mask));
          V::store(to + c, mask, largest.value());
        });
  }
};

}  // namespace
}  // namespace rondo::kernels
