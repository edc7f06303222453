#include "planner/phase/lifetimes.h"

#include <algorithm>

#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

Error misplaced(std::string message) { return make_error(ErrorCode::kInvalidArgument, std::move(message)); }

Status check_count(size_t seen, size_t wanted) {
  if (seen == wanted) return {};
  return misplaced("the placement names " + std::to_string(seen) + " phases for " + std::to_string(wanted) + " ops");
}

constexpr bool fits_type(OpType type, uint32_t phase) {
  switch (type) {
    case OpType::kLookup:
      return phase % 4 == 0;
    case OpType::kReglu:
      return phase % 4 == 2;
    case OpType::kPersist:
      return phase % 2 == 1;
  }
  return false;
}

constexpr bool fits_type(GateType type, uint32_t phase) {
  switch (type) {
    case GateType::kInput:
    case GateType::kConst:
      return phase == 0;
    case GateType::kRead:
    case GateType::kCumsum:
      return phase % 4 == 1;
    case GateType::kReglu:
      return phase % 4 == 3;
    case GateType::kLinear:
      return phase != 0 && phase % 2 == 0;
    case GateType::kWrite:
      return true;
  }
  return false;
}

}  // namespace

Status check_placement(const GateGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_op) {
  if (Status status = check_count(phase_of_op.size(), graph.ops.size()); !status.ok()) return status;
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    const uint32_t phase = phase_of_op[op];
    const std::string words =
        std::string(name_of(graph.ops[op].type)) + " op " + std::to_string(op) + " in phase " + std::to_string(phase);
    if (phase / 4 >= layers) return misplaced(words + ": there are " + std::to_string(layers) + " layers");
    if (!fits_type(graph.ops[op].type, phase)) return misplaced(words + ", which is of another type");
    uint32_t late = op;
    for_each_producer(graph, op, [&](uint32_t producer) {
      if (phase_of_op[producer] >= phase) late = producer;
    });
    if (late != op) return misplaced(words + " reads op " + std::to_string(late) + ", which is not before it");
  }
  for (const Colocation& pair : graph.colocations)
    if (phase_of_op[pair.op] / 4 != phase_of_op[pair.lookup] / 4)
      return misplaced("op " + std::to_string(pair.op) + " is not in the layer of the average it reads, that of op " +
                       std::to_string(pair.lookup));
  return {};
}

Status check_placement(const SlotGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_gate) {
  if (Status status = check_count(phase_of_gate.size(), graph.gates.size()); !status.ok()) return status;
  for (uint32_t id = 0; id < graph.gates.size(); ++id) {
    const Gate& gate = graph.gates[id];
    const uint32_t phase = phase_of_gate[id];
    const std::string words =
        std::string(name_of(gate.type)) + " gate " + std::to_string(id) + " in phase " + std::to_string(phase);
    if (phase > 4 * layers) return misplaced(words + ": there are " + std::to_string(layers) + " layers");
    if (!fits_type(gate.type, phase)) return misplaced(words + ", which is of another type");
    if (gate.type == GateType::kWrite) continue;
    for (uint32_t input : gate.inputs)
      if (phase_of_gate[input] >= phase)
        return misplaced(words + " reads gate " + std::to_string(input) + ", which is not before it");
    if (const int32_t before = graph.previous_cumsum[id];
        before >= 0 && phase_of_gate[static_cast<size_t>(before)] >= phase)
      return misplaced(words + " follows cumsum gate " + std::to_string(before) +
                       " of its channel, which is not before it");
  }
  return {};
}

std::vector<Lifetime> lifetimes(const GateGraph& graph, std::span<const uint32_t> phase_of_op) {
  std::vector<Lifetime> lives(graph.dims.size());
  for (uint32_t id = 0; id < graph.dims.size(); ++id) {
    const Dim& dim = graph.dims[id];
    Lifetime& life = lives[id];
    const bool input = dim.op == Dim::kInput;
    if (!input) life.birth = static_cast<int32_t>(half_of(phase_of_op[static_cast<size_t>(dim.op)]));
    life.death = life.birth;
    for (uint32_t reader : dim.consumers)
      life.death = std::max(life.death, static_cast<int32_t>(half_of(phase_of_op[reader])));
    if (graph.is_output[id] || graph.is_protected[id]) life.death = Lifetime::kForever;
    life.rests = input || life.death > life.birth;
  }
  return lives;
}

std::vector<Lifetime> lifetimes(const SlotGraph& graph, std::span<const uint32_t> phase_of_gate, uint32_t end) {
  std::vector<Lifetime> lives(graph.gates.size());
  for (uint32_t id = 0; id < graph.gates.size(); ++id) {
    const Gate& gate = graph.gates[id];
    if (gate.type == GateType::kWrite) continue;
    Lifetime& life = lives[id];
    life.birth = life.death = static_cast<int32_t>(phase_of_gate[id]);
    life.rests = true;
    for (uint32_t reader : gate.consumers) {
      const uint32_t use = graph.gates[reader].type == GateType::kWrite ? end : phase_of_gate[reader];
      life.death = std::max(life.death, static_cast<int32_t>(use));
    }
    if (graph.is_output[id]) life.death = static_cast<int32_t>(end);
  }
  return lives;
}

}  // namespace rondo::phase
