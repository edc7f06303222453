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

  // The three forms of an operation; `Op::of(F, F)` computes it.
  template <class Op>
  struct Binary {
    // Which side is a number a row.
    template <bool kLeft, bool kRight>
    static RONDO_KERNEL_INLINE void over(const BinaryBlock& block) {
      const int64_t whole = block.count / V::kLanes * V::kLanes * 4;
      const bool has_tail = block.count % V::kLanes != 0;
      const auto mask = V::first(block.count % V::kLanes);
      const std::byte *a = block.a, *b = block.b;
      std::byte* y = block.y;
      for (int64_t row = 0; row < block.rows; ++row) {
        const F left = kLeft ? V::broadcast(a) : V::zero(), right = kRight ? V::broadcast(b) : V::zero();
        for (int64_t c = 0; c < whole; c += V::kLanes * 4)
          V::store(y + c, Op::of(kLeft ? left : V::load(a + c), kRight ? right : V::load(b + c)));
        if (has_tail)
          V::store(y + whole, mask,
                   Op::of(kLeft ? left : V::load(a + whole, mask), kRight ? right : V::load(b + whole, mask)));
        a += block.a_row, b += block.b_row, y += block.y_row;
      }
    }
    static void rows(const BinaryBlock& block) { over<false, false>(block); }
    static void number_left(const BinaryBlock& block) { over<true, false>(block); }
    static void number_right(const BinaryBlock& block) { over<false, true>(block); }
  };
  template <class Op>
  static constexpr BinaryForms kForms = {Binary<Op>::rows, Binary<Op>::number_left, Binary<Op>::number_right};

  struct Add {
    static RONDO_KERNEL_INLINE F of(F a, F b) { return V::add(a, b); }
  };
  struct Sub {
    static RONDO_KERNEL_INLINE F of(F a, F b) { return V::sub(a, b); }
  };
  struct Mul {
    static RONDO_KERNEL_INLINE F of(F a, F b) { return V::mul(a, b); }
  };
  struct Div {
    static RONDO_KERNEL_INLINE F of(F a, F b) { return V::div(a, b); }
  };

  template <class Op>
  static RONDO_KERNEL_INLINE void unary(const float* x, float* y, int64_t count, Op op) {
    int64_t i = 0;
    for (; i + V::kLanes <= count; i += V::kLanes) V::store(y + i, op(V::load(x + i)));
    if (i == count) return;
    const auto mask = V::first(count - i);
    V::store(y + i, mask, op(V::load(x + i, mask)));
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
