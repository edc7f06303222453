#include <algorithm>
#include <optional>
#include <tuple>

#include "planner/phase/lifetimes.h"
#include "planner/phase/placements.h"

namespace rondo::phase {
namespace {

using Phases = std::vector<uint32_t>;

bool is_fixed(GateType type) { return type == GateType::kInput || type == GateType::kConst; }

uint32_t first_phase(GateType type) {
  switch (type) {
    case GateType::kRead:
    case GateType::kCumsum:
      return 1;
    case GateType::kLinear:
      return 2;
    case GateType::kReglu:
      return 3;
    default:
      return 0;
  }
}

SlotPlacement placed(Phases phases) {
  const uint32_t last = phases.empty() ? 0 : *std::max_element(phases.begin(), phases.end());
  return {(last + 3) / 4, std::move(phases)};
}

// The published heuristic; see placements.h.
class Published {
 public:
  explicit Published(const SlotGraph& graph) : graph_(graph), best_(list_schedule(graph).phase_of_gate) {
    for (uint32_t phase : best_) horizon_ = std::max(horizon_, phase);
  }

  SlotPlacement run() {
    const Phases earliest = best_;
    best_cost_ = cost_of(best_);
    if (std::optional<Phases> latest = place_latest(); latest) keep_better(*std::move(latest));
    move_gates();
    if (graph_.gates.size() <= kEnumeratedGates) {
      Phases partial(graph_.gates.size(), kNone);
      enumerate(earliest, partial, 0);
    }
    return placed(std::move(best_));
  }

 private:
  static constexpr size_t kEnumeratedGates = 12;
  static constexpr uint32_t kNodes = 75000;
  static constexpr uint32_t kNone = ~uint32_t{0};
  using Cost = std::tuple<uint32_t, uint64_t, uint32_t>;

  // Slots, sum of lifetimes, last phase. Slots are the most values alive at once.
  Cost cost_of(const Phases& phases) const {
    uint32_t last = 0;
    for (uint32_t phase : phases) last = std::max(last, phase);
    std::vector<int32_t> change(last + 3, 0);
    uint64_t sum = 0;
    for (const Lifetime& life : lifetimes(graph_, phases, last + 1)) {
      if (!life.rests) continue;
      ++change[static_cast<size_t>(life.birth)];
      --change[static_cast<size_t>(life.death) + 1];
      sum += static_cast<uint64_t>(life.death - life.birth);
    }
    int32_t alive = 0, most = 0;
    for (int32_t each : change) most = std::max(most, alive += each);
    return {static_cast<uint32_t>(most), sum, last};
  }

  void keep_better(Phases phases) {
    const Cost cost = cost_of(phases);
    if (std::tie(cost, phases) < std::tie(best_cost_, best_)) {
      best_cost_ = cost;
      best_ = std::move(phases);
    }
  }

  void settle_writes(Phases& phases) const {
    for (uint32_t id = 0; id < phases.size(); ++id)
      if (const Gate& gate = graph_.gates[id]; gate.type == GateType::kWrite)
        phases[id] = std::min(horizon_, std::max(phases[gate.inputs[0]], phases[gate.inputs[1]]));
  }

  std::optional<Phases> place_latest() const {
    Phases phases(graph_.gates.size(), 0);
    std::vector<uint32_t> bound(graph_.gates.size(), horizon_);
    for (uint32_t id = static_cast<uint32_t>(phases.size()); id-- > 0;) {
      const Gate& gate = graph_.gates[id];
      if (is_fixed(gate.type) || gate.type == GateType::kWrite) continue;
      const uint32_t step = gate.type == GateType::kLinear ? 2 : 4, first = first_phase(gate.type);
      if (bound[id] < first) return std::nullopt;
      phases[id] = bound[id] - (bound[id] - first) % step;
      for (uint32_t input : gate.inputs) bound[input] = std::min(bound[input], phases[id] - 1);
      if (const int32_t before = graph_.previous_cumsum[id]; before >= 0)
        bound[static_cast<size_t>(before)] = std::min(bound[static_cast<size_t>(before)], phases[id] - 1);
    }
    settle_writes(phases);
    return phases;
  }

  bool may_move(uint32_t id, uint32_t phase) const {
    for (uint32_t input : graph_.gates[id].inputs)
      if (best_[input] >= phase) return false;
    for (uint32_t reader : graph_.gates[id].consumers)
      if (graph_.gates[reader].type != GateType::kWrite && best_[reader] <= phase) return false;
    if (const int32_t before = graph_.previous_cumsum[id]; before >= 0 && best_[static_cast<size_t>(before)] >= phase)
      return false;
    const auto after =
        std::find(graph_.previous_cumsum.begin(), graph_.previous_cumsum.end(), static_cast<int32_t>(id));
    return after == graph_.previous_cumsum.end() ||
           best_[static_cast<size_t>(after - graph_.previous_cumsum.begin())] > phase;
  }

  void move_gates() {
    for (int pass = 0; pass < 4; ++pass) {
      const Phases before = best_;
      for (uint32_t id = 0; id < best_.size(); ++id) {
        const GateType type = graph_.gates[id].type;
        if (is_fixed(type) || type == GateType::kWrite) continue;
        for (uint32_t phase = first_phase(type); phase <= horizon_; phase += 4) {
          if (phase == best_[id] || !may_move(id, phase)) continue;
          Phases trial = best_;
          trial[id] = phase;
          settle_writes(trial);
          keep_better(std::move(trial));
        }
      }
      if (best_ == before) return;
    }
  }

  // Latest phases first, cut where the values already placed need as many slots as the best.
  void enumerate(const Phases& earliest, Phases& partial, uint32_t id) {
    if (nodes_++ >= kNodes) return;
    if (id == partial.size()) {
      Phases phases = partial;
      settle_writes(phases);
      return keep_better(std::move(phases));
    }
    const GateType type = graph_.gates[id].type;
    if (is_fixed(type) || type == GateType::kWrite) {
      partial[id] = 0;
      enumerate(earliest, partial, id + 1);
      partial[id] = kNone;
      return;
    }
    for (uint32_t phase = first_phase(type) + (horizon_ / 4) * 4 + 4; phase >= first_phase(type) + 4;) {
      phase -= 4;
      if (phase > horizon_ || phase < earliest[id]) continue;
      bool fits = true;
      for (uint32_t input : graph_.gates[id].inputs) fits = fits && partial[input] < phase;
      if (const int32_t before = graph_.previous_cumsum[id]; before >= 0)
        fits = fits && partial[static_cast<size_t>(before)] < phase;
      if (!fits) continue;
      partial[id] = phase;
      if (alive_at_most(partial) < std::get<0>(best_cost_)) enumerate(earliest, partial, id + 1);
      partial[id] = kNone;
    }
  }

  uint32_t alive_at_most(const Phases& partial) const {
    std::vector<int32_t> change(horizon_ + 3, 0);
    for (uint32_t id = 0; id < partial.size(); ++id) {
      if (partial[id] == kNone || graph_.gates[id].type == GateType::kWrite) continue;
      uint32_t death = graph_.is_output[id] ? horizon_ + 1 : partial[id];
      for (uint32_t reader : graph_.gates[id].consumers) {
        if (graph_.gates[reader].type == GateType::kWrite)
          death = horizon_ + 1;
        else if (partial[reader] != kNone)
          death = std::max(death, partial[reader]);
      }
      ++change[partial[id]];
      --change[death + 1];
    }
    int32_t alive = 0, most = 0;
    for (int32_t each : change) most = std::max(most, alive += each);
    return static_cast<uint32_t>(most);
  }

  const SlotGraph& graph_;
  Phases best_;
  Cost best_cost_;
  uint32_t horizon_ = 0;
  uint32_t nodes_ = 0;
};

}  // namespace

std::vector<uint32_t> place_latest(const SlotGraph&, const Windows& windows) { return windows.high; }

SlotPlacement list_schedule(const SlotGraph& graph) { return placed(earliest_phases(graph)); }

SlotPlacement published_heuristic(const SlotGraph& graph) { return Published(graph).run(); }

}  // namespace rondo::phase
