// What no placement of the same micro-ops can beat.
#pragma once
#include <cstdint>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

struct PlacementBounds {
  uint64_t loads = 0;       // distinct operand pieces that come from memory
  uint64_t live_bytes = 0;  // most bytes alive at once if every piece is loaded once
};

// With `keep_results` a result may stay in scratch until it is asked for, and need
// never be loaded; else every operand is loaded at least once.
PlacementBounds bound_placement(const MicroProgram& program, bool keep_results);

}  // namespace rondo::tiling
