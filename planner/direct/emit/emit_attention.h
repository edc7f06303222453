// Attention and rotary embedding, head by head.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One op for each head, and each entry of the leading axes, within the box. Query rows are
// not cut: how many there are decides how a kernel blocks them, and so the last bits.
void emit_attention(LaneEmitter& lane, uint32_t group, const Box& box);

// One op for each head, and each entry of the leading axes, within the box.
void emit_rotary(LaneEmitter& lane, uint32_t group, const Box& box);

}  // namespace rondo::direct
