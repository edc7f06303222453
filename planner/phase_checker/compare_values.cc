#include "planner/phase_checker/compare_values.h"
#include <bit>
#include <cmath>
#include <map>

namespace rondo::phase_checker {
namespace {

// splitmix64 (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}
uint64_t mix(uint64_t a, uint64_t b) { return mix(mix(a) ^ (b + 0x632be59bd9b4e019ull)); }

uint64_t as_residue(double number) {
  if (std::trunc(number) == number && std::fabs(number) < 9e18)
    return static_cast<uint64_t>(static_cast<int64_t>(number));
  return mix(std::bit_cast<uint64_t>(number));
}

uint64_t relu(uint64_t x) { return static_cast<int64_t>(x) > 0 ? x : 0; }

// What one op computes from the values of dims, whoever holds them.
template <class Read>
uint64_t evaluate(const Sum& sum, const Read& read) {
  uint64_t value = 0;
  for (const Term& term : sum) value += as_residue(term.coefficient) * read(term.dim);
  return value;
}

template <class Read>
uint64_t evaluate_op(const Graph& graph, uint32_t index, size_t output, const Read& read) {
  const Op& op = graph.ops[index];
  uint64_t hash = mix(index, output);
  switch (op.kind) {
    case OpKind::kLookup: {
      for (uint32_t dim : op.reads) hash = op.sums.empty() ? mix(hash, read(dim)) : hash;
      for (const Sum& sum : op.sums) hash = mix(hash, evaluate(sum, read));
      return hash;
    }
    case OpKind::kReglu:
      if (graph.machine == Machine::kStrict) return read(op.operands[0]) * relu(read(op.operands[1]));
      if (!op.sums.empty()) return evaluate(op.sums[0], read) * relu(evaluate(op.sums[1], read));
      break;
    case OpKind::kPersist:
      if (!op.sums.empty()) return evaluate(op.sums[0], read);
      break;
    case OpKind::kLinear:
      return as_residue(op.constant) + evaluate(op.sums[0], read);
    case OpKind::kConst:
      return as_residue(op.constant);
    default:
      break;
  }
  for (uint32_t dim : op.reads) hash = mix(hash, read(dim));
  return hash;
}

// What a channel has added up so far; two sums out of turn give something else.
class Channels {
 public:
  uint64_t add(uint32_t channel, uint64_t value) { return sums_[channel] = mix(sums_[channel] + channel, value); }

 private:
  std::map<uint32_t, uint64_t> sums_;
};

uint64_t input_value(const Graph& graph, uint32_t dim, uint64_t seed) {
  if (graph.machine == Machine::kLayered && dim == graph.one) return 1;
  return mix(seed, dim) % ((uint64_t{2} << 20) + 1) - (uint64_t{1} << 20);
}

std::vector<uint64_t> run_graph(const Graph& graph, uint64_t seed) {
  std::vector<uint64_t> values(graph.dims.size(), 0);
  const auto read = [&](uint32_t dim) { return values[dim]; };
  if (graph.machine == Machine::kLayered) {
    for (uint32_t dim = 0; dim < graph.dims.size(); ++dim)
      if (graph.dims[dim].maker == kInputDim) values[dim] = input_value(graph, dim, seed);
    for (uint32_t op : graph.order)
      for (size_t i = 0; i < graph.ops[op].makes.size(); ++i)
        values[graph.ops[op].makes[i]] = evaluate_op(graph, op, i, read);
    return values;
  }
  Channels channels;
  for (uint32_t gate = 0; gate < graph.ops.size(); ++gate) {
    const Op& op = graph.ops[gate];
    if (op.kind == OpKind::kInput)
      values[gate] = input_value(graph, gate, seed);
    else if (op.kind == OpKind::kCumsum)
      values[gate] = channels.add(op.channel, values[op.operands[0]]);
    else if (op.kind != OpKind::kWrite)
      values[gate] = evaluate_op(graph, gate, 0, read);
  }
  return values;
}

class SlotProgram {
 public:
  SlotProgram(const Graph& graph, const Certificate& certificate) : graph_(graph), slot_of_(graph.dims.size(), kNone) {
    std::map<uint32_t, uint32_t> dense;  // slot -> index; 0 stands for no slot
    for (const auto& [dim, slot] : certificate.slot_of_dim)
      slot_of_[dim] = dense.emplace(slot, static_cast<uint32_t>(dense.size()) + 1).first->second;
    slots_.resize(dense.size() + 1);
    erased_.resize(certificate.erases.size());
    for (size_t time = 0; time < certificate.erases.size(); ++time)
      for (const Erase& erase : certificate.erases[time])
        if (const auto slot = dense.find(erase.slot); slot != dense.end()) erased_[time].push_back(slot->second);
    by_time_.resize(certificate.erases.size());
    const int64_t share = graph.machine == Machine::kStrict ? 1 : 2;
    for (uint32_t op = 0; op < graph.ops.size(); ++op)
      by_time_[static_cast<size_t>(certificate.phase_of_op[op] / share)].push_back(op);
  }

  void run(uint64_t seed) {
    slots_.assign(slots_.size(), 0);
    channels_ = {};
    const bool strict = graph_.machine == Machine::kStrict;
    if (!strict)
      for (uint32_t dim = 0; dim < graph_.dims.size(); ++dim)
        if (graph_.dims[dim].maker == kInputDim) slots_[slot_of_[dim]] += input_value(graph_, dim, seed);
    slots_[kNone] = 0;
    for (size_t time = 0; time < by_time_.size(); ++time) {
      if (strict)
        run_phase(time, seed);
      else
        run_half(time, seed);
      slots_[kNone] = 0;
    }
  }

  uint64_t value_of(uint32_t dim) const { return slots_[slot_of_[dim]]; }

 private:
  static constexpr uint32_t kNone = 0;

  void run_half(size_t time, uint64_t seed) {
    const std::vector<uint64_t> before = slots_;
    // A slot passed through is multiplied by a gate of `one`; a head that does not find
    // its own row by `position` brings another one.
    uint64_t gate = before[slot_of_[graph_.one]];
    if (time % 2 == 0 && before[slot_of_[graph_.position]] != input_value(graph_, graph_.position, seed))
      gate = mix(gate, before[slot_of_[graph_.position]]);
    std::map<uint32_t, uint64_t> latent;
    const auto read_slot = [&](uint32_t dim) { return before[slot_of_[dim]]; };
    for (uint32_t op : by_time_[time])
      if (graph_.ops[op].kind != OpKind::kPersist)
        for (size_t i = 0; i < graph_.ops[op].makes.size(); ++i) {
          const uint32_t dim = graph_.ops[op].makes[i];
          const uint64_t value = evaluate_op(graph_, op, i, read_slot);
          latent[dim] = value;
          slots_[slot_of_[dim]] += value;
        }
    const auto read_latent = [&](uint32_t dim) {
      const auto found = latent.find(dim);
      return found != latent.end() ? found->second : before[slot_of_[dim]] * gate;
    };
    for (uint32_t op : by_time_[time])
      if (graph_.ops[op].kind == OpKind::kPersist)
        slots_[slot_of_[graph_.ops[op].makes[0]]] += evaluate_op(graph_, op, 0, read_latent);
    for (uint32_t slot : erased_[time]) slots_[slot] -= before[slot] * gate;
  }

  // Rows run one after another: in the order of the gates for even seeds, else backwards.
  void run_phase(size_t time, uint64_t seed) {
    for (uint32_t slot : erased_[time]) slots_[slot] -= slots_[slot];
    const std::vector<uint32_t>& gates = by_time_[time];
    const auto read = [&](uint32_t dim) { return slots_[slot_of_[dim]]; };
    for (size_t i = 0; i < gates.size(); ++i) {
      const uint32_t gate = gates[seed % 2 == 0 ? i : gates.size() - 1 - i];
      const Op& op = graph_.ops[gate];
      if (op.kind == OpKind::kWrite) continue;
      uint64_t value = 0;
      if (op.kind == OpKind::kInput)
        value = input_value(graph_, gate, seed);
      else if (op.kind == OpKind::kCumsum)
        value = channels_.add(op.channel, read(op.operands[0]));
      else
        value = evaluate_op(graph_, gate, 0, read);
      slots_[slot_of_[gate]] += value;
    }
  }

  const Graph& graph_;
  std::vector<uint32_t> slot_of_;  // index into slots_
  std::vector<uint64_t> slots_;
  std::vector<std::vector<uint32_t>> erased_, by_time_;
  Channels channels_;
};

// What must be in the residual when a step ends.
std::vector<uint32_t> kept_dims(const Graph& graph) {
  std::vector<bool> kept = graph.is_output;
  for (uint32_t dim : graph.protected_dims) kept[dim] = true;
  for (const Op& op : graph.ops)
    if (op.kind == OpKind::kWrite)
      for (uint32_t dim : op.reads) kept[dim] = true;
  std::vector<uint32_t> dims;
  for (uint32_t dim = 0; dim < kept.size(); ++dim)
    if (kept[dim]) dims.push_back(dim);
  return dims;
}

}  // namespace

Comparison compare_values(const Graph& graph, const Certificate& certificate, uint32_t seeds) {
  const std::vector<uint32_t> kept = kept_dims(graph);
  SlotProgram program(graph, certificate);
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const std::vector<uint64_t> values = run_graph(graph, seed);
    program.run(seed);
    for (uint32_t dim : kept)
      if (program.value_of(dim) != values[dim])
        return {false, seed,
                dim_title(graph, dim) + " is " + std::to_string(static_cast<int64_t>(values[dim])) +
                    " in the graph and " + std::to_string(static_cast<int64_t>(program.value_of(dim))) +
                    " in its slot at the end"};
  }
  return {true, 0, {}};
}

}  // namespace rondo::phase_checker
