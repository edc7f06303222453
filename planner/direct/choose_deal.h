// Deals the work of a direct plan to the lanes of a machine.
//
// Every group is left on one lane or cut along one axis of its output. What a cut
// costs is read off the ops it would become: time of the slowest lane by the machine's
// costs, bytes that a lane reads and another one wrote, and tokens. So an operator
// needs nothing but its emitter to be dealt well. No sum is ever cut, so results do
// not depend on the number of lanes.
#pragma once
#include <cstdint>

#include "planner/direct/place_tensors.h"
#include "rondo/machine.h"

namespace rondo::direct {

// The deal of one lane: every group whole.
Deal deal_to_one(const SegmentedGraph& graph);

// The best deal found for at most `lanes` lanes: dynamic programming along the groups
// from several starts, refined group by group; deterministic. The layout must be one
// that was placed for one lane. Rows of blocked segments are cut, or stay on one lane.
Deal choose_deal(const DirectLayout& layout, const Machine& machine, uint32_t lanes);

}  // namespace rondo::direct
