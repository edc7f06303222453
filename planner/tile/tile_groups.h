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

// Which parts of a group go to the same lane.
enum class Deal : uint8_t {
  kRows,     // neighbouring row blocks, and columns of one block where there are fewer blocks than lanes
  kColumns,  // neighbouring columns: each lane brings its part of the weights, and all rows
};

struct TileOptions {
  uint32_t tile = 32;
  Walk walk = Walk::kForward;
  uint64_t scratch_bytes = ~uint64_t{0};  // what a plan may use; more than half of it is in no two pieces' reach
  bool reaches_device = false;            // computes reach states and intermediates in memory
  uint32_t lanes = 1;
  Deal deal = Deal::kRows;
};

// Walks every chain row block by row block (outermost axes first), and in a row
// block group by group; a matmul goes by columns n, then k: ask a(m,k), ask b(k,n),
// product; the store follows the last k. Tiles at edges are smaller boxes.
// A chain by panels sums `panel` tiles of its product side by side, for each k all of
// them, so that a tile of an operand serves a row or a column of sums at once.
// Matmul and pointwise operands are tile x tile; softmax and layer_norm, and what
// they share a chain with, hold `chain.rows` whole rows in one piece. Attention and
// rotary work head by head, on all keys at once. Intermediates that only their chain
// reads are not stored.
//
// With several lanes every call belongs to one, and so do all calls that write parts of
// one piece; whatever some group reads is stored, for another lane might ask for it.
//
// What a table chooses from is read where it lies, and so are the keys and values of a
// head that take more than half of scratch, if computes reach them; what is appended goes
// from scratch into the state, and what a scalar moves comes by a copy engine
// (docs/decisions/0086).
// Errors: kTooComplex above kMaxComputes.
Result<MicroProgram> tile_groups(const Graph& graph, const direct::TensorViews& views,
                                 const std::vector<FusedGroup>& groups, const std::vector<Chain>& chains,
                                 const TileOptions& options);

// The same for the last whole row block of one chain alone: enough to see what fits.
Result<MicroProgram> tile_last_block(const Graph& graph, const direct::TensorViews& views,
                                     const std::vector<FusedGroup>& groups, const Chain& chain,
                                     const TileOptions& options);

}  // namespace rondo::tiling
