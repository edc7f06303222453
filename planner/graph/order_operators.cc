#include "planner/graph/order_operators.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "planner/graph/invalid_graph.h"
#include "planner/graph/state_versions.h"

namespace rondo {
namespace {

class Orderer {
 public:
  explicit Orderer(Graph& graph) : graph_(graph), producer_(graph.tensors.size(), kNone) {}

  Status run() {
    const auto count = static_cast<uint32_t>(graph_.operators.size());
    before_.resize(count);
    for (uint32_t op = 0; op < count; ++op) producer_[graph_.operators[op].output] = op;
    for (uint32_t op = 0; op < count; ++op)
      for (uint32_t tensor : graph_.operators[op].inputs)
        if (producer_[tensor] != kNone) before_[op].push_back(producer_[tensor]);
    if (Status status = order_changes(); !status.ok()) return status;

    std::vector<uint32_t> missing(count, 0);
    std::vector<std::vector<uint32_t>> after(count);
    for (uint32_t op = 0; op < count; ++op) {
      missing[op] = static_cast<uint32_t>(before_[op].size());
      for (uint32_t other : before_[op]) after[other].push_back(op);
    }
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
    for (uint32_t op = 0; op < count; ++op)
      if (missing[op] == 0) ready.push(op);
    std::vector<uint32_t> order;
    order.reserve(count);
    while (!ready.empty()) {
      order.push_back(ready.top());
      ready.pop();
      for (uint32_t other : after[order.back()])
        if (--missing[other] == 0) ready.push(other);
    }
    if (order.size() != count) return cycle(missing);
    std::vector<GraphOperator> sorted;
    sorted.reserve(count);
    for (uint32_t op : order) sorted.push_back(std::move(graph_.operators[op]));
    graph_.operators = std::move(sorted);
    return {};
  }

 private:
  // Whatever reads a version of a state, also through views, comes before its change.
  Status order_changes() {
    std::vector<uint32_t> changer(graph_.tensors.size(), kNone);
    bool any = false;
    for (uint32_t op = 0; op < graph_.operators.size(); ++op) {
      const GraphOperator& it = graph_.operators[op];
      if (!changes_state(it.kind)) continue;
      uint32_t& first = changer[it.inputs[0]];
      if (first != kNone)
        return invalid_graph("'" + graph_.tensors[it.inputs[0]].name + "' is changed twice: by '" +
                                 graph_.operators[first].name + "' and by '" + it.name +
                                 "'; the second takes the result of the first",
                             it.place);
      first = op;
      any = true;
    }
    if (!any) return {};
    const std::vector<uint32_t> seen = versions_seen(graph_);
    for (uint32_t op = 0; op < graph_.operators.size(); ++op)
      for (uint32_t tensor : graph_.operators[op].inputs) {
        const uint32_t change = seen[tensor] == kNone ? kNone : changer[seen[tensor]];
        if (change != kNone && change != op) before_[change].push_back(op);
      }
    return {};
  }

  // Walks against the arrows among operators that never became ready: each comes after
  // another such operator, so the walk must come round.
  Status cycle(const std::vector<uint32_t>& missing) const {
    uint32_t at = 0;
    while (missing[at] == 0) ++at;
    std::vector<uint32_t> path, position(missing.size(), kNone);
    while (position[at] == kNone) {
      position[at] = static_cast<uint32_t>(path.size());
      path.push_back(at);
      for (uint32_t other : before_[at])
        if (missing[other] != 0) {
          at = other;
          break;
        }
    }
    std::vector<uint32_t> loop(path.begin() + position[at], path.end());
    std::reverse(loop.begin(), loop.end());
    // Begin with the operator that was written first, so that the message does not depend on the walk.
    std::rotate(loop.begin(), std::min_element(loop.begin(), loop.end()), loop.end());
    constexpr size_t kShown = 8;
    std::string text;
    for (size_t i = 0; i < loop.size() && i < kShown; ++i) text += graph_.operators[loop[i]].name + " -> ";
    if (loop.size() > kShown) text += "... " + std::to_string(loop.size() - kShown) + " more ... -> ";
    return invalid_graph("operators form a cycle: " + text + graph_.operators[loop[0]].name,
                         graph_.operators[loop[0]].place);
  }

  Graph& graph_;
  std::vector<uint32_t> producer_;             // by tensor
  std::vector<std::vector<uint32_t>> before_;  // by operator: what must come before it
};

}  // namespace

Status order_operators(Graph& graph) { return Orderer(graph).run(); }

}  // namespace rondo
