#include "planner/phase/milp/slot_model.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "planner/phase/milp/schedule_model_builder.h"
#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

bool is_fixed(GateType type) { return type == GateType::kInput || type == GateType::kConst; }

bool fits(GateType type, int64_t phase) {
  switch (type) {
    case GateType::kRead:
    case GateType::kCumsum:
      return phase % 4 == 1;
    case GateType::kReglu:
      return phase % 4 == 3;
    case GateType::kLinear:
      return phase > 0 && phase % 2 == 0;
    default:
      return false;
  }
}
int64_t step(GateType type) { return type == GateType::kLinear ? 2 : 4; }

class SlotModelBuilder : ScheduleModelBuilder {
 public:
  SlotModelBuilder(const SlotGraph& graph, const SlotModelOptions& options, Windows windows)
      : ScheduleModelBuilder(graph.gates.size(), 4 * static_cast<int64_t>(options.layers) + 1),
        graph_(graph),
        options_(options),
        windows_(std::move(windows)) {}

  Result<ScheduleModel> build() {
    collect_readers();
    std::vector<uint32_t> order;
    for (uint32_t gate = 0; gate < ops_; ++gate) order.push_back(gate);
    find_descendants(order, readers_);
    find_twins();
    model().add_column({0, static_cast<int64_t>(ops_), 1, true, "width"});
    add_gates();
    add_order();
    if (!is_too_large()) add_width();
    if (is_too_large()) {
      return make_error(ErrorCode::kTooComplex, "the programme of this graph and layer budget passes 2^20 columns");
    }
    return std::move(result_);
  }

 private:
  // Gates that read it in some phase; writes do not, they make what they read immortal.
  void collect_readers() {
    readers_.resize(ops_);
    immortal_.assign(ops_, false);
    for (uint32_t gate = 0; gate < ops_; ++gate) {
      immortal_[gate] = graph_.is_output[gate];
      for (const uint32_t reader : graph_.gates[gate].consumers) {
        if (graph_.gates[reader].type == GateType::kWrite) {
          immortal_[gate] = true;
        } else {
          readers_[gate].push_back(reader);
        }
      }
    }
    sums_after_.assign(ops_, false);
    for (const int32_t before : graph_.previous_cumsum) {
      if (before >= 0) sums_after_[static_cast<size_t>(before)] = true;
    }
  }

  bool may_move(uint32_t gate) const {
    const GateType type = graph_.gates[gate].type;
    return !is_fixed(type) && type != GateType::kWrite && graph_.previous_cumsum[gate] < 0 && !sums_after_[gate];
  }

  // Gates of one type that read the same for the same readers and die alike.
  void find_twins() {
    twin_.resize(ops_);
    twins_.resize(ops_);
    std::map<std::tuple<GateType, std::vector<uint32_t>, std::vector<uint32_t>, bool>, uint32_t> first;
    for (uint32_t gate = 0; gate < ops_; ++gate) {
      twin_[gate] = gate;
      if (options_.dominance && may_move(gate) && (!readers_[gate].empty() || immortal_[gate])) {
        std::vector<uint32_t> inputs = graph_.gates[gate].inputs;
        std::sort(inputs.begin(), inputs.end());
        inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
        const auto [at, fresh] =
            first.try_emplace({graph_.gates[gate].type, std::move(inputs), readers_[gate], immortal_[gate]}, gate);
        if (!fresh) twin_[gate] = at->second;
      }
      twins_[twin_[gate]].push_back(gate);
    }
  }

  // Put off to the last phase its readers leave it: what it reads is held until then anyway.
  bool may_wait(uint32_t gate, const std::optional<uint32_t>& reader) const {
    if (!may_move(gate) || !has_descendants()) return false;
    if (readers_[gate].empty() && !immortal_[gate]) return false;
    for (const uint32_t input : graph_.gates[gate].inputs) {
      bool held = immortal_[input];
      for (const uint32_t other : readers_[input]) {
        if (held) break;
        if (twin_[other] == gate) continue;
        held = (reader.has_value() && (other == *reader || descends(other, *reader))) ||
               windows_.low[other] >= windows_.high[gate];
      }
      if (!held) return false;
    }
    return true;
  }

  void add_gates() {
    for (uint32_t gate = static_cast<uint32_t>(ops_); gate-- > 0;) {
      if (twin_[gate] != gate) continue;
      const GateType type = graph_.gates[gate].type;
      const auto low = static_cast<int64_t>(windows_.low[gate]), high = static_cast<int64_t>(windows_.high[gate]);
      const std::optional<uint32_t> first = first_of(readers_[gate]);
      const bool waits = options_.dominance && (first.has_value() || readers_[gate].empty()) && may_wait(gate, first);
      for (int64_t phase = low; phase < span_; ++phase) {
        if (is_fixed(type) || type == GateType::kWrite || phase >= high) {
          if (type != GateType::kWrite || phase >= high) slot(gate, phase) = kOne;
        } else if (waits) {
          if (!first.has_value()) continue;
          int64_t legal = phase;
          while (!fits(type, legal)) --legal;
          slot(gate, phase) = done(*first, legal + step(type));
        } else if (fits(type, phase)) {
          add_y(gate, phase);
        } else {
          slot(gate, phase) = done(gate, phase - 1);
        }
      }
    }
    share_columns();
  }

  void add_order() {
    const auto precede = [&](uint32_t before, uint32_t gate) {
      for (int64_t phase = 0; phase < span_; ++phase) {
        if (!fits(graph_.gates[gate].type, phase)) continue;
        Sum sum;
        add(sum, 1, done(before, phase - 1));
        add(sum, -1, done(gate, phase));
        demand("prec" + std::to_string(before) + "_" + std::to_string(gate) + "_" + std::to_string(phase),
               std::move(sum));
      }
    };
    for (uint32_t gate = 0; gate < ops_; ++gate) {
      if (twin_[gate] != gate || graph_.gates[gate].type == GateType::kWrite) continue;
      for (int64_t phase = 0; phase + 1 < span_; ++phase) {
        Sum sum;
        add(sum, 1, done(gate, phase + 1));
        add(sum, -1, done(gate, phase));
        demand("mono" + std::to_string(gate) + "_" + std::to_string(phase), std::move(sum));
      }
      std::vector<uint32_t> producers;
      for (const uint32_t input : graph_.gates[gate].inputs) producers.push_back(twin_[input]);
      std::sort(producers.begin(), producers.end());
      producers.erase(std::unique(producers.begin(), producers.end()), producers.end());
      for (const uint32_t producer : producers) {
        if (std::none_of(producers.begin(), producers.end(),
                         [&](uint32_t other) { return descends(other, producer); })) {
          precede(producer, gate);
        }
      }
      const int32_t before = graph_.previous_cumsum[gate];
      if (before >= 0 &&
          std::find(producers.begin(), producers.end(), static_cast<uint32_t>(before)) == producers.end()) {
        precede(static_cast<uint32_t>(before), gate);
      }
    }
  }

  void add_width() {
    struct Group {
      uint32_t gate;
      int64_t weight;
      std::vector<uint32_t> last;
    };
    std::map<std::tuple<uint32_t, bool, std::vector<uint32_t>>, Group> groups;
    for (uint32_t gate = 0; gate < ops_; ++gate) {
      if (graph_.gates[gate].type == GateType::kWrite) continue;
      std::vector<uint32_t> last;
      if (!immortal_[gate]) last = last_of(readers_[gate]);
      // Inputs and constants all are there from phase 0 on.
      const uint32_t stands_for = is_fixed(graph_.gates[gate].type) ? ~0u : twin_[gate];
      ++groups.try_emplace({stands_for, immortal_[gate], last}, Group{gate, 0, last}).first->second.weight;
    }
    for (int64_t phase = 0; phase < span_; ++phase) {
      Sum total;
      for (const auto& [key, group] : groups) {
        Least taken{"v" + std::to_string(group.gate) + "_" + std::to_string(phase)};
        Sum sum;
        add(sum, 1, done(group.gate, phase));
        if (immortal_[group.gate]) {
          raise(taken, std::move(sum));
        } else if (group.last.empty()) {  // dead: the phase that makes it
          add(sum, -1, done(group.gate, phase - 1));
          raise(taken, std::move(sum));
        } else {
          for (const uint32_t reader : group.last) {
            Sum held = sum;
            add(held, -1, done(reader, phase - 1));
            raise(taken, std::move(held));
          }
        }
        add(total, group.weight, taken.column);
      }
      cover("width" + std::to_string(phase), std::move(total), 1);
    }
  }

  const SlotGraph& graph_;
  const SlotModelOptions& options_;
  Windows windows_;
  std::vector<std::vector<uint32_t>> readers_;
  std::vector<bool> immortal_, sums_after_;
  std::vector<std::vector<uint32_t>> twins_;
};

}  // namespace

Result<ScheduleModel> build_slot_model(const SlotGraph& graph, const SlotModelOptions& options) {
  Result<Windows> known = windows(graph, options.layers);
  if (!known.ok()) return known.error();
  if (graph.gates.size() * (uint64_t{4} * options.layers + 1) > (uint64_t{1} << 24)) {
    return make_error(ErrorCode::kTooComplex, "gates times phases pass 2^24");
  }
  return SlotModelBuilder(graph, options, std::move(*known)).build();
}

}  // namespace rondo::phase
