// The order in which copies into scratch are issued: each engine takes the one that can
// begin first.
#pragma once
#include "planner/tile/tile_form.h"
#include "rondo/graph.h"
#include "rondo/machine.h"

namespace rondo::tiling {

// List scheduling (Graham 1966) against the event model of predict_makespan: where a
// copy would wait for what is not stored yet, or for room, one of the next kAhead copies
// that need not wait goes first; a copy goes ahead of at most `products` computes. What
// computes, and what is stored, keeps its order on its engine; addresses stay, and so do
// all conflicts, so that the list is as legal as it was. 0 products: not even the order
// changes. Time: ops * (kAhead + engines) * conflicts an op.
PlacedProgram issue_loads(const Graph& graph, const MicroProgram& micro, PlacedProgram program, const Machine& machine,
                          uint32_t products);

}  // namespace rondo::tiling
