#include <map>

#include "planner/phase/slot_graph.h"

namespace rondo::phase {
namespace {

using At = GraphFault::At;

std::string gate_words(const SlotGraph& graph, uint32_t gate) {
  return std::string(name_of(graph.gates[gate].type)) + " gate " + std::to_string(gate);
}

GraphFault check_gate(const SlotGraph& graph, uint32_t id) {
  const Gate& gate = graph.gates[id];
  const auto fault = [&](const std::string& message) {
    return GraphFault{At::kOp, id, gate_words(graph, id) + " " + message};
  };
  constexpr int kAny = -1;
  constexpr int kInputs[] = {0, 0, kAny, 2, 1, 1, 2};
  const int wanted = kInputs[static_cast<size_t>(gate.type)];
  if (wanted != kAny && gate.inputs.size() != static_cast<size_t>(wanted))
    return fault("has " + std::to_string(gate.inputs.size()) + " inputs; wanted " + std::to_string(wanted));
  if (gate.type == GateType::kLinear && gate.coefficients.size() != gate.inputs.size())
    return fault("has " + std::to_string(gate.coefficients.size()) + " coefficients for " +
                 std::to_string(gate.inputs.size()) + " inputs");
  for (uint32_t input : gate.inputs) {
    if (input >= graph.gates.size()) return fault("reads gate " + std::to_string(input) + ", which does not exist");
    if (input >= id) return fault("reads gate " + std::to_string(input) + ", which does not come before it");
    if (graph.gates[input].type == GateType::kWrite)
      return fault("reads gate " + std::to_string(input) + ", a write, which makes no value");
  }
  return {};
}

}  // namespace

GraphFault finish_graph(SlotGraph& graph) {
  const auto count = static_cast<uint32_t>(graph.gates.size());
  for (Gate& gate : graph.gates) gate.consumers.clear();
  graph.previous_cumsum.assign(count, -1);
  std::map<uint32_t, std::pair<GateType, uint32_t>> channel_kind;  // keyed or summed, and the gate that says so
  std::map<uint32_t, uint32_t> last_cumsum;
  for (uint32_t id = 0; id < count; ++id) {
    if (GraphFault fault = check_gate(graph, id); !fault.ok()) return fault;
    const Gate& gate = graph.gates[id];
    for (uint32_t input : gate.inputs) {
      std::vector<uint32_t>& consumers = graph.gates[input].consumers;
      if (consumers.empty() || consumers.back() != id) consumers.push_back(id);
    }
    const bool sums = gate.type == GateType::kCumsum;
    if (!sums && gate.type != GateType::kRead && gate.type != GateType::kWrite) continue;
    const auto [entry, fresh] = channel_kind.try_emplace(gate.channel, gate.type, id);
    if (!fresh && (entry->second.first == GateType::kCumsum) != sums)
      return {At::kOp, id,
              gate_words(graph, id) + " uses channel " + std::to_string(gate.channel) + ", which " +
                  gate_words(graph, entry->second.second) + " uses " + (sums ? "by key" : "as a sum")};
    if (!sums) continue;
    if (const auto last = last_cumsum.find(gate.channel); last != last_cumsum.end())
      graph.previous_cumsum[id] = static_cast<int32_t>(last->second);
    last_cumsum[gate.channel] = id;
  }
  graph.is_output.assign(count, false);
  for (uint32_t output : graph.outputs) {
    if (output >= count) return {At::kGraph, 0, "output gate " + std::to_string(output) + " does not exist"};
    if (graph.gates[output].type == GateType::kWrite)
      return {At::kOp, output, "gate " + std::to_string(output) + " is an output, but a write makes no value"};
    graph.is_output[output] = true;
  }
  return {};
}

}  // namespace rondo::phase
