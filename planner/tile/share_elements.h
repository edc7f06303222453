// Which parts of a tensor have elements in common.
#pragma once
#include <vector>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Elements [first, end) of a label, in row-major order: under every label of a tensor the
// same elements have the same numbers.
struct Run {
  uint64_t first = 0, end = 0;
};
// One for each row of the box, ascending.
std::vector<Run> runs_of(const std::vector<uint32_t>& shape, const Box& box);

// Two boxes of one label share an element.
bool boxes_overlap(const Box& a, const Box& b);

// The same of pieces, under whatever labels.
bool share_elements(const MicroProgram& micro, const Piece& a, const Piece& b);

// What an operand in memory may touch, wherever a scalar moves it.
Piece region_of(const MicroProgram& micro, const PieceUse& use);

}  // namespace rondo::tiling
