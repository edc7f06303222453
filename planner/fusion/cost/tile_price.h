// What one tile of a group costs at one granularity, and how often a traversal meets each
// kind of tile: the sums that price.cc takes over granularities. Part of the closed form
// of price.h; nobody else needs it.
#pragma once
#include <array>
#include <cstdint>
#include "planner/fusion/cost/price.h"

namespace rondo::fusion {

// The distinct slices that are loaded, summed up by kind. Which slices coincide depends
// only on whether one tile covers the rows, the columns, and one step the reduction.
// Kinds that move with k count elements per unit of k; of the rest, [0] is loaded in
// the first k-step of a tile, [1] in the last.
struct Loads {
  int64_t rows_step = 0;                                            // (h,k): x h x k
  int64_t step_columns = 0;                                         // (k,w): x k x w
  int64_t all_step = 0;                                             // (F,k) and (k,F): x k
  std::array<int64_t, 2> tile{}, rows_all{}, all_columns{}, all{};  // (h,w): x h x w; (h,F): x h; (F,w): x w; (F,F)
  int64_t per_k(int64_t h, int64_t w) const { return rows_step * h + step_columns * w + all_step; }
  int64_t fixed(int64_t h, int64_t w) const {
    return (tile[0] + tile[1]) * h * w + (rows_all[0] + rows_all[1]) * h + (all_columns[0] + all_columns[1]) * w +
           all[0] + all[1];
  }
  bool ordered() const {  // a traversal order makes a difference
    return (rows_all[0] | rows_all[1] | all_columns[0] | all_columns[1]) != 0;
  }
};

// `entering`: inputs that are resident, by bit, and so not loaded.
Loads sum_loads(const Network& net, const Demand& demand, uint64_t entering, bool one_row, bool one_column,
                bool one_step);

// Elements that stay in fast memory whatever the granularity, and how the rest scales.
struct Holdings {
  int64_t fixed = 0;         // entering and retained tensors, full size
  int64_t tiles = 0;         // x tile: outputs not retained
  int64_t accumulators = 0;  // x tile, when there is more than one k-step
  int64_t evicted = 0;       // outputs not retained, again
};

Holdings sum_holdings(const Network& net, const Demand& demand, const Residency& residency);

// Which of row and column differ from the tile before; kFirst: there is none.
enum Change : uint8_t { kFirst, kRow, kColumn, kBoth, kChanges };

// One granularity, ready to price its steps.
struct TilePricer {
  const Network& net;
  const Demand& demand;
  const Holdings& holdings;
  const Loads& loads;
  int64_t w, h, k, rows, columns, steps;

  double step(int64_t h_here, int64_t w_here, int64_t k_here, bool first, bool last, Change change) const;
  double tile(bool last_row, bool last_column, Change change) const;
  // No less than this for any number of steps of at most k, where there is more than one.
  double tile_of_any_steps(bool last_row, bool last_column, Change change) const;
  // Elements loaded and evicted over all tiles and steps.
  double moved(Traversal traversal) const;
  double total(Traversal traversal) const;
};

}  // namespace rondo::fusion
