#include "tests/planner/phase_checker/random_phase_case.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <set>

namespace rondo::phase_checker {
namespace {

constexpr int64_t kNever = int64_t{1} << 40;

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return "[" + text + "]";
}
std::string join(const std::set<uint32_t>& numbers) {
  std::vector<std::string> parts;
  for (uint32_t number : numbers) parts.push_back(std::to_string(number));
  return join(parts);
}

// The text of a random graph of the layered machine, dims in the order they are made.
class LayeredText {
 public:
  LayeredText(Dice& dice, uint32_t ops) : dice_(dice) {
    const uint32_t inputs = 4 + dice.roll(6);
    for (uint32_t i = 0; i < inputs; ++i) add_dim("input", -1);
    for (uint32_t i = 0; i < ops; ++i) add_op();
    outputs_.insert(0);
    for (uint32_t i = 0; i < 1 + dice.roll(4); ++i) outputs_.insert(pick());
    // The last dims are read by nothing: some are outputs, some dead.
    for (uint32_t d = 0; d < dims_.size(); ++d)
      if (dice.roll(10) == 0 && !averages_.count(d)) outputs_.insert(d);
  }

  std::string text() const {
    return "{\"format\": \"phase-graph/1\", \"name\": \"random\",\n\"special\": {\"one\": 0, \"position\": 1, "
           "\"inv_log_pos\": 2, \"position_sq\": 3},\n\"protected\": [1, 2, 3],\n\"outputs\": " +
           join(outputs_) + ",\n\"dims\": " + join(dims_) + ",\n\"ops\": " + join(ops_) + "}\n";
  }

 private:
  uint32_t add_dim(const std::string& kind, int64_t op) {
    const std::string id = std::to_string(dims_.size());
    dims_.push_back("\n{\"id\": " + id + ", \"name\": \"d" + id + "\", \"kind\": \"" + kind +
                    "\", \"op\": " + std::to_string(op) + "}");
    return static_cast<uint32_t>(dims_.size() - 1);
  }
  // Not an average: those may be read in one layer only.
  uint32_t pick() {
    for (;;) {
      const auto near = static_cast<uint32_t>(std::min<size_t>(dims_.size(), 24));
      const auto d =
          static_cast<uint32_t>(dice_.roll(3) == 0 ? dice_.roll(dims_.size()) : dims_.size() - 1 - dice_.roll(near));
      if (!averages_.count(d)) return d;
    }
  }
  std::string sum(uint32_t most, std::set<uint32_t>& inputs) {
    std::set<uint32_t> dims;
    for (uint32_t i = dice_.roll(most + 1); i > 0; --i) dims.insert(pick());
    std::vector<std::string> terms;
    for (uint32_t d : dims) terms.push_back("[" + std::to_string(d) + ", " + std::to_string(1 + dice_.roll(9)) + "]");
    inputs.insert(dims.begin(), dims.end());
    return join(terms);
  }

  void add_op() {
    const auto id = static_cast<int64_t>(ops_.size());
    const uint32_t kind = dice_.roll(20);
    std::set<uint32_t> inputs;
    if (kind < 4) {
      const bool average = kind == 0;
      const uint32_t values = 1 + dice_.roll(3);
      const std::string query = join({sum(2, inputs), "[[0, 1]]"}), key = join({sum(2, inputs), "[[2, 0.5]]"});
      inputs.insert({0, 2});
      std::vector<std::string> sums;
      std::set<uint32_t> made;
      for (uint32_t i = 0; i < values; ++i) sums.push_back(sum(2, inputs));
      for (uint32_t i = 0; i < values; ++i) made.insert(add_dim("lookup", id));
      write_op("lookup", inputs, made, "\"query\": " + query + ", \"key\": " + key + ", \"value\": " + join(sums),
               average ? "\"tie_break\": \"average\"," : "\"tie_break\": \"latest\",");
      if (!average) return;
      averages_.insert(made.begin(), made.end());
      for (uint32_t d : made) {
        const std::string a = "[[" + std::to_string(d) + ", 1]]";
        write_op("reglu", {d, 1}, {add_dim("reglu", static_cast<int64_t>(ops_.size()))},
                 "\"a\": " + a + ", \"b\": [[1, 1]]");
      }
    } else if (kind < 13) {
      const std::string a = sum(2, inputs), b = sum(3, inputs);
      write_op("reglu", inputs, {add_dim("reglu", id)}, "\"a\": " + a + ", \"b\": " + b);
    } else {
      const std::string all = sum(6, inputs);
      write_op("persist", inputs, {add_dim("persist", id)}, "\"sum\": " + all);
    }
  }
  void write_op(const std::string& type, const std::set<uint32_t>& inputs, const std::set<uint32_t>& made,
                const std::string& exprs, const std::string& tie = "") {
    ops_.push_back("\n{\"id\": " + std::to_string(ops_.size()) + ", \"type\": \"" + type + "\", " + tie +
                   " \"inputs\": " + join(inputs) + ", \"outputs\": " + join(made) + ", \"exprs\": {" + exprs + "}}");
  }

  Dice& dice_;
  std::vector<std::string> dims_, ops_;
  std::set<uint32_t> averages_, outputs_;
};

std::string strict_text(Dice& dice, uint32_t gates) {
  std::vector<std::string> lines;
  std::set<uint32_t> readable, outputs;
  const auto pick = [&] { return *std::next(readable.begin(), dice.roll(readable.size())); };
  for (uint32_t i = 0; i < gates; ++i) {
    const std::string head = "\n{\"id\": " + std::to_string(i) + ", \"name\": \"g" + std::to_string(i) + "\", ";
    const uint32_t kind = i < 3 ? i % 2 : dice.roll(14);
    std::vector<std::string> inputs;
    const auto read = [&](uint32_t count) {
      for (uint32_t n = 0; n < count; ++n) inputs.push_back(std::to_string(pick()));
      return "\"inputs\": " + join(inputs);
    };
    std::string rest;
    if (kind == 0) {
      rest = "\"type\": \"input\", " + read(0);
    } else if (kind == 1) {
      rest = "\"type\": \"const\", \"value\": " + std::to_string(dice.roll(9)) + ", " + read(0);
    } else if (kind < 6) {
      rest = "\"type\": \"linear\", \"bias\": 1, " + read(1 + dice.roll(3));
      rest += ", \"coef\": " + join(std::vector<std::string>(inputs.size(), "2"));
    } else if (kind < 10) {
      rest = "\"type\": \"reglu\", " + read(2);
    } else if (kind < 12) {
      rest = "\"type\": \"read\", \"channel\": 0, " + read(1);
    } else if (kind < 13) {
      rest = "\"type\": \"cumsum\", \"channel\": 1, " + read(1);
    } else {
      rest = "\"type\": \"write\", \"channel\": 0, " + read(2);
    }
    if (kind != 13) readable.insert(i);
    lines.push_back(head + rest + "}");
  }
  outputs.insert(pick());
  outputs.insert(pick());
  return "{\"format\": \"alm-graph/1\", \"name\": \"random\", \"outputs\": " + join(outputs) +
         ", \"gates\": " + join(lines) + "}\n";
}

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "random.json");
  if (graph.ok()) return *std::move(graph);
  ADD_FAILURE() << graph.error().to_string() << '\n' << text;
  return {};
}

// Half-layers of the ops, each at random after what it reads.
std::vector<int64_t> place_ops(const Graph& graph, Dice& dice) {
  std::vector<int64_t> half(graph.ops.size(), 0);
  for (uint32_t index : graph.order) {
    const Op& op = graph.ops[index];
    int64_t earliest = 0, layer = -1;
    for (uint32_t dim : op.reads) {
      const int32_t maker = graph.dims[dim].maker;
      if (maker == kInputDim) continue;
      const Op& before = graph.ops[static_cast<size_t>(maker)];
      const int64_t lag = op.kind == OpKind::kPersist && before.kind != OpKind::kPersist ? 0 : 1;
      earliest = std::max(earliest, half[static_cast<size_t>(maker)] + lag);
      if (before.average) layer = half[static_cast<size_t>(maker)] / 2;
    }
    if (layer < 0) earliest += dice.roll(4) == 0 ? dice.roll(4) : 0;
    if (op.kind == OpKind::kLookup) earliest += earliest % 2;
    if (op.kind == OpKind::kReglu) earliest += 1 - earliest % 2;
    half[index] = layer < 0 ? earliest : 2 * layer + 1;
  }
  return half;
}

struct Interval {
  uint32_t dim;
  int64_t birth, death;
};

// Deals slots in the order of births. `gap`: how long after the erase a slot is free, for
// a pair of dims.
template <class Gap>
void deal_slots(std::vector<Interval>& rests, Dice& dice, bool lazy, bool strict, const Gap& gap, Certificate& made) {
  std::stable_sort(rests.begin(), rests.end(), [](const auto& a, const auto& b) { return a.birth < b.birth; });
  struct Slot {
    Interval holds;
    int64_t erased;  // kNever: not yet
  };
  std::vector<Slot> slots;
  const auto erase = [&](uint32_t slot, int64_t time) {
    made.erases[static_cast<size_t>(time)].push_back({slot, slots[slot].holds.dim});
  };
  for (const Interval& rest : rests) {
    std::vector<uint32_t> free;
    for (uint32_t slot = 0; slot < slots.size(); ++slot) {
      const Slot& old = slots[slot];
      const int64_t earliest = old.erased != kNever ? old.erased : old.holds.death + (strict ? 1 : 0);
      if (old.holds.death < kNever && std::max<int64_t>(earliest, 0) + gap(old.holds.dim, rest.dim) <= rest.birth)
        free.push_back(slot);
    }
    uint32_t slot = static_cast<uint32_t>(slots.size());
    if (!free.empty() && rest.birth >= 0 && dice.roll(8) != 0) slot = free[dice.roll(free.size())];
    if (slot == slots.size()) {
      slots.push_back({});
    } else if (slots[slot].erased == kNever) {
      const int64_t first = std::max<int64_t>(slots[slot].holds.death + (strict ? 1 : 0), 0);
      const int64_t last = rest.birth - gap(slots[slot].holds.dim, rest.dim);
      erase(slot, strict ? last : first + dice.roll(static_cast<uint64_t>(last - first + 1)));
    }
    slots[slot] = {rest, kNever};
    made.slot_of_dim[rest.dim] = slot;
    if (lazy || strict || rest.death >= kNever) continue;
    slots[slot].erased = std::max<int64_t>(rest.death, 0);
    erase(slot, slots[slot].erased);
  }
  made.width = static_cast<int64_t>(slots.size());
}

// Heads and neurons as the machine spends them, half-layer by half-layer.
void count_heads(const Graph& graph, Certificate& made) {
  for (size_t half = 0; half < made.erases.size(); ++half) {
    std::set<uint32_t> through;
    for (const Erase& erase : made.erases[half]) through.insert(erase.slot);
    int64_t core = 0;
    for (uint32_t op = 0; op < graph.ops.size(); ++op) {
      if (static_cast<size_t>(made.phase_of_op[op] / 2) != half) continue;
      if (graph.ops[op].kind == OpKind::kLookup) core += static_cast<int64_t>((graph.ops[op].makes.size() + 1) / 2);
      if (graph.ops[op].kind == OpKind::kReglu) ++core;
      if (graph.ops[op].kind != OpKind::kPersist) continue;
      for (uint32_t dim : graph.ops[op].reads) {
        const int32_t maker = graph.dims[dim].maker;
        const bool latent = maker != kInputDim && graph.ops[static_cast<size_t>(maker)].kind != OpKind::kPersist &&
                            static_cast<size_t>(made.phase_of_op[static_cast<size_t>(maker)] / 2) == half;
        if (!latent) through.insert(made.slot_of_dim.at(dim));
      }
    }
    const auto slots = static_cast<int64_t>(through.size());
    if (half % 2 == 0)
      made.heads = std::max(made.heads, core + (slots + 1) / 2);
    else
      made.d_ffn = std::max(made.d_ffn, core + slots);
  }
}

}  // namespace

PhaseCase random_layered_case(uint64_t seed, uint32_t ops, Mode mode, bool lazy) {
  Dice dice(seed);
  PhaseCase made;
  made.graph_text = LayeredText(dice, ops).text();
  made.graph = parsed(made.graph_text);
  Certificate& certificate = made.certificate;
  certificate.graph = "random";
  certificate.mode = mode;
  const std::vector<int64_t> half = place_ops(made.graph, dice);
  int64_t last = 0;
  for (uint32_t op = 0; op < half.size(); ++op) {
    certificate.phase_of_op.push_back(2 * half[op] + (made.graph.ops[op].kind == OpKind::kPersist ? 1 : 0));
    last = std::max(last, half[op]);
  }
  certificate.layers = static_cast<uint32_t>(last / 2 + 1);
  certificate.erases.resize(2 * size_t{certificate.layers});

  std::vector<Interval> rests;
  for (uint32_t d : {1u, 2u, 3u}) rests.push_back({d, -1, kNever});  // protected, in slots 0 to 2
  for (uint32_t d = 0; d < made.graph.dims.size(); ++d) {
    const Dim& dim = made.graph.dims[d];
    if (made.graph.is_protected[d]) continue;
    const int64_t birth = dim.maker == kInputDim ? -1 : half[static_cast<size_t>(dim.maker)];
    int64_t death = birth;
    for (uint32_t reader : dim.readers) death = std::max(death, half[reader]);
    if (made.graph.is_output[d]) death = kNever;
    if (dim.maker == kInputDim || death > birth) rests.push_back({d, birth, death});
  }
  const auto gap = [&](uint32_t before, uint32_t after) {
    const bool whole = !made.graph.dims[before].average && !made.graph.dims[after].average;
    return mode == Mode::kDelayed || (mode == Mode::kMixed && !whole) ? 1 : 0;
  };
  deal_slots(rests, dice, lazy, false, gap, certificate);
  count_heads(made.graph, certificate);
  return made;
}

PhaseCase random_strict_case(uint64_t seed, uint32_t gates) {
  Dice dice(seed);
  PhaseCase made;
  made.graph_text = strict_text(dice, gates);
  made.graph = parsed(made.graph_text);
  Certificate& certificate = made.certificate;
  certificate.graph = "random";
  certificate.mode = Mode::kStrict;
  std::vector<int64_t>& phase = certificate.phase_of_op;
  int64_t last_sum = 0, last = 0;
  for (const Op& op : made.graph.ops) {
    int64_t earliest = 0;
    for (uint32_t dim : op.reads) earliest = std::max(earliest, phase[dim] + 1);
    if (op.kind == OpKind::kCumsum) earliest = std::max(earliest, last_sum + 1);
    if (op.kind != OpKind::kInput && op.kind != OpKind::kConst && op.kind != OpKind::kWrite) {
      earliest = std::max<int64_t>(earliest, 1) + (dice.roll(5) == 0 ? dice.roll(6) : 0);
      const auto fits = [&] {
        if (op.kind == OpKind::kLinear) return earliest % 2 == 0;
        return earliest % 4 == (op.kind == OpKind::kReglu ? 3 : 1);
      };
      while (!fits()) ++earliest;
    }
    if (op.kind == OpKind::kCumsum) last_sum = earliest;
    phase.push_back(earliest);
    last = std::max(last, earliest);
  }
  certificate.layers = static_cast<uint32_t>((last + 3) / 4);
  certificate.erases.resize(4 * size_t{certificate.layers} + 1);
  std::vector<Interval> rests;
  for (uint32_t gate = 0; gate < made.graph.ops.size(); ++gate) {
    if (made.graph.ops[gate].kind == OpKind::kWrite) continue;
    int64_t death = phase[gate];
    for (uint32_t reader : made.graph.dims[gate].readers)
      death = made.graph.ops[reader].kind == OpKind::kWrite ? kNever : std::max(death, phase[reader]);
    if (made.graph.is_output[gate]) death = kNever;
    rests.push_back({gate, phase[gate], death});
  }
  deal_slots(
      rests, dice, true, true, [](uint32_t, uint32_t) { return 0; }, certificate);
  return made;
}

std::string print_certificate(const Certificate& certificate) {
  std::vector<std::string> phases, slots, lists;
  for (int64_t phase : certificate.phase_of_op) phases.push_back(std::to_string(phase));
  std::string slot_text;
  for (const auto& [dim, slot] : certificate.slot_of_dim)
    slot_text += (slot_text.empty() ? "\"" : ", \"") + std::to_string(dim) + "\": " + std::to_string(slot);
  for (const std::vector<Erase>& erases : certificate.erases) {
    std::vector<std::string> pairs;
    for (const Erase& erase : erases)
      pairs.push_back("[" + std::to_string(erase.slot) + ", " + std::to_string(erase.dim) + "]");
    lists.push_back("\n" + join(pairs));
  }
  const bool strict = certificate.mode == Mode::kStrict;
  std::string text = "{\"graph\": \"" + certificate.graph + "\", \"mode\": \"" + name_of(certificate.mode) +
                     "\", \"layers\": " + std::to_string(certificate.layers) +
                     ", \"width\": " + std::to_string(certificate.width);
  if (!strict)
    text += ", \"heads\": " + std::to_string(certificate.heads) + ", \"d_ffn\": " + std::to_string(certificate.d_ffn);
  if (certificate.d_model) text += ", \"d_model\": " + std::to_string(*certificate.d_model);
  if (!certificate.status.empty()) text += ", \"status\": \"" + certificate.status + "\"";
  return text + ",\n\"phase_of_op\": " + join(phases) + ",\n\"slot_of_dim\": {" + slot_text + "},\n\"" +
         (strict ? "erases_by_phase" : "erases_by_half_layer") + "\": " + join(lists) + "}\n";
}

}  // namespace rondo::phase_checker
