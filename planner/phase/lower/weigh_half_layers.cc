#include "planner/phase/lower/weigh_half_layers.h"

#include <algorithm>
#include <map>

namespace rondo::phase {
namespace {

class HalfLayerWeights {
 public:
  HalfLayerWeights(const GateGraph& graph, const PhaseSchedule& schedule, uint32_t slots, uint32_t half,
                   const std::vector<uint32_t>& ops)
      : graph_(graph), schedule_(schedule), slots_(slots), half_(half), ops_(ops) {}

  HalfLayer make() {
    find_passed();
    if (half_ % 2 == 0)
      make_heads();
    else
      make_neurons();
    for (uint32_t op : ops_) write(graph_.ops[op]);
    for (const Erase& erase : schedule_.erases[half_]) add_out(lane_of_slot_.at(erase.slot), erase.slot, -1);
    return std::move(made_);
  }

 private:
  uint32_t slot(uint32_t dim) const { return static_cast<uint32_t>(schedule_.slot_of_dim[dim]); }

  bool is_latent(uint32_t dim) const {
    const int32_t op = graph_.dims[dim].op;
    return op != Dim::kInput && graph_.ops[static_cast<size_t>(op)].type != OpType::kPersist &&
           schedule_.phase_of_op[static_cast<size_t>(op)] / 2 == half_;
  }

  // Slots that are subtracted come first, so that their -1 is added first.
  void find_passed() {
    for (const Erase& erase : schedule_.erases[half_]) pass(erase.slot);
    for (uint32_t op : ops_) {
      if (graph_.ops[op].type != OpType::kPersist) continue;
      for (uint32_t dim : graph_.ops[op].inputs)
        if (!is_latent(dim)) pass(slot(dim));
    }
  }
  void pass(uint32_t slot) {
    if (std::find(passed_.begin(), passed_.end(), slot) == passed_.end()) passed_.push_back(slot);
  }

  void add_in(const Expression& sum, uint32_t column) {
    for (const Term& term : sum) made_.in[size_t{slot(term.dim)} * columns_ + column] += term.coefficient;
  }
  void add_out(uint32_t lane, uint32_t slot, double coefficient) {
    made_.out[size_t{lane} * slots_ + slot] += coefficient;
  }

  void make_heads() {
    made_.latest = static_cast<uint32_t>((passed_.size() + 1) / 2);
    for (uint32_t op : ops_)
      if (graph_.ops[op].type == OpType::kLookup)
        (graph_.ops[op].tie_break == TieBreak::kAverage ? made_.mean : made_.latest) += heads_of(graph_.ops[op]);
    heads_ = made_.latest + made_.mean;
    columns_ = 6 * heads_;
    made_.in.resize(size_t{slots_} * columns_);
    made_.out.resize(size_t{slots_} * 2 * heads_);
    uint32_t head = 0;
    for (size_t i = 0; i < passed_.size(); i += 2) pass_by_head(head++, i);
    for (TieBreak tie : {TieBreak::kLatest, TieBreak::kAverage})
      for (uint32_t op : ops_)
        if (graph_.ops[op].type == OpType::kLookup && graph_.ops[op].tie_break == tie) look_up(graph_.ops[op], head);
  }

  // The head finds its own row: of those so far it has the greatest position.
  void pass_by_head(uint32_t head, size_t first) {
    const SpecialDims& special = graph_.special;
    add_in({{special.position, 1}}, 2 * head);
    add_in({{special.one, 1}}, 2 * head + 1);
    add_in({{special.position, 2}}, 2 * (heads_ + head));
    add_in({{special.one, 1}}, 2 * (heads_ + head) + 1);
    for (uint32_t i = 0; i < 2 && first + i < passed_.size(); ++i) {
      made_.in[size_t{passed_[first + i]} * columns_ + 2 * (2 * heads_ + head) + i] = 1;
      lane_of_slot_[passed_[first + i]] = 2 * head + i;
    }
  }

  void look_up(const Op& op, uint32_t& head) {
    for (uint32_t first = 0; first < op.outputs.size(); first += 2, ++head) {
      for (uint32_t i = 0; i < 2; ++i) {
        add_in(op.expressions[i], 2 * head + i);
        add_in(op.expressions[2 + i], 2 * (heads_ + head) + i);
        if (first + i >= op.outputs.size()) continue;
        add_in(op.expressions[4 + first + i], 2 * (2 * heads_ + head) + i);
        lane_of_dim_[op.outputs[first + i]] = 2 * head + i;
      }
    }
  }

  void make_neurons() {
    made_.neurons = static_cast<uint32_t>(passed_.size());
    for (uint32_t op : ops_) made_.neurons += graph_.ops[op].type == OpType::kReglu ? 1 : 0;
    columns_ = 2 * made_.neurons;
    made_.in.resize(size_t{slots_} * columns_);
    made_.out.resize(size_t{slots_} * made_.neurons);
    uint32_t neuron = 0;
    for (uint32_t slot : passed_) {
      made_.in[size_t{slot} * columns_ + neuron] = 1;
      add_in({{graph_.special.one, 1}}, made_.neurons + neuron);
      lane_of_slot_[slot] = neuron++;
    }
    for (uint32_t index : ops_) {
      const Op& op = graph_.ops[index];
      if (op.type != OpType::kReglu) continue;
      add_in(op.expressions[0], neuron);
      add_in(op.expressions[1], made_.neurons + neuron);
      lane_of_dim_[op.outputs[0]] = neuron++;
    }
  }

  // What an op adds to the slots of its dims, if they rest at all.
  void write(const Op& op) {
    for (uint32_t dim : op.outputs) {
      if (schedule_.slot_of_dim[dim] == PhaseSchedule::kNoSlot) continue;
      if (op.type != OpType::kPersist) {
        add_out(lane_of_dim_.at(dim), slot(dim), 1);
        continue;
      }
      for (const Term& term : op.expressions[0]) {
        const uint32_t lane = is_latent(term.dim) ? lane_of_dim_.at(term.dim) : lane_of_slot_.at(slot(term.dim));
        add_out(lane, slot(dim), term.coefficient);
      }
    }
  }

  const GateGraph& graph_;
  const PhaseSchedule& schedule_;
  const uint32_t slots_, half_;
  const std::vector<uint32_t>& ops_;
  HalfLayer made_;
  uint32_t heads_ = 0, columns_ = 0;
  std::vector<uint32_t> passed_;
  std::map<uint32_t, uint32_t> lane_of_slot_, lane_of_dim_;  // rows of `out`
};

}  // namespace

std::vector<HalfLayer> weigh_half_layers(const GateGraph& graph, const PhaseSchedule& schedule, uint32_t slots) {
  std::vector<std::vector<uint32_t>> ops(2 * size_t{schedule.layers});
  for (uint32_t op = 0; op < graph.ops.size(); ++op) ops[schedule.phase_of_op[op] / 2].push_back(op);
  std::vector<HalfLayer> halves;
  for (uint32_t half = 0; half < ops.size(); ++half)
    halves.push_back(HalfLayerWeights(graph, schedule, slots, half, ops[half]).make());
  return halves;
}

}  // namespace rondo::phase
