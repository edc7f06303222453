// Dense rows of the pointwise kernels, written once over a vector type.
#pragma once
#include "kernels/pointwise/pointwise.h"
#include "kernels/vector/math.h"

namespace rondo::kernels {
namespace {

// Calls op(position) -> vector for whole vectors and op(position, mask) for the rest.
template <class V>
struct PointwiseRows {
  using F = typename V::F;

  template <class Op>
  static RONDO_KERNEL_INLINE void binary(const float* a, const float* b, float* y, int64_t count, Op op) {
    int64_t i = 0;
    for (; i + V::kLanes <= count; i += V::kLanes) V::store(y + i, op(V::load(a + i), V::load(b + i)));
    if (i == count) return;
    const auto mask = V::first(count - i);
    V::store(y + i, mask, op(V::load(a + i, mask), V::load(b + i, mask)));
  }

  template <class Op>
  static RONDO_KERNEL_INLINE void unary(const float* x, float* y, int64_t count, Op op) {
    int64_t i = 0;
    for (; i + V::kLanes <= count; i += V::kLanes) V::store(y + i, op(V::load(x + i)));
    if (i == count) return;
    const auto mask = V::first(count - i);
    V::store(y + i, mask, op(V::load(x + i, mask)));
  }

  static void add(const float* a, const float* b, float* y, int64_t count) {
    binary(
        a, b, y, count, [](F u, F v) __attribute__((always_inline)) { return V::add(u, v); });
  }
  static void mul(const float* a, const float* b, float* y, int64_t count) {
    binary(
        a, b, y, count, [](F u, F v) __attribute__((always_inline)) { return V::mul(u, v); });
  }
  static void sub(const float* a, const float* b, float* y, int64_t count) {
    binary(
        a, b, y, count, [](F u, F v) __attribute__((always_inline)) { return V::sub(u, v); });
  }
  static void div(const float* a, const float* b, float* y, int64_t count) {
    binary(
        a, b, y, count, [](F u, F v) __attribute__((always_inline)) { return V::div(u, v); });
  }
  static void sqrt(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return V::sqrt(u); });
  }
  static void tanh(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return tanh_of<V>(u); });
  }
  static void sigmoid(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return sigmoid_of<V>(u); });
  }
  static void silu(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return silu_of<V>(u); });
  }
  static void exp(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return exp_of<V>(u); });
  }
  static void relu(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return relu_of<V>(u); });
  }
  static void gelu_erf(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return gelu_erf_of<V>(u); });
  }
  static void gelu_tanh(const float* x, float* y, int64_t count) {
    unary(
        x, y, count, [](F u) __attribute__((always_inline)) { return gelu_tanh_of<V>(u); });
  }
  static void fill(float* y, int64_t count, float value) {
    const F v = V::set(value);
    int64_t i = 0;
    for (; i + V::kLanes <= count; i += V::kLanes) V::store(y + i, v);
    if (i < count) V::store(y + i, V::first(count - i), v);
  }
};

}  // namespace
}  // namespace rondo::kernels
