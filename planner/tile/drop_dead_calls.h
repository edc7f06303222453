// Calls that nobody needs: a slice may leave part of a tensor unread.
#pragma once
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Takes out stores of intermediates of which nothing is read later, and the calls whose
// results are neither read nor stored, with what only they ask for. A call that writes
// memory stays.
MicroProgram drop_dead_calls(const Graph& graph, MicroProgram program);

}  // namespace rondo::tiling
