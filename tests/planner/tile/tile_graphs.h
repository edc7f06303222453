// The graphs and machines that the tile planner's tests share.
#pragma once
#include <string>
#include <vector>
#include "rondo/graph.h"
#include "rondo/machine.h"

namespace rondo::testing {

inline constexpr uint64_t kTileBytes = 4096;  // 32 x 32 f32

// A chain of matmuls x (batch x dims[0]) w1 w2 ..., relu after all but the last.
// Tensor names are those of the published golden streams: x, w1, t1, t2, w2, ...
Graph mlp_graph(uint32_t batch, const std::vector<uint32_t>& dims);
inline Graph small_mlp() { return mlp_graph(128, {128, 64, 32, 32}); }
inline Graph square_mlp() { return mlp_graph(128, {128, 128, 128, 128}); }

// One lane, scratch of `scratch_bytes`, and the published costs: 1 a copy, 1.725 a product.
Machine engine_machine(uint64_t scratch_bytes, uint32_t copy_in = 1, uint32_t copy_out = 0, double product = 1.725);

}  // namespace rondo::testing
