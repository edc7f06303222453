#include "planner/phase/milp/slot_model.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "planner/phase/milp/schedule_model_builder.h"
#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

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

class SlotModelBuilder : ScheduleModelBuilder {
 public:
  SlotModelBuilder(const SlotGraph& graph, uint32_t layers, Windows windows)
      : ScheduleModelBuilder(graph.gates.size(), 4 * static_cast<int64_t>(layers) + 1),
        graph_(graph),
        windows_(std::move(windows)) {}

  Result<ScheduleModel> build() {
    collect_readers();
    std::vector<uint32_t> order;
    for (uint32_t gate = 0; gate < ops_; ++gate) order.push_back(gate);
    find_descendants(order, readers_);
    for (const std::vector<uint32_t>& readers : readers_) last_.push_back(last_of(readers));
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
  }

  void add_gates() {
    for (uint32_t gate = 0; gate < ops_; ++gate) {
      const GateType type = graph_.gates[gate].type;
      const auto low = static_cast<int64_t>(windows_.low[gate]), high = static_cast<int64_t>(windows_.high[gate]);
      for (int64_t phase = type == GateType::kWrite ? high : low; phase < span_; ++phase) {
        if (phase >= high) {
          slot(gate, phase) = kOne;
        } else if (fits(type, phase)) {
          add_y(gate, phase);
        } else {
          slot(gate, phase) = done(gate, phase - 1);
        }
      }
    }
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
      if (graph_.gates[gate].type == GateType::kWrite) continue;
      for (int64_t phase = 0; phase + 1 < span_; ++phase) {
        Sum sum;
        add(sum, 1, done(gate, phase + 1));
        add(sum, -1, done(gate, phase));
        demand("mono" + std::to_string(gate) + "_" + std::to_string(phase), std::move(sum));
      }
      std::vector<uint32_t> producers;
      for (const uint32_t input : graph_.gates[gate].inputs) producers.push_back(input);
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
    for (int64_t phase = 0; phase < span_; ++phase) {
      Sum total;
      for (uint32_t gate = 0; gate < ops_; ++gate) {
        if (graph_.gates[gate].type == GateType::kWrite) continue;
        Least taken{"v" + std::to_string(gate) + "_" + std::to_string(phase)};
        Sum sum;
        add(sum, 1, done(gate, phase));
        if (immortal_[gate]) {
          taken.column = done(gate, phase);
        } else if (readers_[gate].empty()) {  // dead: the phase that makes it
          add(sum, -1, done(gate, phase - 1));
          raise(taken, "own", std::move(sum));
        } else {
          for (const uint32_t reader : last_[gate]) {
            Sum held = sum;
            add(held, -1, done(reader, phase - 1));
            raise(taken, std::to_string(reader), std::move(held));
          }
        }
        close(taken);
        add(total, 1, taken.column);
      }
      cover("width" + std::to_string(phase), std::move(total), 1);
    }
  }

  const SlotGraph& graph_;
  Windows windows_;
  std::vector<std::vector<uint32_t>> readers_, last_;
  std::vector<bool> immortal_;
};

}  // namespace

Result<ScheduleModel> build_slot_model(const SlotGraph& graph, uint32_t layers) {
  Result<Windows> known = windows(graph, layers);
  if (!known.ok()) return known.error();
  if ((graph.gates.size() + 1) * (uint64_t{4} * layers + 1) > (uint64_t{1} << 24)) {
    return make_error(ErrorCode::kTooComplex, "gates times phases pass 2^24");
  }
  return SlotModelBuilder(graph, layers, std::move(*known)).build();
}

}  // namespace rondo::phase
