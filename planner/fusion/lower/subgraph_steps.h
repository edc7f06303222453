// What one subgraph of a solution does, step by step: which slices it brings in, what it
// computes on them, and what it sends out.
//
// A step is one k-range of one tile. Demand goes backwards from the tiles of the outputs:
// a Pointwise needs the slice of its output; a MatMul whose output slice is a tile is
// summed over the k-steps of that tile, any other is computed whole in one step. From the
// statement of the contest and its organiser's answers, as docs/contest.md sums them up;
// evaluate() derives the same costs with code of its own.
// Thread safety: plain values and pure functions.
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {

// What a slice covers along one axis.
enum class Cut : uint8_t {
  kTile,  // the rows (along rows) or columns (along columns) of the tile
  kStep,  // the k-range of the step
  kAll,
};

struct Slice {
  Cut rows = Cut::kAll;
  Cut columns = Cut::kAll;

  bool moves_with_k() const { return rows == Cut::kStep || columns == Cut::kStep; }
  auto operator<=>(const Slice&) const = default;
};
inline constexpr Slice kWholeTensor{Cut::kAll, Cut::kAll};
inline constexpr Slice kTileSlice{Cut::kTile, Cut::kTile};

// In which steps of a tile something happens.
enum class Turn : uint8_t { kEveryStep, kFirstStep, kLastStep };

// A slice that is brought in, by the turn in which it may be, whenever it is another box
// than the one before.
struct Load {
  uint32_t tensor = 0;
  Slice slice;
  Turn turn = Turn::kEveryStep;
};

// An operator computing one slice of its output.
struct Execution {
  uint32_t op = 0;
  Slice slice;
  bool matmul = false;
  bool sums_over_steps = false;  // a MatMul that takes one k-range a step
  Turn turn = Turn::kEveryStep;

  // The slice that it needs of its input at this position.
  Slice operand_slice(uint32_t position) const {
    if (!matmul) return slice;
    const Cut reduction = sums_over_steps ? Cut::kStep : Cut::kAll;
    return position == 0 ? Slice{slice.rows, reduction} : Slice{reduction, slice.columns};
  }
};

struct Range {
  int64_t low = 0, extent = 0;
  bool operator==(const Range&) const = default;
};
struct Box {
  Range rows, columns;
  bool operator==(const Box&) const = default;
};

struct Step {
  int64_t tile_row = 0, tile_column = 0;
  int64_t k = 0;
};

struct SubgraphSteps {
  int64_t w = 1, h = 1, k = 1;
  int64_t tile_columns = 1, tile_rows = 1;
  int64_t depth = 1;    // length of the axis that k cuts
  int64_t k_steps = 1;  // of each tile
  std::vector<Load> loads;
  std::vector<Execution> executions;  // in an order in which each finds what it reads
  std::vector<uint32_t> outputs;      // made here and read by none of the subgraph: tiles of them are sent out
  std::set<uint32_t> inner;           // made and read here

  int64_t tiles() const { return tile_columns * tile_rows; }
  bool happens(Turn turn, int64_t k_step) const {
    return turn == Turn::kEveryStep || k_step == (turn == Turn::kFirstStep ? 0 : k_steps - 1);
  }
  // Whether a slice is another box than in the step before: `rows` and `columns` say
  // whether the tile moved along them.
  static bool moved(const Slice& slice, bool rows, bool columns) {
    return slice.moves_with_k() || (slice.rows == Cut::kTile && rows) || (slice.columns == Cut::kTile && columns);
  }
  // A slice that always covers an axis is all of that axis.
  Slice normalised(const Tensor& tensor, Slice slice) const;
  // Clipped at the edge of the tensor.
  Box box(const Tensor& tensor, const Slice& slice, const Step& step) const;
  // The most rows and columns it ever has.
  int64_t rows(const Tensor& tensor, const Slice& slice) const;
  int64_t columns(const Tensor& tensor, const Slice& slice) const;
  // The load that a reader of `slice` finds its box in; kNone where there is none.
  uint32_t load_of(const Tensor& shape, uint32_t tensor, const Slice& slice) const;
};

// `entering`: the tensors that the subgraph before left in fast memory; they need no
// loads. Precondition: a subgraph of a solution that evaluate() accepts.
SubgraphSteps steps_of(const Problem& problem, const Subgraph& subgraph, const std::vector<uint32_t>& entering);

}  // namespace rondo::fusion
