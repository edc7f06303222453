// Element-by-element kernels: fill; add, sub, mul, div; relu, gelu, silu, sigmoid,
// tanh, exp, sqrt.
//
// An instruction set supplies functions over dense rows, and of two operands also over
// one of them and a number that is broadcast along the row; the walks below bring
// any box to such rows. Elements that are strided along the row go through a buffer on the
// stack, kRowBuffer at a time.
//
// relu(x) keeps NaN and -0. gelu(-inf) and silu(-inf) are 0, their limits. Results
// of add, sub, mul, div, relu and sqrt are those of one IEEE operation; errors of the
// others are in kernels/vector/math.h.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

inline constexpr int64_t kRowBuffer = 512;  // floats; not measured

// Rows of two operands and their result: where each begins, and bytes from row to row.
struct BinaryBlock {
  const std::byte *a, *b;
  std::byte* y;
  int64_t a_row, b_row, y_row;
  int64_t rows, count;  // count: elements of a row
};
// `rows`: all three lie densely along the row. The others: one number a row to the left, or
// to the right. A source may equal y; otherwise they do not overlap. Both counts may be 0.
struct BinaryForms {
  void (*rows)(const BinaryBlock& block);
  void (*number_left)(const BinaryBlock& block);
  void (*number_right)(const BinaryBlock& block);
};
// A source may equal y; otherwise they do not overlap. count may be 0.
using UnaryRow = void (*)(const float* x, float* y, int64_t count);
using FillRow = void (*)(float* y, int64_t count, float value);

void walk_binary(const KernelArgs& args, const BinaryForms& op);
void walk_unary(const KernelArgs& args, UnaryRow row);
void walk_fill(const KernelArgs& args, FillRow row);

// The scalar functions of the reference kernels, f64 inside.
float relu_exact(float x);
double gelu_erf_exact(double x);
double gelu_tanh_exact(double x);
double silu_exact(double x);

}  // namespace rondo::kernels
