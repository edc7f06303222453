// rotary: turns pairs of elements of each row by the angles of cos and sin, the
// rotary position embedding of Su et al., "RoFormer" (arXiv 2104.09864).
//
// Pairs are (i, i + d/2), `half`, or (2i, 2i + 1), `interleaved`. cos and sin have
// an angle for each element, so that tables made for either pairing serve as they
// are; an odd last column is copied. Rows are dense; leading axes lie anyhow.
// Error: 2^-23 (|x_a cos| + |x_b sin|); the vector kernels fuse one product.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

// count >= 1; x may equal y, otherwise they do not overlap.
using RotaryRow = void (*)(const float* x, const float* cos, const float* sin, float* y, int64_t count);

void walk_rotary(const KernelArgs& args, RotaryRow row);

}  // namespace rondo::kernels
