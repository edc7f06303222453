#include "planner/tile/chain_groups.h"

#include <algorithm>

namespace rondo::tiling {
namespace {

std::vector<uint32_t> row_space(const GraphTensor& tensor) { return {tensor.shape.begin(), tensor.shape.end() - 1}; }

// Operands that `group` reads at the row block it writes. All others are read
// whole (weights, transposed operands, broadcast rows).
bool reads_by_row_block(const Graph& graph, const FusedGroup& group, size_t input) {
  switch (group.kind) {
    case OperatorKind::kMatmul:
      return input == 0 && !graph.operators[group.main].transpose_a;
    case OperatorKind::kLayerNorm:
    case OperatorKind::kRmsNorm:
      return input == 0;
    default:
      return true;  // of an operand with the chain's own row space
  }
}

bool may_join(const Graph& graph, const std::vector<FusedGroup>& groups, const Chain& chain, const FusedGroup& next) {
  if (row_space(graph.tensors[groups[chain.groups.front()].output]) != row_space(graph.tensors[next.output]))
    return false;
  const auto written_by_chain = [&](uint32_t tensor) {
    return std::any_of(chain.groups.begin(), chain.groups.end(),
                       [&](uint32_t member) { return groups[member].output == tensor; });
  };
  for (size_t input = 0; input < next.inputs.size(); ++input)
    if (written_by_chain(next.inputs[input]) && !reads_by_row_block(graph, next, input)) return false;
  return next.bias == kNone || !written_by_chain(next.bias);
}

}  // namespace

std::vector<Chain> chain_groups(const Graph& graph, const std::vector<FusedGroup>& groups, uint32_t longest) {
  std::vector<Chain> chains;
  for (uint32_t group = 0; group < groups.size(); ++group) {
    if (chains.empty() || chains.back().groups.size() >= longest ||
        !may_join(graph, groups, chains.back(), groups[group]))
      chains.emplace_back();
    chains.back().groups.push_back(group);
  }
  return chains;
}

}  // namespace rondo::tiling
