// Element by element and row by row: add, relu, softmax, layer_norm and their like.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One op over the box, whose inputs are broadcast to the output as NumPy does.
void emit_map(LaneEmitter& lane, uint32_t group, const Box& box);

}  // namespace rondo::direct
