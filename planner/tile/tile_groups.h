// Tiling: from groups and chains to the micro-ops of one serial order.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/tile/chain_groups.h"
#include "planner/tile/tile_form.h"
#include "rondo/result.h"

namespace rondo::tiling {

// More kernel calls than this are refused as too complex; a larger tile helps.
inline constexpr uint64_t kMaxComputes = uint64_t{1} << 20;

// Which way a matmul goes through n and k.
enum class Walk : uint8_t {
  kForward,  // always up
  kTurning,  // each pass begins where the last one ended, at tiles that are still in scratch
};

// Walks every chain row block by row block (outermost axes first), and in a row
// block group by group; a matmul goes by columns n, then k: ask a(m,k), ask b(k,n),
// product; the store follows the last k. Tiles at edges are smaller boxes.
// Matmul and pointwise operands are tile x tile; softmax and layer_norm, and what
// they share a chain with, hold `chain.rows` whole rows in one piece.
// Intermediates that only their chain reads are not stored.
// Errors: kTooComplex above kMaxComputes.
Result<MicroProgram> tile_groups(const Graph& graph, const std::vector<FusedGroup>& groups,
                                 const std::vector<Chain>& chains, uint32_t tile, Walk walk = Walk::kForward);

// The same for the first row block of one chain alone: enough to see what fits.
Result<MicroProgram> tile_first_block(const Graph& graph, const std::vector<FusedGroup>& groups, const Chain& chain,
                                      uint32_t tile);

}  // namespace rondo::tiling
