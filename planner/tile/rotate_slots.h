// Slot rotation: gives every stay in scratch the place that has been free longest.
#pragma once
#include <cstdint>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

// Same ops, same stays, other addresses: where first fit reuses the slot that was
// freed just now, and so ties the next load to the product before it, rotation
// reuses the one that was freed first. Tries slots of one size (which then form
// the ring of the result), then holes of any size; if the stays fit neither way
// in `bytes`, the program comes back as it was.
PlacedProgram rotate_slots(PlacedProgram program, uint64_t bytes);

}  // namespace rondo::tiling
