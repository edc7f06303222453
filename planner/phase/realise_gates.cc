// Schedules of the layered machine.
#include <algorithm>

#include "planner/phase/erase_plan.h"
#include "planner/phase/lifetimes.h"
#include "planner/phase/realise.h"
#include "planner/phase/slot_colouring.h"

namespace rondo::phase {
namespace {

// Columns that a dim holds in time counted twice as fast as half-layers, so that one rule
// serves all modes. An integer in mode fused or mixed: [2 birth, 2 erase), the next one may
// come in the half-layer that erases. Mode delayed: [2 birth, 2 erase + 1), the next one
// half-layer later. An average in mode mixed: clean the half-layer before, cleared alone.
SlotWish wish_of(Mode mode, bool average, uint32_t dim, int32_t birth, int32_t erase) {
  const bool alone = mode == Mode::kMixed && average;
  const int64_t start = 2 * int64_t{birth} - (alone && birth >= 0 ? 1 : 0);
  const int64_t end = 2 * int64_t{erase} + (alone || mode == Mode::kDelayed ? 1 : 0);
  // A dead input rests from the embedding to half-layer 0 in every mode.
  return {start, std::max(end, start + 1), dim};
}

void assign_slots(const GateGraph& graph, std::span<const Lifetime> lives, std::span<const int32_t> erase_of_dim,
                  PhaseSchedule& schedule) {
  // Protected dims have the first slots, so they are coloured under the names that sort first.
  const auto dims = static_cast<uint32_t>(graph.dims.size());
  const auto first = static_cast<uint32_t>(graph.protected_dims.size());
  std::vector<SlotWish> wishes;
  for (uint32_t dim = 0; dim < dims; ++dim) {
    if (!lives[dim].rests) continue;
    SlotWish wish = wish_of(schedule.mode, graph.is_average[dim], dim, lives[dim].birth, erase_of_dim[dim]);
    wish.value += first;
    wishes.push_back(wish);
  }
  for (uint32_t i = 0; i < first; ++i)
    for (SlotWish& wish : wishes)
      if (wish.value == graph.protected_dims[i] + first) wish.value = i;
  const std::vector<int32_t> slots = colour_slots(std::move(wishes), dims + first);
  schedule.slot_of_dim.assign(slots.begin() + first, slots.end());
  for (uint32_t i = 0; i < first; ++i) schedule.slot_of_dim[graph.protected_dims[i]] = slots[i];
  for (int32_t slot : schedule.slot_of_dim) schedule.width = std::max(schedule.width, static_cast<uint32_t>(slot + 1));
}

// Erasures whose slot nobody wants again are left out of a lazy schedule.
void drop_idle_erases(std::span<const Lifetime> lives, const PhaseSchedule& schedule,
                      std::vector<int32_t>& erase_of_dim) {
  std::vector<int32_t> last_birth(schedule.width, Lifetime::kBeforeFirst);
  for (size_t dim = 0; dim < lives.size(); ++dim)
    if (const int32_t slot = schedule.slot_of_dim[dim]; slot >= 0)
      last_birth[static_cast<size_t>(slot)] = std::max(last_birth[static_cast<size_t>(slot)], lives[dim].birth);
  for (size_t dim = 0; dim < lives.size(); ++dim)
    if (const int32_t slot = schedule.slot_of_dim[dim];
        slot >= 0 && lives[dim].birth == last_birth[static_cast<size_t>(slot)])
      erase_of_dim[dim] = kNeverErased;
}

void count_resources(std::span<const HalfLayerWork> work, PhaseSchedule& schedule) {
  for (size_t half = 0; half < work.size(); ++half) {
    const HalfLayerWork& each = work[half];
    // A slot that is passed through and erased in one half-layer is read once.
    auto slots = static_cast<uint32_t>(each.passed.size());
    for (const Erase& erase : schedule.erases[half])
      slots += std::binary_search(each.passed.begin(), each.passed.end(), erase.dim) ? 0 : 1;
    if (half % 2 == 0) {
      schedule.heads = std::max(schedule.heads, each.heads + (slots + 1) / 2);
    } else {
      schedule.d_ffn = std::max(schedule.d_ffn, each.neurons + slots);
    }
  }
}

}  // namespace

Result<PhaseSchedule> realise(const GateGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_op,
                              const RealiseOptions& options) {
  if (options.mode == Mode::kStrict)
    return make_error(ErrorCode::kInvalidArgument,
                      "mode strict belongs to slot graphs; a gate graph wants delayed, fused or mixed");
  if (Status status = check_placement(graph, layers, phase_of_op); !status.ok()) return status.error();
  PhaseSchedule schedule;
  schedule.graph = graph.name;
  schedule.mode = options.mode;
  schedule.layers = layers;
  schedule.phase_of_op.assign(phase_of_op.begin(), phase_of_op.end());
  const std::vector<Lifetime> lives = lifetimes(graph, phase_of_op);
  const std::vector<HalfLayerWork> work = half_layer_work(graph, layers, phase_of_op, lives);
  std::vector<int32_t> erase_of_dim(lives.size());
  if (options.lazy) {
    std::optional<LazyPlan> plan = plan_lazy(graph, work, lives, options.mode, options.columns);
    if (!plan) {
      const std::optional<LazyPlan> least = plan_lazy(graph, work, lives, options.mode, 0);
      return make_error(ErrorCode::kDoesNotFit,
                        "the placement does not fit in " + std::to_string(options.columns) +
                            " columns; the fewest are " +
                            (least ? std::to_string(least->limits.columns) : std::string("unknown")));
    }
    erase_of_dim = std::move(plan->erase_of_dim);
  } else {
    // A dead input goes in the first half-layer.
    for (size_t dim = 0; dim < lives.size(); ++dim) erase_of_dim[dim] = std::max(lives[dim].death, 0);
  }
  assign_slots(graph, lives, erase_of_dim, schedule);
  if (options.lazy) drop_idle_erases(lives, schedule, erase_of_dim);
  schedule.erases.resize(work.size());
  for (uint32_t dim = 0; dim < lives.size(); ++dim)
    if (lives[dim].rests && erase_of_dim[dim] != kNeverErased)
      schedule.erases[static_cast<size_t>(erase_of_dim[dim])].push_back(
          {static_cast<uint32_t>(schedule.slot_of_dim[dim]), dim});
  count_resources(work, schedule);
  return schedule;
}

Result<PhaseSchedule> realise_without_reuse(const GateGraph& graph, uint32_t layers,
                                            std::span<const uint32_t> phase_of_op) {
  if (Status status = check_placement(graph, layers, phase_of_op); !status.ok()) return status.error();
  PhaseSchedule schedule;
  schedule.graph = graph.name;
  schedule.layers = layers;
  schedule.phase_of_op.assign(phase_of_op.begin(), phase_of_op.end());
  const std::vector<Lifetime> lives = lifetimes(graph, phase_of_op);
  const std::vector<HalfLayerWork> work = half_layer_work(graph, layers, phase_of_op, lives);
  assign_slots(graph, lives, std::vector<int32_t>(lives.size(), kNeverErased), schedule);
  schedule.erases.resize(work.size());
  count_resources(work, schedule);
  return schedule;
}

uint32_t slots_without_reuse(const GateGraph& graph, std::span<const uint32_t> phase_of_op) {
  uint32_t slots = 0;
  for (const Lifetime& life : lifetimes(graph, phase_of_op)) slots += life.rests ? 1 : 0;
  return slots;
}

}  // namespace rondo::phase
