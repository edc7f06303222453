// What each operator becomes: the one interface between the passes that decide who
// computes what, in which order, and the emitters, one file a family.
#pragma once
#include <array>
#include <cstdint>

#include "planner/direct/emit/box.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {

// Boxes are of what a group writes: its output, of an append or a scatter the new rows
// (SegmentedGraph::written_shape). Where it may be cut into boxes, by axis: boxes begin at multiples
// of `step[axis]`, and end there or at the end of the axis. kWhole: never cut.
inline constexpr uint32_t kWhole = 0;
struct CutSteps {
  std::array<uint32_t, kMaxRank> step = {};
};
CutSteps cut_steps(const DirectLayout& layout, uint32_t group);

// Adds the ops that compute `box` of the output of a group, and write nothing outside
// it, to the lane's stream. However an output is cut, each of its elements is computed by
// the same kernel from the same operands in full length: no sum is ever split, so the
// result does not depend on the cut. Precondition: the box keeps to `cut_steps`.
void emit_group(LaneEmitter& lane, uint32_t group, const Box& box);

}  // namespace rondo::direct
