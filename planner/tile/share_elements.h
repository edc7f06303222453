// Which parts of a tensor have elements in common.
#pragma once
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Two boxes of one label share an element.
bool boxes_overlap(const Box& a, const Box& b);

// The same of pieces, under whatever labels.
bool share_elements(const MicroProgram& micro, const Piece& a, const Piece& b);

// What an operand in memory may touch, wherever a scalar moves it.
Piece region_of(const MicroProgram& micro, const PieceUse& use);

}  // namespace rondo::tiling
