// Kernels over whole rows (the last axis): softmax, layer_norm, rms_norm.
//
// An instruction set supplies one function per row; rows are dense by contract.
//
// softmax follows its formula in IEEE arithmetic: an element of -inf becomes 0
// as long as its row has a larger one; a row of only -inf, or with inf or NaN,
// becomes NaN. layer_norm of a constant row with eps = 0 is 0 / 0 = NaN.
// rms_norm of a row of 0 with eps = 0 is NaN; squares whose sum leaves f32 give 0.
// Error, vector kernels, as tests/kernels holds them: softmax 4 ulp + n ulp / 16;
// layer_norm 8 ulp of |y - beta| + |beta|; rms_norm 4 ulp + n ulp / 16. Sums run over lanes, then halves onto halves.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

// count >= 1; x may equal y, otherwise they do not overlap.
using SoftmaxRow = void (*)(const float* x, float* y, int64_t count);
using LayerNormRow = void (*)(const float* x, const float* gamma, const float* beta, float* y, int64_t count,
                              float eps);

using RmsNormRow = void (*)(const float* x, const float* gamma, float* y, int64_t count, float eps);

void walk_softmax(const KernelArgs& args, SoftmaxRow row);
void walk_layer_norm(const KernelArgs& args, LayerNormRow row);
void walk_rms_norm(const KernelArgs& args, RmsNormRow row);

}  // namespace rondo::kernels
