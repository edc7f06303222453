// Sums, maxima and means along one axis.
#pragma once
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// One op over the box; each entry of it reduces the whole axis.
void emit_reduction(LaneEmitter& lane, uint32_t group, const Box& box);

}  // namespace rondo::direct
