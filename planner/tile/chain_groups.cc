#include "planner/tile/chain_groups.h"

#include <algorithm>

namespace rondo::tiling {
namespace {

using direct::TensorViews;
using Shape = std::vector<uint32_t>;

// Everything but the last axis is one row.
bool is_one_row(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end() - 1, [](uint32_t extent) { return extent == 1; });
}

// Operands that `group` reads at the row block it writes. All others are read
// whole (weights, transposed operands, broadcast rows).
bool reads_by_row_block(const Graph& graph, const FusedGroup& group, size_t input, bool one_row) {
  switch (group.kind) {
    case OperatorKind::kMatmul:
      return input == 0 && !graph.operators[group.main].transpose_a;
    case OperatorKind::kLayerNorm:
    case OperatorKind::kRmsNorm:
    case OperatorKind::kRotary:
      return input == 0;
    case OperatorKind::kAttention:
      return input == 0 || (one_row && input < 3);
    case OperatorKind::kAppend:
    case OperatorKind::kScatter:
      return input == 1;
    default:
      return takes_tiles(group.kind);  // of an operand with the chain's own row space
  }
}

class Chainer {
 public:
  Chainer(const Graph& graph, const TensorViews& views, const std::vector<FusedGroup>& groups)
      : graph_(graph), views_(views), groups_(groups) {}

  bool may_join(const Chain& chain, const FusedGroup& next) const {
    const FusedGroup& first = groups_[chain.groups.front()];
    const Shape &there = walked_shape(graph_, views_, first), &here = walked_shape(graph_, views_, next);
    if (!std::equal(there.begin(), there.end() - 1, here.begin(), here.end() - 1)) return false;
    const bool one_row = is_one_row(here);
    if (stands_alone(first, one_row) || stands_alone(next, one_row)) return false;
    for (size_t input = 0; input < next.inputs.size(); ++input)
      if (is_written(chain, next.inputs[input]) &&
          (!reads_by_row_block(graph_, next, input, one_row) || !keeps_columns(graph_, views_, next.inputs[input])))
        return false;
    return next.bias == kNone || !is_written(chain, next.bias);
  }

  bool begins_panels(const FusedGroup& group) const {
    return group.kind == OperatorKind::kMatmul && views_.copy_labels.count(group.output) == 0;
  }
  // Element by element over the product that the chain begins with.
  bool may_follow(const Chain& chain, const FusedGroup& next) const {
    if (next.kind == OperatorKind::kMatmul || works_on_rows(next.kind) || !takes_tiles(next.kind)) return false;
    const Shape& made = graph_.tensors[groups_[chain.groups.front()].output].shape;
    if (graph_.tensors[next.output].shape != made || next.bias != kNone) return false;
    return std::all_of(next.inputs.begin(), next.inputs.end(), [&](uint32_t input) {
      return !is_written(chain, input) || (views_.is_root(input) && graph_.tensors[input].shape == made);
    });
  }

 private:
  bool is_written(const Chain& chain, uint32_t tensor) const {
    return std::any_of(chain.groups.begin(), chain.groups.end(),
                       [&](uint32_t member) { return groups_[member].output == views_.root(tensor); });
  }
  bool stands_alone(const FusedGroup& group, bool one_row) const {
    const bool relabels = views_.copy_labels.count(group.output) != 0;
    return relabels || (!one_row && is_indivisible(graph_, views_, group));
  }

  const Graph& graph_;
  const TensorViews& views_;
  const std::vector<FusedGroup>& groups_;
};

}  // namespace

const Shape& walked_shape(const Graph& graph, const TensorViews& views, const FusedGroup& group) {
  const uint32_t input = changes_state(group.kind)                    ? group.inputs[1]
                         : views.copy_labels.count(group.output) != 0 ? group.inputs[0]
                                                                      : group.output;
  return graph.tensors[input].shape;
}

bool is_indivisible(const Graph& graph, const TensorViews& views, const FusedGroup& group) {
  if (changes_state(group.kind)) return true;
  const GraphOperator& op = graph.operators[group.main];
  if (group.kind != OperatorKind::kAttention || !op.causal) return false;
  // The rows of a block see a number of keys that is counted from the last row of all.
  const GraphTensor& keys = graph.tensors[group.inputs[1]];
  const Shape& rows = walked_shape(graph, views, group);
  return keys.filled.moves() || keys.shape[keys.shape.size() - 2] < rows[rows.size() - 2];
}

bool keeps_columns(const Graph& graph, const TensorViews& views, uint32_t tensor) {
  const direct::TensorView& view = views.of[tensor];
  const Shape &shape = graph.tensors[tensor].shape, &root = graph.tensors[view.root].shape;
  if (view.label != view.root || view.shift.moves() || shape.size() != root.size()) return false;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (view.axis[axis] != axis) return false;
    if (axis + 1 < shape.size() && (view.low[axis] != 0 || shape[axis] != root[axis])) return false;
  }
  return true;
}

std::vector<Chain> chain_groups(const Graph& graph, const TensorViews& views, const std::vector<FusedGroup>& groups,
                                uint32_t longest) {
  const Chainer chainer(graph, views, groups);
  std::vector<Chain> chains;
  for (uint32_t group = 0; group < groups.size(); ++group) {
    if (chains.empty() || chains.back().groups.size() >= longest || !chainer.may_join(chains.back(), groups[group]))
      chains.emplace_back();
    chains.back().groups.push_back(group);
  }
  return chains;
}

std::vector<Chain> chain_panels(const Graph& graph, const TensorViews& views, const std::vector<FusedGroup>& groups) {
  const Chainer chainer(graph, views, groups);
  std::vector<Chain> chains;
  for (uint32_t group = 0; group < groups.size(); ++group) {
    const bool begins = chainer.begins_panels(groups[group]);
    const bool joins = !chains.empty() && !begins &&
                       (chains.back().by_panels ? chainer.may_follow(chains.back(), groups[group])
                                                : chainer.may_join(chains.back(), groups[group]));
    if (!joins) chains.emplace_back();
    chains.back().groups.push_back(group);
    chains.back().by_panels |= begins;
  }
  return chains;
}

}  // namespace rondo::tiling
