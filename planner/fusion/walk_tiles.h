// The tiles of a subgraph in the order in which they run, by class: what a tile costs
// depends on whether it lies at an edge of the grid and on what changed since the tile
// before, on nothing else.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/fusion/geometry.h"

namespace rondo::fusion {

struct TileClass {
  static constexpr int kCount = 32;

  bool last_row = false;
  bool last_column = false;
  bool first_tile = false;
  bool row_changed = false;
  bool column_changed = false;

  int index() const {
    return (last_row ? 1 : 0) + (last_column ? 2 : 0) + (first_tile ? 4 : 0) + (row_changed ? 8 : 0) +
           (column_changed ? 16 : 0);
  }
  static TileClass at(int index) {
    return {(index & 1) != 0, (index & 2) != 0, (index & 4) != 0, (index & 8) != 0, (index & 16) != 0};
  }
};

// A tile of the class: any that is not at an edge stands at 0, 0.
inline Moment moment_of(const Geometry& geometry, TileClass tile, int64_t k_step) {
  return {{tile.last_row ? geometry.tile_rows - 1 : 0, tile.last_column ? geometry.tile_columns - 1 : 0, k_step},
          tile.first_tile,
          tile.row_changed,
          tile.column_changed};
}

// Calls visit(class, row, column) for each tile. `order`: row-major numbers, every one in
// range; empty is raster.
template <class Visit>
void walk_tiles(const Geometry& geometry, const std::vector<uint32_t>& order, Visit visit) {
  int64_t row_before = -1;
  int64_t column_before = -1;
  const auto step = [&](int64_t row, int64_t column) {
    visit(TileClass{row == geometry.tile_rows - 1, column == geometry.tile_columns - 1, row_before < 0,
                    row != row_before, column != column_before},
          row, column);
    row_before = row;
    column_before = column;
  };
  if (!order.empty()) {
    for (uint32_t tile : order) step(tile / geometry.tile_columns, tile % geometry.tile_columns);
    return;
  }
  for (int64_t row = 0; row < geometry.tile_rows; ++row)
    for (int64_t column = 0; column < geometry.tile_columns; ++column) step(row, column);
}

// How many tiles of each class a raster walk has, without walking.
inline void count_raster(const Geometry& geometry, int64_t (&counts)[TileClass::kCount]) {
  const int64_t rows = geometry.tile_rows;
  const int64_t columns = geometry.tile_columns;
  const auto add = [&](TileClass tile, int64_t times) { counts[tile.index()] += times; };
  // One row whose first tile is of the class `begin`.
  const auto add_row = [&](TileClass begin, int64_t times) {
    begin.last_column = columns == 1;
    add(begin, times);
    if (columns > 2) add({begin.last_row, false, false, false, true}, times * (columns - 2));
    if (columns > 1) add({begin.last_row, true, false, false, true}, times);
  };
  add_row({rows == 1, false, true, true, true}, 1);
  if (rows > 2) add_row({false, false, false, true, columns > 1}, rows - 2);
  if (rows > 1) add_row({true, false, false, true, columns > 1}, 1);
}

}  // namespace rondo::fusion
