// Work on elements that nobody reads.
#pragma once
#include <vector>

#include "planner/direct/declare_tables.h"
#include "planner/lanes/order_lanes.h"

namespace rondo::direct {

// True where ops may come to be dead: a slice leaves out some of what was computed.
bool may_leave_dead_ops(const SegmentedGraph& graph);

// Removes ops whose results lie in arenas and are read by no op after them that stays.
// `list` is all of the replay, in an order in which one after another could run.
void drop_dead_ops(const DirectLayout& layout, const Tables& tables, std::vector<lanes::StreamedOp>& list);

// Removes packs of `prepare` that no op of the replay reads.
void drop_dead_packs(const Tables& tables, const std::vector<lanes::StreamedOp>& replay,
                     std::vector<lanes::StreamedOp>& packs);

}  // namespace rondo::direct
