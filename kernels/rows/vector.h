// softmax and layer_norm of one dense row, written once over a vector type.
#pragma once
#include "kernels/rows/rows.h"
#include "kernels/vector/math.h"

namespace rondo::kernels {
namespace {

// Calls op(position, mask) over the row; masks are full but for the last.
template <class V, class Op>
RONDO_KERNEL_INLINE void over_row(int64_t count, Op op) {
  const auto full = V::first(V::kLanes);
  int64_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) op(i, full, false);
  if (i < count) op(i, V::first(count - i), true);
}

template <class V>
void softmax_row(const float* x, float* y, int64_t count) {
  using F = typename V::F;
  using Mask = typename V::Mask;
  constexpr float kInf = __builtin_inff();

  // NaN may get lost here; its own exponential brings it back.
  F top = V::set(-kInf);
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        top = V::max(top, tail ? V::keep(mask, V::load(x + i, mask), V::set(-kInf)) : V::load(x + i));
      });
  const F largest = V::set(V::largest(top));

  F total = V::zero();
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        if (!tail) {
          const F e = exp_of<V>(V::sub(V::load(x + i), largest));
          V::store(y + i, e);
          total = V::add(total, e);
        } else {
          const F e = exp_of<V>(V::sub(V::load(x + i, mask), largest));
          V::store(y + i, mask, e);
          total = V::add(total, V::keep(mask, e, V::zero()));
        }
      });

  const F scale = V::set(1.0f / V::sum(total));
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        if (!tail)
          V::store(y + i, V::mul(V::load(y + i), scale));
        else
          V::store(y + i, mask, V::mul(V::load(y + i, mask), scale));
      });
}

template <class V>
void layer_norm_row(const float* x, const float* gamma, const float* beta, float* y, int64_t count, float eps) {
  using F = typename V::F;
  using Mask = typename V::Mask;
  const float n = static_cast<float>(count);

  F total = V::zero();
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        total = V::add(total, tail ? V::load(x + i, mask) : V::load(x + i));
      });
  const F centre = V::set(V::sum(total) / n);

  // `centre` is only near the mean: its error shows as the mean of the
  // deviations, which corrects both mean and variance.
  F first = V::zero(), second = V::zero();
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        const F d =
            tail ? V::keep(mask, V::sub(V::load(x + i, mask), centre), V::zero()) : V::sub(V::load(x + i), centre);
        first = V::add(first, d);
        second = V::fma(d, d, second);
      });
  const float rest = V::sum(first) / n;
  const float variance = V::sum(second) / n - rest * rest;
  const F shift = V::set(rest);
  const F scale = V::set(1.0f / __builtin_sqrtf((variance > 0.0f || variance != variance ? variance : 0.0f) + eps));

  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        if (!tail) {
          const F d = V::sub(V::sub(V::load(x + i), centre), shift);
          V::store(y + i, V::fma(V::mul(d, scale), V::load(gamma + i), V::load(beta + i)));
        } else {
          const F d = V::sub(V::sub(V::load(x + i, mask), centre), shift);
          V::store(y + i, mask, V::fma(V::mul(d, scale), V::load(gamma + i, mask), V::load(beta + i, mask)));
        }
      });
}

template <class V>
void rms_norm_row(const float* x, const float* gamma, float* y, int64_t count, float eps) {
  using F = typename V::F;
  using Mask = typename V::Mask;
  F squares = V::zero();
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        const F v = tail ? V::load(x + i, mask) : V::load(x + i);
        squares = V::fma(v, v, squares);
      });
  const F scale = V::set(1.0f / __builtin_sqrtf(V::sum(squares) / static_cast<float>(count) + eps));
  over_row<V>(
      count, [&](int64_t i, Mask mask, bool tail) __attribute__((always_inline)) {
        if (!tail)
          V::store(y + i, V::mul(V::mul(V::load(x + i), scale), V::load(gamma + i)));
        else
          V::store(y + i, mask, V::mul(V::mul(V::load(x + i, mask), scale), V::load(gamma + i, mask)));
      });
}

}  // namespace
}  // namespace rondo::kernels
