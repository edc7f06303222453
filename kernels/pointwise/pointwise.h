// Element-by-element kernels: fill; add, sub, mul, div; relu, gelu, silu, sigmoid,
// tanh, exp, sqrt.
//
// An instruction set supplies functions over dense rows; the walks below bring
// any box to such rows. Elements that do not lie densely (broadcast or strided
// along the row) go through a buffer on the stack, kRowBuffer at a time.
//
// relu(x) keeps NaN and -0. gelu(-inf) and silu(-inf) are 0, their limits. Results
// of add, sub, mul, div, relu and sqrt are those of one IEEE operation; errors of the
// others are in kernels/vector/math.h.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

inline constexpr int64_t kRowBuffer = 512;  // floats; not measured

// A source may equal y; otherwise they do not overlap. count may be 0.
using BinaryRow = void (*)(const float* a, const float* b, float* y, int64_t count);
using UnaryRow = void (*)(const float* x, float* y, int64_t count);
using FillRow = void (*)(float* y, int64_t count, float value);

void walk_binary(const KernelArgs& args, BinaryRow row);
void walk_unary(const KernelArgs& args, UnaryRow row);
void walk_fill(const KernelArgs& args, FillRow row);

// The scalar functions of the reference kernels, f64 inside.
float relu_exact(float x);
double gelu_erf_exact(double x);
double gelu_tanh_exact(double x);
double silu_exact(double x);

}  // namespace rondo::kernels
