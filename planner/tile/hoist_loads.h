// Load hoisting: starts copies into scratch before the products that need them.
#pragma once
#include <cstdint>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Moves each load up the list, past at most `products` computes, while it passes
// neither another load nor an op that touches its slot, nor one that writes the memory
// it reads. Addresses stay; only the order changes, and with 0 not even that.
PlacedProgram hoist_loads(const MicroProgram& micro, PlacedProgram program, uint32_t products);

}  // namespace rondo::tiling
