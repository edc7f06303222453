// What a group of operators asks for, before a granularity is chosen.
//
// Going backwards from the group's boundary outputs, each tensor is needed in
// slices; an axis of a slice is the tile's rows (h), the tile's columns (w), the
// range of the k-step (k) or everything (F). That depends on the graph alone, so it
// is found once per set of operators and every granularity is priced from it in
// constant time (price.h). The rules R3 to R6, R10 and R11 of docs/contest.md are
// decided here; R1, R2, R9 and R13 are left to the pricing.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>
#include "planner/fusion/cost/network.h"

namespace rondo::fusion {

enum class Axis : uint8_t { kRows, kColumns, kStep, kAll };

// One need of one boundary input.
struct SliceNeed {
  uint32_t input = 0;  // index into Demand::inputs
  Axis row = Axis::kAll, column = Axis::kAll;
};

struct Demand {
  bool possible = false;          // a granularity may exist; false when a rule on the structure refuses the group
  std::vector<uint32_t> inputs;   // boundary inputs, in order of first use
  std::vector<uint32_t> outputs;  // boundary outputs: produced here, used by nobody here
  std::vector<uint32_t> inner;    // produced and used here
  // Bit i of a mask is inputs[i] / outputs[i] / inner[i]; a group with more than 64 of
  // a kind cannot keep the later ones resident.
  std::vector<SliceNeed> needs;             // distinct (input, row, column)
  std::vector<uint8_t> early;               // by input: loaded in the first k-step of a tile if it does not move with k
  int64_t grid_width = 0, grid_height = 0;  // of every boundary output
  int64_t reduction = 1;                    // K of the MatMuls that own the k-loop; 1 without any
  bool has_loop = false;
  int64_t max_k = 1;                      // least K of any MatMul of the group
  int64_t min_width = 1, min_height = 1;  // asked for by a pointwise operator that feeds a MatMul (R10)
  // Compute of a tile: spread over the k-loop, in its first step, in its last.
  double loop_cost = 0, first_cost = 0, last_cost = 0;
  uint32_t accumulators = 0;               // MatMuls that own the loop and whose output is inner ...
  std::vector<uint8_t> accumulates;        // ... by inner tensor
  uint64_t shape_low = 0, shape_high = 0;  // equal for groups that cost the same under renaming (128-bit digest)
};

// `operators`: numbers of the network, ascending, distinct, not empty. With `in_parts` they
// need not be connected (R4): for sets that grow towards the inputs, where everything else
// that makes a group impossible stays, whatever producers come in.
Demand find_demand(const Network& net, std::span<const uint32_t> operators, bool in_parts = false);

}  // namespace rondo::fusion
