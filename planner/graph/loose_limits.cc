#include "planner/graph/loose_limits.h"

#include <set>
#include <utility>

#include "rondo/result.h"

namespace rondo {
namespace {

// The input of an operator that holds row numbers, and the first one whose rows they choose.
struct Choice {
  size_t rows = 0, from = 0;
};
Choice choice_of(const GraphOperator& op) {
  switch (op.kind) {
    case OperatorKind::kGather:
      return {1, 0};
    case OperatorKind::kScatter:
      return {2, 0};
    case OperatorKind::kAttention:
      return {3, 1};
    default:
      return {op.inputs.size(), 0};  // none
  }
}

}  // namespace

std::vector<std::string> warn_of_loose_limits(const Graph& graph) {
  std::vector<uint32_t> table(graph.tensors.size(), kNone);  // by tensor: the table it is or is a part of
  for (uint32_t tensor = 0; tensor < graph.tensors.size(); ++tensor)
    if (graph.tensors[tensor].role == TensorRole::kTable) table[tensor] = tensor;
  std::vector<std::string> warnings;
  std::set<std::pair<uint32_t, uint32_t>> told;
  for (const GraphOperator& op : graph.operators) {
    if (is_view(op.kind)) table[op.output] = table[op.inputs[0]];
    const Choice choice = choice_of(op);
    if (choice.rows >= op.inputs.size() || table[op.inputs[choice.rows]] == kNone) continue;
    const GraphTensor& chosen = graph.tensors[op.inputs[choice.from]];
    const GraphTensor& from = graph.tensors[table[op.inputs[choice.rows]]];
    const uint64_t rows = chosen.shape[chosen.shape.size() - 2];
    if (from.index_limit <= rows || !told.insert({table[op.inputs[choice.rows]], op.inputs[choice.from]}).second)
      continue;
    const std::string what = "table '" + from.name + "' has limit " + std::to_string(from.index_limit) + ", but " +
                             std::string(info(op.kind).name) + " '" + op.name + "' chooses from the " +
                             std::to_string(rows) + (rows == 1 ? " row" : " rows") + " of '" + chosen.name +
                             "': entries from " + std::to_string(rows) + " on count as " + std::to_string(rows - 1);
    warnings.push_back(make_error(ErrorCode::kInvalidGraph, what, from.place).to_string());
  }
  return warnings;
}

}  // namespace rondo
