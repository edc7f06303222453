// One dense row of rotary, written once over a vector type.
#pragma once
#include "kernels/rotary/rotary.h"
#include "kernels/vector/inline.h"

namespace rondo::kernels {
namespace {

// Of a pair of vectors (a, b); a masked load gives zeros.
template <class V>
RONDO_KERNEL_INLINE void turn(const float* x, const float* cos, const float* sin, float* y, int64_t a, int64_t b,
                              int64_t lanes) {
  const auto mask = V::first(lanes);
  const auto xa = V::load(x + a, mask), xb = V::load(x + b, mask);
  V::store(y + a, mask, V::fms(xa, V::load(cos + a, mask), V::mul(xb, V::load(sin + a, mask))));
  V::store(y + b, mask, V::fma(xb, V::load(cos + b, mask), V::mul(xa, V::load(sin + b, mask))));
}

template <class V>
void half_row(const float* x, const float* cos, const float* sin, float* y, int64_t count) {
  const int64_t half = count / 2;
  int64_t i = 0;
  for (; i + V::kLanes <= half; i += V::kLanes) turn<V>(x, cos, sin, y, i, i + half, V::kLanes);
  if (i < half) turn<V>(x, cos, sin, y, i, i + half, half - i);
  if (count % 2 != 0) y[count - 1] = x[count - 1];
}

template <class V>
void interleaved_row(const float* x, const float* cos, const float* sin, float* y, int64_t count) {
  const int64_t even = count / 2 * 2;
  int64_t i = 0;
  for (; i + V::kLanes <= even; i += V::kLanes) {
    const auto v = V::load(x + i);
    V::store(y + i, V::fmaddsub(v, V::load(cos + i), V::mul(V::swap_pairs(v), V::load(sin + i))));
  }
  if (i < even) {
    const auto mask = V::first(even - i);
    const auto v = V::load(x + i, mask);
    V::store(y + i, mask, V::fmaddsub(v, V::load(cos + i, mask), V::mul(V::swap_pairs(v), V::load(sin + i, mask))));
  }
  if (count % 2 != 0) y[count - 1] = x[count - 1];
}

}  // namespace
}  // namespace rondo::kernels
