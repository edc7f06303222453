// What each op of a placed list must come after: the conflicts on scratch and memory.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

struct Conflicts {
  // before[first[i] .. first[i+1]): ops that op i must follow, ascending, no duplicates.
  // Enough for all: an older conflict is implied by a chain of those listed.
  std::vector<uint32_t> first, before;
};

// The engine that an op is for; machines may have fewer.
Engine engine_of(const MicroProgram& micro, const PlacedOp& op);

// Whole pieces count as touched, so two boxes of one piece conflict. Where one
// stream issues and completes its computes in order, only the last of several
// readers among them is listed.
Conflicts find_conflicts(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program);

}  // namespace rondo::tiling
