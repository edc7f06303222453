// Stores that nobody reads: the price of placing before knowing what stays.
#pragma once
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Where results may stay in scratch, some are never loaded again. Takes out their
// stores, unless the tensor is an output of the graph.
PlacedProgram drop_dead_stores(const Graph& graph, const MicroProgram& micro, PlacedProgram program);

}  // namespace rondo::tiling
