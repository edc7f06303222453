// Which groups walk their row blocks together, so that what one writes the next
// reads from scratch.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/tile/tile_form.h"
#include "rondo/graph.h"

namespace rondo::tiling {

// Groups that share a row space (every output axis but the last) and read what
// others of the chain write only at the row block they are at themselves.
struct Chain {
  std::vector<uint32_t> groups;  // in order
  uint32_t rows = 0;             // of a row block; 0 until chosen
};

// Cuts the groups, in their order, into the fewest chains of at most `longest`
// groups. With `longest` 1 every group is a chain of its own.
std::vector<Chain> chain_groups(const Graph& graph, const std::vector<FusedGroup>& groups, uint32_t longest);

// Whole rows of an operand or the result are needed at once.
constexpr bool works_on_rows(OperatorKind kind) {
  return kind == OperatorKind::kSoftmax || kind == OperatorKind::kLayerNorm || kind == OperatorKind::kRmsNorm;
}

}  // namespace rondo::tiling
