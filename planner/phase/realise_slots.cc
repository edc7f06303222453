// Schedules of the strict-phase machine.
#include <algorithm>

#include "planner/phase/lifetimes.h"
#include "planner/phase/realise.h"
#include "planner/phase/slot_colouring.h"

namespace rondo::phase {

Result<PhaseSchedule> realise(const SlotGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_gate) {
  if (Status status = check_placement(graph, layers, phase_of_gate); !status.ok()) return status.error();
  PhaseSchedule schedule;
  schedule.graph = graph.name;
  schedule.mode = Mode::kStrict;
  schedule.layers = layers;
  schedule.phase_of_op.assign(phase_of_gate.begin(), phase_of_gate.end());
  const uint32_t end = 4 * layers + 1;
  const std::vector<Lifetime> lives = lifetimes(graph, phase_of_gate, end);
  const auto gates = static_cast<uint32_t>(graph.gates.size());
  std::vector<SlotWish> wishes;
  for (uint32_t gate = 0; gate < gates; ++gate)
    if (lives[gate].rests) wishes.push_back({lives[gate].birth, int64_t{lives[gate].death} + 1, gate});
  schedule.slot_of_dim = colour_slots(wishes, gates);
  // A subtraction for every reuse, in the phase that brings the next value.
  std::sort(wishes.begin(), wishes.end(), [](const SlotWish& a, const SlotWish& b) {
    return a.start != b.start ? a.start < b.start : a.value < b.value;
  });
  schedule.erases.resize(end);
  std::vector<int32_t> occupant;
  for (const SlotWish& wish : wishes) {
    const auto slot = static_cast<uint32_t>(schedule.slot_of_dim[wish.value]);
    if (slot == occupant.size()) {
      occupant.push_back(static_cast<int32_t>(wish.value));
    } else {
      schedule.erases[static_cast<size_t>(wish.start)].push_back({slot, static_cast<uint32_t>(occupant[slot])});
      occupant[slot] = static_cast<int32_t>(wish.value);
    }
  }
  schedule.width = static_cast<uint32_t>(occupant.size());
  for (uint32_t gate = 0; gate < gates; ++gate)
    if (graph.gates[gate].type == GateType::kWrite)
      schedule.slot_of_dim[gate] = schedule.slot_of_dim[graph.gates[gate].inputs[1]];
  return schedule;
}

uint32_t slots_without_reuse(const SlotGraph& graph) {
  uint32_t slots = 0;
  for (const Gate& gate : graph.gates) slots += gate.type == GateType::kWrite ? 0 : 1;
  return slots;
}

}  // namespace rondo::phase
