// One walk over the chains of a graph, from groups to micro-ops. What every operator
// shares is here and in tile_groups.cc, beside products, maps and rows; the others are
// in tile_operators.cc.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include "planner/direct/tensor_views.h"
#include "planner/tile/tile_groups.h"

namespace rondo::tiling {

class Tiler {
 public:
  Tiler(const Graph& graph, const direct::TensorViews& views, const std::vector<FusedGroup>& groups,
        const TileOptions& options);

  // All row blocks of a chain; or its last whole one, which needs as much room as any.
  Status add(const Chain& chain, bool one_block_only = false);
  MicroProgram take() { return std::move(program_); }

 private:
  // Where a chain is: an index on every axis of its row space, the last one a range.
  struct RowBlock {
    std::vector<uint32_t> lead;   // indices of the outer axes
    uint32_t block = 0;           // which block of the row axis
    uint32_t low = 0, count = 1;  // rows of the row axis; 0, 1 for a vector
  };
  // The tensor axes that the axes of an operand's view walk.
  using Axes = std::vector<uint8_t>;

  const std::vector<uint32_t>& shape(uint32_t tensor) const { return graph_.tensors[tensor].shape; }
  uint32_t tiles(uint32_t extent) const { return (extent + program_.tile - 1) / program_.tile; }

  void plan_chain(const Chain& chain);
  Status add_row_block(const Chain& chain, const RowBlock& at);
  Status add_panels(const Chain& chain);
  Status add_panel(const Chain& chain, const RowBlock& at, uint32_t first_row, uint32_t first_column);
  void begin_phase(uint32_t group, const std::string& suffix);
  RowBlock row_tile(RowBlock at, uint32_t tile, uint32_t rows) const;
  Status add_group(const FusedGroup& group, const RowBlock& at);
  Status add_matmul(const FusedGroup& group, const RowBlock& at);
  // One product of tiles: step `step` of `steps` of the sum at column tile n, with tile k.
  struct Product {
    uint32_t n = 0, k = 0, step = 0, steps = 1;
  };
  Status add_product(const FusedGroup& group, const RowBlock& at, const Product& product);
  Status add_pointwise(const FusedGroup& group, const RowBlock& at);
  Status add_elements(const FusedGroup& group, const RowBlock& at, uint32_t column, uint32_t width, uint32_t n);
  uint32_t depth_of(const FusedGroup& product) const;
  uint32_t turned(uint32_t i, uint32_t count, uint32_t pass) const;
  uint32_t result_piece(const FusedGroup& product, const RowBlock& at, uint32_t n);
  Status add_rows(const FusedGroup& group, const RowBlock& at);
  Status add_reduction(const FusedGroup& group, const RowBlock& at);
  Status add_concat(const FusedGroup& group, const RowBlock& at);
  Status add_view_copy(const FusedGroup& group, const RowBlock& at);
  Status add_relabelling(const FusedGroup& group, const RowBlock& at);
  Status add_gather(const FusedGroup& group, const RowBlock& at);
  Status add_rotary(const FusedGroup& group, const RowBlock& at);
  Status add_attention(const FusedGroup& group, const RowBlock& at);
  Status add_append(const FusedGroup& group, const RowBlock& at);
  Status add_scatter(const FusedGroup& group, const RowBlock& at);

  // A box of `tensor` at the block's outer indices (an axis of extent 1 stays at
  // 0), all of its last two axes; `output_rank` aligns the axes to the right.
  Box at_block(uint32_t tensor, const RowBlock& at, size_t output_rank) const;
  void set_rows(Box& box, uint32_t tensor, const RowBlock& at) const;
  void set_last(Box& box, uint32_t tensor, uint32_t low, uint32_t extent) const;
  // Rows of the block, columns [low, low + extent).
  Box block_box(uint32_t tensor, const RowBlock& at, size_t output_rank, uint32_t low, uint32_t extent) const;
  // Columns of a piece of `rows` rows: all where the chain holds whole rows, else as many
  // as leave room for others.
  uint32_t column_step(uint32_t tensor, uint64_t rows) const;

  // The same box of the label that `tensor` is seen in.
  Box labelled(const direct::TensorView& view, const Box& box) const;
  uint32_t intern(uint32_t tensor, const Box& box);
  // The piece that holds `box`: itself, or the whole rows where the chain keeps those.
  uint32_t piece_of(uint32_t tensor, const Box& box);
  uint32_t intern_labelled(uint32_t tensor, uint32_t label, const Box& box);
  uint64_t bytes_of(uint32_t tensor, const Box& box) const;
  Bound bound_of(uint32_t tensor, const Box& box) const;
  PieceUse use_of(uint32_t tensor, const Box& box, uint32_t piece) const;
  PieceUse use_by(uint32_t tensor, const direct::TensorView& view, const Box& box, const Axes& axes,
                  uint32_t piece) const;
  // In scratch, asked for; in scratch, to be written; where it lies in memory.
  PieceUse loaded(uint32_t tensor, const Box& box, const Axes& axes);
  PieceUse made(uint32_t tensor, const Box& box, const Axes& axes);
  PieceUse lying(uint32_t tensor, const Box& box, const Axes& axes) const;
  // Computes reach it in memory.
  bool is_reached(uint32_t tensor) const;
  PieceUse lying_or_loaded(uint32_t tensor, const Box& box, const Axes& axes);

  void ask(uint32_t piece) { emit(MicroKind::kAsk, piece); }
  void emit(MicroKind kind, uint32_t index) { program_.ops.push_back({kind, phase_, index, lane_}); }
  // The lane of part `column` of `columns` of the row block, which are pieces of their own.
  void deal(uint64_t column, uint64_t columns) {
    const uint64_t unit = options_.deal == Deal::kRows ? row_unit_ * columns + column : column * row_units_ + row_unit_;
    lane_ = static_cast<uint16_t>(unit * options_.lanes / (row_units_ * columns));
  }
  // Columns [column, column + step) of `tensor`, unless the row block is one piece.
  void deal_columns(uint32_t tensor, uint32_t column, uint32_t step) {
    if (whole_rows_.count(views_.root(tensor)) != 0) return deal(0, 1);
    deal(column / step, (shape(tensor).back() + step - 1) / step);
  }
  Status emit_compute(Compute compute, const std::vector<PieceUse>& uses);
  void store(uint32_t tensor, uint32_t piece) {
    if (stored_.count(tensor) != 0) emit(MicroKind::kStore, piece);
  }

  const Graph& graph_;
  const direct::TensorViews& views_;
  const std::vector<FusedGroup>& groups_;
  const TileOptions options_;
  MicroProgram program_;
  // Label, low, extents; state version; bound: scalar, entries, axis.
  std::map<std::array<uint32_t, 13>, uint32_t> piece_ids_;
  std::set<uint32_t> stored_;      // tensors of the chain that others need
  std::set<uint32_t> whole_rows_;  // tensors the chain holds as whole rows
  struct Passes {
    uint32_t over_n = 0, over_k = 0;
  };
  std::vector<Passes> passes_;  // by group: passes begun so far
  uint32_t group_ = 0;
  uint16_t phase_ = 0, lane_ = 0;
  uint64_t row_unit_ = 0, row_units_ = 1;  // row blocks of the chain: which one, of how many
};

}  // namespace rondo::tiling
