// Element by element and row by row: add, mul, relu, gelu, softmax, layer_norm.
#pragma once
#include <cstdint>
#include <string_view>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One op over the box, whose inputs are broadcast to the output as NumPy does.
void emit_map(LaneEmitter& lane, uint32_t group, const Box& box, std::string_view kernel);

}  // namespace rondo::direct
