// reduce_sum, reduce_max, reduce_mean: one value for each row of the last axis.
//
// x and y may lie in any strides; the last axis of x, n, may be empty: 0, -inf and
// 0. reduce_max of a row with NaN is NaN; the sign of a largest zero is not told.
// Sums start at +0, so that the sum of a row of -0 is 0.
// Error, vector kernels, as tests/kernels holds them: (24 + n / 16) 2^-24 sum |x|.
//
// An instruction set supplies sums of dense rows, and of many rows column by column
// for an x whose last axis is not its dense one; the walk brings boxes to them. The
// order of sums depends on extents and strides alone.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

enum class Reduction { kSum, kMax, kMean };

struct ReduceShapes {
  // Of count >= 0 dense elements.
  float (*row)(const float* x, int64_t count);
  // to[c] = the reduction of x[r][c] over r < rows; columns <= kRowBuffer.
  void (*columns)(const std::byte* x, int64_t row_stride_bytes, int64_t rows, float* to, int64_t columns);
};

inline constexpr int64_t kRowBuffer = 512;  // floats; not measured

void walk_reduce(const KernelArgs& args, Reduction reduction, const ReduceShapes& shapes);

}  // namespace rondo::kernels
