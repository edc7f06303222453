// Products, and the packing of their right operands.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One product for each entry of the leading axes within the box, each preceded by the
// packing of its right operand where the replay packs it and it is not there yet.
void emit_matmul(LaneEmitter& lane, uint32_t group, const Box& box);

// Packs matrix number `entry` of a constant right operand, in `prepare`.
void prepare_pack(LaneEmitter& lane, uint32_t group, uint64_t entry);

// Packs columns [first, first + count) of matrix number `entry` of the right operand of
// a group in the replay, unless the place that this lane uses has them; `first` begins a panel.
void pack_columns(LaneEmitter& lane, uint32_t group, uint64_t entry, uint32_t first, uint32_t count);

// True for a lone matrix that all blocks of a blocked segment read: packed before them.
bool packed_before_blocks(const DirectLayout& layout, uint32_t group);

}  // namespace rondo::direct
