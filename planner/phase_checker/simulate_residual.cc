#include "planner/phase_checker/simulate_residual.h"
#include <map>
#include <set>
#include <unordered_map>

namespace rondo::phase_checker {
namespace {

using FormalSum = std::map<uint32_t, int64_t>;  // dim -> coefficient, none 0

class Residual {
 public:
  Residual(const Graph& graph, const Certificate& certificate) : graph_(graph), certificate_(certificate) {}

  Simulation run() {
    const bool strict = graph_.machine == Machine::kStrict;
    by_time_.resize(certificate_.erases.size());
    for (uint32_t op = 0; op < graph_.ops.size(); ++op)
      by_time_[static_cast<size_t>(strict ? certificate_.phase_of_op[op] : certificate_.phase_of_op[op] / 2)].push_back(
          op);
    if (!strict) embed();
    for (time_ = 0; time_ < by_time_.size() && ok(); ++time_) {
      if (strict)
        run_phase();
      else
        run_half();
    }
    if (ok()) finish();
    return {ok(), why_};
  }

 private:
  bool ok() const { return why_.empty(); }
  void refute(const std::string& why) {
    if (ok()) why_ = why;
  }
  std::string at() const {
    return (graph_.machine == Machine::kStrict ? "phase " : "half-layer ") + std::to_string(time_);
  }
  bool place(uint32_t dim, uint32_t& slot) const {
    const auto found = certificate_.slot_of_dim.find(dim);
    if (found != certificate_.slot_of_dim.end()) slot = found->second;
    return found != certificate_.slot_of_dim.end();
  }

  std::string show(uint32_t slot) const {
    const auto found = slots_.find(slot);
    if (found == slots_.end() || found->second.empty()) return "nothing";
    std::string text;
    for (const auto& [dim, coefficient] : found->second) {
      text += text.empty() ? "" : " + ";
      text += (coefficient == 1 ? "" : std::to_string(coefficient) + " x ") + dim_title(graph_, dim);
    }
    return text;
  }
  bool holds(uint32_t slot, uint32_t dim) const {
    const auto found = slots_.find(slot);
    return found != slots_.end() && found->second.size() == 1 && found->second.begin()->first == dim &&
           found->second.begin()->second == 1;
  }
  bool is_empty(uint32_t slot) const {
    const auto found = slots_.find(slot);
    return found == slots_.end() || found->second.empty();
  }

  // `dim` is where a reader looks for it, alone.
  void expect(uint32_t dim, const std::string& reader) {
    if (!ok()) return;
    uint32_t slot = 0;
    if (!place(dim, slot))
      return refute(at() + ": " + reader + " wants " + dim_title(graph_, dim) + ", which has no slot");
    if (!holds(slot, dim))
      refute(at() + ": " + reader + " wants " + dim_title(graph_, dim) + " in slot " + std::to_string(slot) +
             ", which holds " + show(slot));
  }

  void embed() {
    for (uint32_t dim = 0; dim < graph_.dims.size(); ++dim) {
      if (graph_.dims[dim].maker != kInputDim) continue;
      uint32_t slot = 0;
      if (!place(dim, slot)) return refute("the embedding: " + dim_title(graph_, dim) + " has no slot");
      if (!is_empty(slot))
        return refute("the embedding: " + dim_title(graph_, dim) + " and " + show(slot) + " are both in slot " +
                      std::to_string(slot));
      slots_[slot][dim] = 1;
    }
  }

  void run_half() {
    std::map<uint32_t, FormalSum> deltas;
    std::set<uint32_t> through;
    const std::set<uint32_t> now(by_time_[time_].begin(), by_time_[time_].end());
    for (uint32_t index : by_time_[time_]) {
      const Op& op = graph_.ops[index];
      for (uint32_t dim : op.reads) {
        if (op.kind == OpKind::kPersist && is_latent(dim, now)) continue;
        expect(dim, op_title(graph_, index));
        uint32_t slot = 0;
        if (op.kind == OpKind::kPersist && place(dim, slot)) through.insert(slot);
      }
    }
    subtract(deltas);
    for (const auto& [slot, sum] : deltas) through.insert(slot);
    if (!through.empty()) {
      expect(graph_.one, "passing slots through");
      if (time_ % 2 == 0) expect(graph_.position, "passing slots through");
    }
    for (uint32_t index : by_time_[time_])
      for (uint32_t dim : graph_.ops[index].makes) write(dim, deltas);
    apply(deltas);
  }

  // Made in this half-layer by a head or a neuron, where persists can read it.
  bool is_latent(uint32_t dim, const std::set<uint32_t>& now) const {
    const int32_t maker = graph_.dims[dim].maker;
    return maker != kInputDim && graph_.ops[static_cast<size_t>(maker)].kind != OpKind::kPersist &&
           now.count(static_cast<uint32_t>(maker)) != 0;
  }

  // Rows of a phase run one after another in no stated order: what a gate reads must be
  // there before and after the writes of its phase.
  void run_phase() {
    std::map<uint32_t, FormalSum> deltas;
    for (uint32_t index : by_time_[time_]) {
      const Op& op = graph_.ops[index];
      if (op.kind == OpKind::kCumsum) add_to_channel(index);
      if (op.kind == OpKind::kWrite) continue;
      for (uint32_t dim : op.reads) expect(dim, op_title(graph_, index));
    }
    subtract(deltas);
    for (uint32_t index : by_time_[time_])
      if (graph_.ops[index].kind != OpKind::kWrite) {
        uint32_t slot = 0;
        if (ok() && !place(index, slot)) refute(at() + ": " + dim_title(graph_, index) + " has no slot");
        write(index, deltas);
      }
    apply(deltas);
    for (uint32_t index : by_time_[time_])
      if (graph_.ops[index].kind != OpKind::kWrite)
        for (uint32_t dim : graph_.ops[index].reads) expect(dim, op_title(graph_, index) + ", after other writes,");
  }

  void add_to_channel(uint32_t index) {
    const auto [last, first] = channels_.emplace(graph_.ops[index].channel, std::pair{time_, index});
    if (first) return;
    if (last->second.first == time_ || last->second.second > index)
      refute(at() + ": " + op_title(graph_, index) + " adds to its channel out of turn");
    last->second = {time_, index};
  }

  void subtract(std::map<uint32_t, FormalSum>& deltas) {
    for (const Erase& erase : certificate_.erases[time_]) {
      if (ok() && !holds(erase.slot, erase.dim))
        refute(at() + ": subtracting " + dim_title(graph_, erase.dim) + " wants it in slot " +
               std::to_string(erase.slot) + ", which holds " + show(erase.slot));
      deltas[erase.slot][erase.dim] -= 1;
    }
  }

  void write(uint32_t dim, std::map<uint32_t, FormalSum>& deltas) {
    uint32_t slot = 0;
    if (!ok() || !place(dim, slot)) return;
    if (!is_empty(slot) && !may_fuse(dim, slot))
      refute(at() + ": " + dim_title(graph_, dim) + " is written to slot " + std::to_string(slot) + ", which holds " +
             show(slot));
    deltas[slot][dim] += 1;
  }

  // The old dim may leave in the same addition.
  bool may_fuse(uint32_t dim, uint32_t slot) const {
    if (certificate_.mode == Mode::kDelayed) return false;
    if (certificate_.mode != Mode::kMixed) return true;
    bool whole = !graph_.dims[dim].average;
    for (const auto& [old, coefficient] : slots_.at(slot)) whole = whole && !graph_.dims[old].average;
    return whole;
  }

  void apply(const std::map<uint32_t, FormalSum>& deltas) {
    for (const auto& [slot, delta] : deltas) {
      FormalSum& sum = slots_[slot];
      for (const auto& [dim, coefficient] : delta)
        if ((sum[dim] += coefficient) == 0) sum.erase(dim);
      if (sum.size() > 1 || (sum.size() == 1 && sum.begin()->second != 1))
        refute(at() + ": afterwards slot " + std::to_string(slot) + " holds " + show(slot));
    }
  }

  void finish() {
    --time_;
    for (uint32_t dim = 0; dim < graph_.dims.size(); ++dim)
      if (graph_.is_output[dim] || graph_.is_protected[dim]) expect(dim, "the end");
    for (uint32_t op = 0; op < graph_.ops.size(); ++op)
      if (graph_.ops[op].kind == OpKind::kWrite)
        for (uint32_t dim : graph_.ops[op].reads) expect(dim, op_title(graph_, op) + " at the end");
  }

  const Graph& graph_;
  const Certificate& certificate_;
  std::vector<std::vector<uint32_t>> by_time_;
  std::unordered_map<uint32_t, FormalSum> slots_;
  std::map<uint32_t, std::pair<size_t, uint32_t>> channels_;  // -> when and which sum was the last
  size_t time_ = 0;
  std::string why_;
};

}  // namespace

Simulation simulate_residual(const Graph& graph, const Certificate& certificate) {
  return Residual(graph, certificate).run();
}

}  // namespace rondo::phase_checker
