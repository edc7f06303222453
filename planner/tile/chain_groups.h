// Which groups walk their row blocks together, so that what one writes the next
// reads from scratch.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/direct/tensor_views.h"
#include "planner/tile/choose_panel.h"
#include "planner/tile/tile_form.h"
#include "rondo/graph.h"

namespace rondo::tiling {

// Groups that share a row space (every output axis but the last) and read what
// others of the chain write only at the row block they are at themselves.
struct Chain {
  std::vector<uint32_t> groups;  // in order
  uint32_t rows = 0;             // of a row block; 0 until chosen
  // The first group is a product whose sums are made panel by panel, and each of the others
  // takes a tile of it as soon as that is finished.
  bool by_panels = false;
  Panel panel;
};

// Cuts the groups, in their order, into the fewest chains of at most `longest`
// groups. With `longest` 1 every group is a chain of its own.
std::vector<Chain> chain_groups(const Graph& graph, const direct::TensorViews& views,
                                const std::vector<FusedGroup>& groups, uint32_t longest);

// The same, but every product begins a chain by panels, which what goes element by
// element over its result joins. All other groups chain as far as they can.
std::vector<Chain> chain_panels(const Graph& graph, const direct::TensorViews& views,
                                const std::vector<FusedGroup>& groups);

// Whole rows of an operand or the result are needed at once.
constexpr bool works_on_rows(OperatorKind kind) {
  return kind == OperatorKind::kSoftmax || kind == OperatorKind::kLayerNorm || kind == OperatorKind::kRmsNorm;
}

// Tiles of matrices are enough for it. All others hold what they share with a chain as
// whole rows.
constexpr bool takes_tiles(OperatorKind kind) {
  return !is_view(kind) && !is_reduction(kind) && !changes_state(kind) && kind != OperatorKind::kConcat &&
         kind != OperatorKind::kGather && kind != OperatorKind::kRotary && kind != OperatorKind::kAttention;
}

// What a group is walked along: its output, or what it writes of a state, or, where no
// strides can say a reshape, its input.
const std::vector<uint32_t>& walked_shape(const Graph& graph, const direct::TensorViews& views,
                                          const FusedGroup& group);

// It is done in one go: blocks of its rows would not be the same operator.
bool is_indivisible(const Graph& graph, const direct::TensorViews& views, const FusedGroup& group);

// The tensor is columns of the one with its memory, row for row; or all of it.
bool keeps_columns(const Graph& graph, const direct::TensorViews& views, uint32_t tensor);

}  // namespace rondo::tiling
