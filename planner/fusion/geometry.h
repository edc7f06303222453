// What one subgraph touches at its granularity: the grid of tiles, the k-loop, the slice
// of every tensor that a step works on, and when it is loaded and computed.
//
// A slice is named by how it moves, not by where it is: its rows are those of the tile
// (kTileRows), of the k-step (kDepth) or all of them, its columns likewise. Demand goes
// backwards from the boundary outputs; a MatMul whose output slice is one tile owns the
// k-loop, one whose output moves with k or is whole ("inner") reduces in a single step.
// Thread safety: plain values and pure functions.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "planner/fusion/problem.h"
#include "planner/fusion/rules.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {

// The order is that in which costs of one operator's executions are added.
enum class SliceAxis : uint8_t { kAll, kTileRows, kDepth, kTileColumns };

struct NamedSlice {
  SliceAxis rows = SliceAxis::kAll;
  SliceAxis columns = SliceAxis::kAll;

  bool moves_with(SliceAxis axis) const { return rows == axis || columns == axis; }
  auto operator<=>(const NamedSlice&) const = default;
};
inline constexpr NamedSlice kTile{SliceAxis::kTileRows, SliceAxis::kTileColumns};
inline constexpr NamedSlice kWhole{SliceAxis::kAll, SliceAxis::kAll};

// Of the k-steps of a tile, those in which something happens.
enum class When : uint8_t { kFirst, kEvery, kLast };

// An operator making one slice of its output. One operator may make several.
struct SliceExecution {
  uint32_t op = 0;
  NamedSlice slice;
  bool owns_loop = false;
  When when = When::kEvery;
};

// A slice of a boundary input in fast memory. With kEvery it is new in each k-step;
// otherwise it is loaded in the first or last step of a tile, and only if the tile moved
// along one of its axes.
struct Buffer {
  uint32_t tensor = 0;
  NamedSlice slice;  // axes that one tile or step covers are kAll
  When when = When::kEvery;
};

struct Geometry {
  int64_t w = 1, h = 1, k = 1;
  int64_t grid_width = 0, grid_height = 0;  // shape of the boundary outputs
  int64_t tile_columns = 0, tile_rows = 0;
  int64_t depth = 1;  // K of the k-loop; 1 without one
  int64_t k_steps = 1;
  std::vector<uint32_t> inputs;                    // boundary: read and not made here, ascending
  std::vector<uint32_t> outputs;                   // boundary: made and not read here, in operator order
  std::vector<uint32_t> ephemeral;                 // made and read here, ascending
  std::vector<uint32_t> resident;                  // retained by the subgraph before, ascending
  std::vector<uint32_t> retained;                  // ascending
  std::map<uint32_t, std::set<NamedSlice>> needs;  // of every tensor touched, as demanded
  std::vector<SliceExecution> executions;          // in the order of their costs
  std::vector<Buffer> buffers;                     // of inputs that are not resident

  int64_t tiles() const { return tile_columns * tile_rows; }
  bool retains(uint32_t tensor) const;
  bool is_resident(uint32_t tensor) const;
};

struct Violation {
  Rule rule;
  std::string message;
};

// The rules that speak of one subgraph alone, in this order: R0, R1, R8, R4, R5, R3, R6,
// R2, R13, R10, R11; then the geometry. `resident`: what the subgraph before retained.
// Violation first, geometry only without one.
std::optional<Violation> derive_geometry(const Problem& problem, const Subgraph& subgraph,
                                         const std::vector<uint32_t>& resident, bool divisible, Geometry& geometry);

// Extents of a slice of a tensor. `Position` says of which tile and step.
struct Position {
  int64_t row = 0, column = 0, k_step = 0;
};
struct Extent {
  int64_t rows = 0, columns = 0;
  int64_t size() const { return rows * columns; }
};
Extent extent_at(const Problem& problem, const Geometry& geometry, uint32_t tensor, NamedSlice slice,
                 Position position);
Extent largest_extent(const Problem& problem, const Geometry& geometry, uint32_t tensor, NamedSlice slice);

// Elements of fast memory, everything at once: resident tensors whole, buffers at full
// tile size, a tile for each boundary output, accumulators of ephemeral outputs, retained
// tensors whole.
struct WorkingSet {
  int64_t resident = 0, buffers = 0, outputs = 0, accumulators = 0, retained = 0;
  int64_t total() const { return resident + buffers + outputs + accumulators + retained; }
};
WorkingSet working_set(const Problem& problem, const Geometry& geometry);

// One step: a k-step of a tile, and what changed since the tile before.
struct Moment {
  Position position;
  bool first_tile = true;
  bool row_changed = true;
  bool column_changed = true;
};
struct StepCost {
  double compute = 0;
  int64_t loaded = 0;  // elements
  int64_t evicted = 0;
};
StepCost cost_of_step(const Problem& problem, const Geometry& geometry, const Moment& moment);

}  // namespace rondo::fusion
