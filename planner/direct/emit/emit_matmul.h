// Products, and the packing of their right operands.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One product for each entry of the leading axes within the box, each preceded by the
// packing of its right operand where the replay packs it and it is not there yet.
void emit_matmul(LaneEmitter& lane, uint32_t group, const Box& box);

// Packs matrix number `entry` of the right operand of a group, on the given stream.
void emit_pack(LaneEmitter& lane, uint32_t stream, uint32_t group, uint64_t entry);

// True for a lone matrix that all blocks of a blocked segment read: packed before them.
bool packed_before_blocks(const DirectLayout& layout, uint32_t group);

}  // namespace rondo::direct
