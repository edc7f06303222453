#include "planner/graph/state_versions.h"

namespace rondo {
namespace {

std::vector<uint32_t> producers(const Graph& graph) {
  std::vector<uint32_t> producer(graph.tensors.size(), kNone);
  for (uint32_t op = 0; op < graph.operators.size(); ++op) producer[graph.operators[op].output] = op;
  return producer;
}

// The first tensor with `is_end` on the way against the arrows along first inputs of
// operators with `passes`, for each tensor; linear, and safe on cycles.
template <class Passes, class IsEnd>
std::vector<uint32_t> follow(const Graph& graph, Passes passes, IsEnd is_end) {
  const std::vector<uint32_t> producer = producers(graph);
  constexpr uint32_t kUnknown = kNone - 1, kOnTheWay = kNone - 2;
  std::vector<uint32_t> found(graph.tensors.size(), kUnknown);
  std::vector<uint32_t> path;
  for (uint32_t start = 0; start < graph.tensors.size(); ++start) {
    uint32_t at = start, end = kNone;
    path.clear();
    while (true) {
      if (found[at] == kOnTheWay) break;  // a cycle: nothing is at its end
      if (found[at] != kUnknown) {
        end = found[at];
        break;
      }
      found[at] = kOnTheWay;
      path.push_back(at);
      if (is_end(at)) {
        end = at;
        break;
      }
      if (producer[at] == kNone || !passes(graph.operators[producer[at]])) break;
      at = graph.operators[producer[at]].inputs[0];
    }
    for (uint32_t tensor : path) found[tensor] = end;
  }
  return found;
}

}  // namespace

std::vector<uint32_t> state_versions(const Graph& graph) {
  return follow(
      graph, [](const GraphOperator& op) { return changes_state(op.kind); },
      [&](uint32_t tensor) { return graph.tensors[tensor].role == TensorRole::kState; });
}

std::vector<uint32_t> versions_seen(const Graph& graph) {
  const std::vector<uint32_t> versions = state_versions(graph);
  return follow(
      graph, [](const GraphOperator& op) { return is_view(op.kind); },
      [&](uint32_t tensor) { return versions[tensor] != kNone; });
}

}  // namespace rondo
