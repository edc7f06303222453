// How many tiles of a product's result are summed side by side in scratch.
#pragma once
#include <cstdint>

namespace rondo::tiling {

// In tiles.
struct Panel {
  uint32_t rows = 1, columns = 1;
  bool operator==(const Panel&) const = default;
};

// Of a product of rows x depth by depth x columns tiles. A panel of r x c sums takes r + c
// tiles of its operands for r * c products of a step along the depth: of the panels for
// which sums and operands of one step fit in `room` tiles, the one that brings fewest
// tiles to scratch; of equal ones the smallest, then the one of more rows. 1 x 1 where
// nothing else fits.
Panel choose_panel(uint32_t rows, uint32_t columns, uint32_t depth, uint64_t room);

}  // namespace rondo::tiling
