#include "planner/phase_checker/windows.h"
#include <algorithm>
#include <map>

namespace rondo::phase_checker {

bool can_run(const Graph& graph, uint32_t op, int64_t time) {
  switch (graph.ops[op].kind) {
    case OpKind::kLookup:
      return time % 2 == 0;
    case OpKind::kReglu:
      return graph.machine == Machine::kLayered ? time % 2 == 1 : time % 4 == 3;
    case OpKind::kRead:
    case OpKind::kCumsum:
      return time % 4 == 1;
    case OpKind::kLinear:
      return time > 0 && time % 2 == 0;
    case OpKind::kInput:
    case OpKind::kConst:
      return time == 0;
    default:
      return true;
  }
}

int64_t lag_between(const Graph& graph, uint32_t maker, uint32_t op) {
  return graph.ops[op].kind == OpKind::kPersist && graph.ops[maker].kind != OpKind::kPersist ? 0 : 1;
}

std::vector<int64_t> previous_sums(const Graph& graph) {
  std::vector<int64_t> previous(graph.ops.size(), -1);
  std::map<uint32_t, uint32_t> last;
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    if (graph.ops[op].kind != OpKind::kCumsum) continue;
    if (const auto before = last.find(graph.ops[op].channel); before != last.end()) previous[op] = before->second;
    last[graph.ops[op].channel] = op;
  }
  return previous;
}

Windows derive_windows(const Graph& graph, uint32_t layers) {
  const bool strict = graph.machine == Machine::kStrict;
  const int64_t last = strict ? 4 * int64_t{layers} : 2 * int64_t{layers} - 1;
  Windows windows;
  windows.low.assign(graph.ops.size(), 0);
  windows.high.assign(graph.ops.size(), last);
  const std::vector<int64_t> previous = previous_sums(graph);
  bool changed = true;
  const auto raise = [&](uint32_t op, int64_t low) {
    while (low <= last && !can_run(graph, op, low)) ++low;
    if (low > windows.low[op]) windows.low[op] = low, changed = true;
  };
  const auto lower = [&](uint32_t op, int64_t high) {
    while (high >= 0 && !can_run(graph, op, high)) --high;
    if (high < windows.high[op]) windows.high[op] = high, changed = true;
  };
  // visit(maker, op): `op` comes after `maker`.
  const auto for_each_order = [&](uint32_t op, const auto& visit) {
    if (graph.ops[op].kind == OpKind::kWrite) return;
    for (uint32_t dim : graph.ops[op].reads)
      if (graph.dims[dim].maker != kInputDim) visit(static_cast<uint32_t>(graph.dims[dim].maker), op);
    if (previous[op] >= 0) visit(static_cast<uint32_t>(previous[op]), op);
  };
  while (changed && windows.possible) {
    changed = false;
    for (uint32_t op : graph.order) {
      raise(op, windows.low[op]);
      for_each_order(op, [&](uint32_t maker, uint32_t reader) {
        raise(reader, windows.low[maker] + lag_between(graph, maker, reader));
      });
    }
    for (size_t i = graph.order.size(); i-- > 0;) {
      lower(graph.order[i], windows.high[graph.order[i]]);
      for_each_order(graph.order[i], [&](uint32_t maker, uint32_t reader) {
        lower(maker, windows.high[reader] - lag_between(graph, maker, reader));
      });
    }
    for (const auto& [op, lookup] : graph.same_layer) {
      raise(op, windows.low[lookup] / 2 * 2);
      raise(lookup, windows.low[op] / 2 * 2);
      lower(op, windows.high[lookup] / 2 * 2 + 1);
      lower(lookup, windows.high[op] / 2 * 2 + 1);
    }
    for (uint32_t op = 0; op < graph.ops.size(); ++op)
      windows.possible = windows.possible && windows.low[op] <= windows.high[op];
  }
  return windows;
}

}  // namespace rondo::phase_checker
