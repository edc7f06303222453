// Elements put elsewhere: concat, append, and slices, transposes and reshapes that copy.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One op for each input that meets the box.
void emit_concat(LaneEmitter& lane, uint32_t group, const Box& box);

// One op. The box is of the new rows.
void emit_append(LaneEmitter& lane, uint32_t group, const Box& box);

// One op: a slice, transpose or reshape that copies. The output whole where the reshape
// is one that no strides can say.
void emit_view_copy(LaneEmitter& lane, uint32_t group, const Box& box);

}  // namespace rondo::direct
