// reduce_sum, reduce_max, reduce_mean: one value for each row of the last axis.
//
// x and y may lie in any strides; the last axis of x, n, may be empty: 0, -inf and
// 0. reduce_max of a row with NaN is NaN; the sign of a largest zero is not told.
// Sums start at +0, so that the sum of a row of -0 is 0.
// Error, vector kernels, as tests/kernels holds them: (4 + n / 16) 2^-24 sum |x|.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

enum class Reduction { kSum, kMax, kMean };

}  // namespace rondo::kernels
