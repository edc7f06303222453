#include "planner/phase/windows.h"

#include <algorithm>

namespace rondo::phase {
namespace {

constexpr uint64_t kMostWork = uint64_t{1} << 31;  // edges visited

// The least half-layer at or above `half` in which an op of this type may run.
constexpr uint32_t up_to_type(OpType type, uint32_t half) {
  if (type == OpType::kPersist) return half;
  return half + (half % 2 == (type == OpType::kReglu ? 1U : 0U) ? 0 : 1);
}
// The greatest at or below it; half must be at least 1 for a ReGLU.
constexpr int64_t down_to_type(OpType type, int64_t half) {
  if (type == OpType::kPersist) return half;
  return half - ((half & 1) == (type == OpType::kReglu ? 1 : 0) ? 0 : 1);
}

// Co-located ops by layer: the lookup and every op tied to it move together.
class Earliest {
 public:
  explicit Earliest(const GateGraph& graph) : graph_(graph), low_(graph.ops.size(), 0) {}

  Result<std::vector<uint32_t>> run() {
    uint64_t edges = graph_.ops.size() + graph_.colocations.size();
    for (const Op& op : graph_.ops) edges += op.inputs.size();
    // A pass in topological order settles every path between two ties, and a path of
    // forced delays passes through a tie at most once each way: what still moves after
    // that many passes is pulled by a cycle.
    for (uint64_t pass = 0; pass <= 2 * graph_.colocations.size() + 1; ++pass) {
      if ((pass + 1) * edges > kMostWork)
        return make_error(ErrorCode::kTooComplex, "the co-locations of the graph take more than 2^31 steps to settle");
      relax();
      const uint32_t* moved = tie();
      if (moved == nullptr) return std::move(low_);
      last_moved_ = *moved;
    }
    const Op& op = graph_.ops[last_moved_];
    return make_error(
        ErrorCode::kInvalidGraph,
        "co-location cannot hold: " + std::string(name_of(op.type)) + " op " + std::to_string(last_moved_) +
            " must share a layer with an averaging lookup that can only run in another, whatever the number of layers");
  }

 private:
  void relax() {
    for (uint32_t op : graph_.order) {
      const OpType type = graph_.ops[op].type;
      uint32_t low = low_[op];
      for_each_producer(graph_, op, [&](uint32_t producer) {
        low = std::max(low, low_[producer] + lag(graph_.ops[producer].type, type));
      });
      low_[op] = up_to_type(type, low);
    }
  }

  // The op of a pair that had to move, or null.
  const uint32_t* tie() {
    const uint32_t* moved = nullptr;
    for (const Colocation& pair : graph_.colocations) {
      const uint32_t layer = std::max(low_[pair.op] / 2, low_[pair.lookup] / 2);
      for (const uint32_t* op : {&pair.op, &pair.lookup}) {
        if (low_[*op] / 2 == layer) continue;
        low_[*op] = up_to_type(graph_.ops[*op].type, 2 * layer);
        moved = op;
      }
    }
    return moved;
  }

  const GateGraph& graph_;
  std::vector<uint32_t> low_;
  uint32_t last_moved_ = 0;
};

uint32_t layers_of(const std::vector<uint32_t>& low) {
  uint32_t layers = 1;
  for (uint32_t half : low) layers = std::max(layers, half / 2 + 1);
  return layers;
}

Error too_few(const std::string& graph, uint32_t layers, uint32_t least) {
  return make_error(ErrorCode::kDoesNotFit, "layer budget " + std::to_string(layers) +
                                                " is below the critical path of '" + graph + "'; the least is " +
                                                std::to_string(least));
}

// Phases of the strict machine: 4L+1 attention, 4L+2 persist, 4L+3 feed-forward, 4L+4 persist.
uint32_t up_to_type(GateType type, uint32_t phase) {
  const uint32_t from = std::max<uint32_t>(phase, 1);
  switch (type) {
    case GateType::kInput:
    case GateType::kConst:
      return 0;
    case GateType::kRead:
    case GateType::kCumsum:
      return from + (4 - (from - 1) % 4) % 4;
    case GateType::kReglu:
      return from + (6 - (from - 1) % 4) % 4;
    case GateType::kLinear:
      return from + from % 2;
    case GateType::kWrite:
      return phase;
  }
  return phase;
}
uint32_t down_to_type(GateType type, uint32_t phase) {
  switch (type) {
    case GateType::kInput:
    case GateType::kConst:
      return 0;
    case GateType::kRead:
    case GateType::kCumsum:
      return phase - (phase - 1) % 4;
    case GateType::kReglu:
      return phase - (phase + 1) % 4;
    case GateType::kLinear:
      return phase - phase % 2;
    case GateType::kWrite:
      return phase;
  }
  return phase;
}

}  // namespace

std::vector<uint32_t> earliest_phases(const SlotGraph& graph) {
  std::vector<uint32_t> low(graph.gates.size(), 0);
  for (uint32_t id = 0; id < graph.gates.size(); ++id) {
    uint32_t phase = 0;
    for (uint32_t input : graph.gates[id].inputs) phase = std::max(phase, low[input] + 1);
    if (const int32_t before = graph.previous_cumsum[id]; before >= 0)
      phase = std::max(phase, low[static_cast<size_t>(before)] + 1);
    low[id] = up_to_type(graph.gates[id].type, phase);
  }
  return low;
}

Result<uint32_t> least_layers(const GateGraph& graph) {
  Result<std::vector<uint32_t>> low = Earliest(graph).run();
  if (!low.ok()) return low.error();
  return layers_of(*low);
}

uint32_t least_layers(const SlotGraph& graph) {
  const std::vector<uint32_t> low = earliest_phases(graph);
  uint32_t last = 0;
  for (uint32_t id = 0; id < low.size(); ++id)
    if (graph.gates[id].type != GateType::kWrite) last = std::max(last, low[id]);
  return (last + 3) / 4;
}

Result<Windows> windows(const GateGraph& graph, uint32_t layers) {
  Result<std::vector<uint32_t>> low = Earliest(graph).run();
  if (!low.ok()) return low.error();
  const uint32_t least = layers_of(*low);
  if (layers < least) return too_few(graph.name, layers, least);
  // Mirrored: the same fixpoint from the end. It settles, because a schedule exists.
  std::vector<int64_t> high(graph.ops.size(), 2 * static_cast<int64_t>(layers) - 1);
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = graph.order.size(); i-- > 0;) {
      const uint32_t op = graph.order[i];
      const OpType type = graph.ops[op].type;
      int64_t most = high[op];
      for_each_reader(graph, op, [&](uint32_t reader) {
        most = std::min<int64_t>(most, high[reader] - lag(type, graph.ops[reader].type));
      });
      high[op] = down_to_type(type, most);
    }
    for (const Colocation& pair : graph.colocations) {
      const int64_t layer = std::min(high[pair.op] / 2, high[pair.lookup] / 2);
      for (uint32_t op : {pair.op, pair.lookup}) {
        if (high[op] / 2 == layer) continue;
        high[op] = down_to_type(graph.ops[op].type, 2 * layer + 1);
        moved = true;
      }
    }
  }
  Windows result{*std::move(low), {}};
  result.high.assign(high.begin(), high.end());
  return result;
}

Result<Windows> windows(const SlotGraph& graph, uint32_t layers) {
  const uint32_t least = least_layers(graph);
  if (layers < least) return too_few(graph.name, layers, least);
  Windows result{earliest_phases(graph), std::vector<uint32_t>(graph.gates.size(), 4 * layers)};
  for (uint32_t id = static_cast<uint32_t>(graph.gates.size()); id-- > 0;) {
    const Gate& gate = graph.gates[id];
    if (gate.type == GateType::kWrite) {
      result.low[id] = std::min(result.low[id], 4 * layers);
      continue;
    }
    uint32_t most = result.high[id];
    for (uint32_t reader : gate.consumers)
      if (graph.gates[reader].type != GateType::kWrite) most = std::min(most, result.high[reader] - 1);
    result.high[id] = down_to_type(gate.type, most);
    if (const int32_t before = graph.previous_cumsum[id]; before >= 0) {
      uint32_t& earlier = result.high[static_cast<size_t>(before)];
      earlier = std::min(earlier, result.high[id] - 1);
    }
  }
  return result;
}

}  // namespace rondo::phase
