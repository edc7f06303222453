#include "planner/phase/generate_graph.h"

#include <algorithm>
#include <string>
#include <vector>

namespace rondo::phase {
namespace {

constexpr GraphProfile kProfiles[] = {
    {"universal-1", "an interpreter: 7 layers, 159 ops, 18 inputs, many two-neuron steps", false},
    {"bitops-1", "an interpreter with bit operations: 10 layers, two of them very wide", false},
    {"specialised-1", "a program compiled in: one layer with two neurons for each step", true},
    {"window-1", "the strict-phase machine: 152 gates, 6 layers", false},
};

// splitmix64 (Steele, Lea, Flood 2014).
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint32_t below(size_t bound) { return static_cast<uint32_t>(next() % bound); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  uint64_t state_;
};

// Ops that become possible in a half-layer: lookups or ReGLU, and persists.
struct HalfLayer {
  uint32_t cores = 0;
  uint32_t persists = 0;
};
struct Shape {
  uint32_t inputs = 0;
  std::vector<HalfLayer> halves;
  std::vector<uint32_t> lookup_widths;  // of the lookups in turn; 1 after the last
  uint32_t average_half = 0;            // its lookup averages, and the ReGLU after it read that
  uint32_t outputs = 0;                 // about
  int32_t wide_half = -1;               // its persists read nearly all its ReGLU (specialised graphs)
};

class GateGenerator {
 public:
  GateGenerator(const Shape& shape, uint64_t seed) : shape_(shape), dice_(seed) {}

  GateGraph run(std::string name) {
    graph_.name = std::move(name);
    graph_.special = {0, 1, 2, 3};
    graph_.protected_dims = {1, 2, 3};
    for (const char* special : {"one", "position", "inv_log_pos", "position_sq"}) add_dim(special, Dim::kInput, -1);
    for (uint32_t i = 4; i < shape_.inputs; ++i)
      unread_.push_back(add_dim("in" + std::to_string(i - 4), Dim::kInput, -1));
    for (uint32_t half = 0; half < shape_.halves.size(); ++half) {
      made_here_.clear();
      for (uint32_t i = 0; i < shape_.halves[half].cores; ++i) half % 2 == 0 ? add_lookup(half) : add_reglu(half);
      for (uint32_t i = 0; i < shape_.halves[half].persists; ++i) add_persist(half, shape_.halves[half].persists - i);
    }
    choose_outputs();
    return std::move(graph_);
  }

 private:
  uint32_t add_dim(std::string name, int32_t op, int32_t half) {
    graph_.dims.push_back({std::move(name), op, {}});
    half_.push_back(half);
    averaged_.push_back(false);
    reads_.push_back(0);
    return static_cast<uint32_t>(graph_.dims.size() - 1);
  }

  // A dim that an op of `half` may read `lag` half-layers after it was made: of the nearest
  // ones when `anchor`, so that the op becomes possible in `half` and not before.
  uint32_t pick(uint32_t half, bool anchor) {
    std::vector<uint32_t> near, any;
    const auto latest = static_cast<int32_t>(half) - 1;
    for (uint32_t dim = 4; dim < graph_.dims.size(); ++dim) {
      if (averaged_[dim] || half_[dim] > latest) continue;
      any.push_back(dim);
      if (half_[dim] >= latest - 1) near.push_back(dim);
    }
    // The spine: a few values of each half-layer that the next ones hang on. All others may
    // be read at any later time, so most ops have room to move.
    constexpr size_t kSpine = 2;
    if (anchor && !near.empty()) return near[dice_.below(std::min(near.size(), kSpine))];
    // What nobody has read for a while, an input (late half-layers read few of them), or
    // anything at all.
    std::erase_if(unread_, [&](uint32_t dim) { return reads_[dim] != 0; });
    if (!unread_.empty() && dice_.chance(60)) {
      const uint32_t dim = unread_[dice_.below((unread_.size() + 1) / 2)];
      if (half_[dim] <= latest - 2) return dim;
    }
    constexpr uint32_t kLateInputs = 4;
    const uint32_t inputs = half < 4 ? shape_.inputs - 4 : std::min(kLateInputs, shape_.inputs - 4);
    if (dice_.chance(25)) return 4 + dice_.below(inputs);
    if (dice_.chance(50)) return any[any.size() - 1 - dice_.below(std::min<size_t>(any.size(), 12))];
    return near.empty() ? any[dice_.below(any.size())] : near[dice_.below(std::min(near.size(), kSpine))];
  }

  double coefficient() {
    constexpr double kValues[] = {1, 1, 1, -1, -1, 2, -2, 3};
    return kValues[dice_.below(8)];
  }
  static void add_term(Expression& expression, uint32_t dim, double coefficient) {
    for (const Term& term : expression)
      if (term.dim == dim) return;
    expression.push_back({dim, coefficient});
  }

  // Two statements: arguments are evaluated in an order that compilers choose.
  void add_random_term(Expression& expression, uint32_t half) {
    const double value = coefficient();
    add_term(expression, pick(half, false), value);
  }

  // Lists what an op reads, and gives it its dims.
  void finish(Op op, uint32_t outputs, uint32_t half, bool averaged = false) {
    const auto id = static_cast<int32_t>(graph_.ops.size());
    if (op.type == OpType::kLookup) op.inputs.push_back(2);
    for (const Expression& expression : op.expressions)
      for (const Term& term : expression) op.inputs.push_back(term.dim);
    std::sort(op.inputs.begin(), op.inputs.end());
    op.inputs.erase(std::unique(op.inputs.begin(), op.inputs.end()), op.inputs.end());
    for (uint32_t dim : op.inputs) ++reads_[dim];
    op.name = std::string(name_of(op.type)) + std::to_string(id);
    for (uint32_t i = 0; i < outputs; ++i) {
      const uint32_t dim =
          add_dim(op.name + (outputs == 1 ? "" : "." + std::to_string(i)), id, static_cast<int32_t>(half));
      op.outputs.push_back(dim);
      averaged_[dim] = averaged;
      unread_.push_back(dim);
      if (op.type != OpType::kPersist) made_here_.push_back(dim);
    }
    if (averaged) unread_.resize(unread_.size() - outputs);
    graph_.ops.push_back(std::move(op));
  }

  void add_lookup(uint32_t half) {
    Op op;
    op.type = OpType::kLookup;
    const uint32_t width = lookups_ < shape_.lookup_widths.size() ? shape_.lookup_widths[lookups_] : 1;
    ++lookups_;
    const bool averages = half == shape_.average_half;
    op.tie_break = averages ? TieBreak::kAverage : TieBreak::kLatest;
    // The row whose key is the query: 2 k q - k^2 is largest there, the later one a little larger.
    Expression query = {{0, coefficient()}}, key;
    if (!averages) {
      add_term(query, pick(half, true), 1);
      if (dice_.chance(40)) add_term(query, pick(half, false), 1);
      key = {{1, 2}};
      if (dice_.chance(50)) key = {{pick(half, false), 2}};
    }
    op.expressions = {
        averages ? Expression{{0, 1}} : query, {{0, 1}}, averages ? Expression{{0, 1}} : key, {{2, 0.3}, {3, -1}}};
    for (uint32_t i = 0; i < width; ++i) {
      Expression value = {{pick(half, averages && i == 0), 1}};
      if (dice_.chance(30)) add_term(value, 0, coefficient());
      op.expressions.push_back(std::move(value));
    }
    const bool averaged = averages;
    finish(std::move(op), width, half, averaged);
    if (averages) averages_.assign(graph_.ops.back().outputs.begin(), graph_.ops.back().outputs.end());
  }

  void add_reglu(uint32_t half) {
    Op op;
    op.type = OpType::kReglu;
    if (half == shape_.average_half + 1 && !averages_.empty()) {
      // The sum behind an average: average times position.
      op.expressions = {{{1, 1}}, {{averages_.back(), 1}}};
      averages_.pop_back();
      return finish(std::move(op), 1, half);
    }
    Expression a, b;
    if (half == static_cast<uint32_t>(shape_.wide_half)) {
      // A step of the program: is the counter past k?
      if (step_ < 2) anchors_[step_ % 2] = pick(half, true);
      a = {{0, 1}};
      const uint32_t passed = step_ / 2 + 1;
      b = {{anchors_[0], 1}, {0, -static_cast<double>(passed) + (step_ % 2 == 0 ? 1 : 0)}};
      if (step_ == 0) b = {{anchors_[0], 1}};
      ++step_;
      return finish(std::move(op = Op{OpType::kReglu, TieBreak::kLatest, {}, {}, {}, {a, b}}), 1, half);
    }
    // Half of the time the partner of the last: the two neurons of a step function.
    if (partner_ && !graph_.ops.empty() && graph_.ops.back().type == OpType::kReglu &&
        half_[graph_.ops.back().outputs[0]] == static_cast<int32_t>(half)) {
      op.expressions = graph_.ops.back().expressions;
      bool shifted = false;
      for (Term& term : op.expressions[1]) {
        if (term.dim != 0) continue;
        term.coefficient += term.coefficient == -1 ? 2 : 1;
        shifted = true;
      }
      if (!shifted) op.expressions[1].push_back({0, 1});
      partner_ = false;
      return finish(std::move(op), 1, half);
    }
    a = {{dice_.chance(35) ? 0 : pick(half, false), 1}};
    b = {{pick(half, true), coefficient()}};
    if (dice_.chance(60)) add_random_term(b, half);
    if (dice_.chance(25)) add_random_term(b, half);
    add_term(b, 0, coefficient());
    op.expressions = {a, b};
    partner_ = true;
    finish(std::move(op), 1, half);
  }

  // `left`: persists of this half-layer still to come, this one included.
  void add_persist(uint32_t half, uint32_t left) {
    Op op;
    op.type = OpType::kPersist;
    Expression sum;
    std::vector<uint32_t> fresh;
    for (uint32_t dim : made_here_)
      if (reads_[dim] == 0 && !averaged_[dim]) fresh.push_back(dim);
    if (half == static_cast<uint32_t>(shape_.wide_half)) {
      for (uint32_t dim : made_here_)
        if (dice_.chance(95)) sum.push_back({dim, coefficient()});
    } else if (!fresh.empty()) {
      // Four of five values of a half-layer with persists end in one of them.
      const size_t share = std::min<size_t>(28, std::max<size_t>(1, (fresh.size() * 4 / 5 + left - 1) / left));
      for (size_t i = 0; i < std::min(share, fresh.size()); ++i) sum.push_back({fresh[i], coefficient()});
    } else {
      sum.push_back({made_here_.empty() ? pick(half, true) : dice_.one_of(made_here_), 1});
    }
    if (sum.empty()) sum.push_back({made_here_.empty() ? pick(half, true) : made_here_.front(), 1});
    if (half != 0 || dice_.chance(50)) add_random_term(sum, half);
    if (dice_.chance(40)) add_term(sum, 0, coefficient());
    op.expressions = {sum};
    finish(std::move(op), 1, half);
  }

  // `one`, which every erasure needs, what nobody reads, and some late values.
  void choose_outputs() {
    std::vector<bool> chosen(graph_.dims.size(), false);
    chosen[0] = true;
    uint32_t count = 1;
    for (uint32_t dim = 4; dim < graph_.dims.size(); ++dim)
      if (reads_[dim] == 0 && graph_.dims[dim].op != Dim::kInput) {
        chosen[dim] = true;
        ++count;
      }
    for (uint32_t dim = static_cast<uint32_t>(graph_.dims.size()); dim-- > 4 && count < shape_.outputs;)
      if (!chosen[dim] && !averaged_[dim] && dice_.chance(30)) {
        chosen[dim] = true;
        ++count;
      }
    for (uint32_t dim = 0; dim < chosen.size(); ++dim)
      if (chosen[dim]) graph_.outputs.push_back(dim);
  }

  const Shape& shape_;
  Dice dice_;
  GateGraph graph_;
  std::vector<int32_t> half_;   // of each dim, when it can be there at the earliest
  std::vector<bool> averaged_;  // read by the ReGLU of its layer alone
  std::vector<uint32_t> reads_;
  std::vector<uint32_t> unread_;  // some read since
  std::vector<uint32_t> made_here_;
  std::vector<uint32_t> averages_;
  uint32_t anchors_[2] = {0, 0};
  uint32_t lookups_ = 0;
  uint32_t step_ = 0;
  bool partner_ = false;
};

Shape universal() {
  return {18,
          {{5, 3},
           {11, 5},
           {1, 0},
           {3, 0},
           {6, 1},
           {27, 7},
           {5, 1},
           {16, 6},
           {4, 0},
           {28, 6},
           {0, 0},
           {17, 3},
           {0, 0},
           {3, 1}},
          {1, 1, 1, 2, 1, 3, 1, 1, 5, 1, 1, 2, 1, 1, 1, 2},
          2,
          22,
          -1};
}

Shape bitops() {
  return {26,
          {{5, 3}, {11, 5},   {1, 0}, {3, 0},  {6, 1}, {27, 7}, {5, 1}, {78, 8}, {10, 0}, {16, 6},
           {2, 2}, {256, 10}, {2, 2}, {20, 4}, {2, 0}, {28, 3}, {0, 0}, {15, 1}, {0, 0},  {2, 0}},
          {1, 1, 1, 2, 1, 3, 1, 1, 5, 1, 1, 2, 1, 1, 1, 2, 1, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 1, 1, 1, 1, 1, 1},
          2,
          23,
          -1};
}

Shape specialised(uint32_t steps) {
  Shape shape = universal();
  shape.inputs = 13;
  shape.halves = {{4, 2}, {9, 4},  {1, 0}, {3, 0},  {5, 1}, {20, 6}, {3, 1}, {2 * (steps - 1), 10},
                  {2, 3}, {24, 8}, {0, 0}, {20, 6}, {0, 0}, {14, 6}, {0, 0}, {5, 2}};
  shape.lookup_widths = {1, 1, 2, 1, 3, 1, 1, 2};
  shape.wide_half = 7;
  return shape;
}

// Gates that become possible in each layer of the strict machine, kinds in the order of phases.
SlotGraph window(std::string name, uint64_t seed) {
  struct Layer {
    uint32_t reads, linear, reglu;
  };
  constexpr Layer kLayers[] = {{3, 9, 10}, {2, 12, 14}, {2, 14, 12}, {1, 16, 10}, {1, 14, 8}, {0, 12, 2}};
  Dice dice(seed);
  SlotGraph graph;
  graph.name = std::move(name);
  std::vector<uint32_t> before, layer;  // gates of earlier phases, and of the last one
  std::vector<uint32_t> uses;
  const auto add = [&](Gate gate) {
    for (uint32_t input : gate.inputs) ++uses[input];
    gate.name = std::string(name_of(gate.type)) + std::to_string(graph.gates.size());
    graph.gates.push_back(std::move(gate));
    uses.push_back(0);
    return static_cast<uint32_t>(graph.gates.size() - 1);
  };
  // What nobody has read for a while, else anything. The first gate of a phase reads the
  // first of the phase before, so that the depth is the profile's and others may move.
  uint32_t spine = 0;
  const auto pick = [&]() -> uint32_t {
    if (layer.empty()) return spine;
    std::vector<uint32_t> fresh;
    for (uint32_t gate : before)
      if (uses[gate] == 0) fresh.push_back(gate);
    if (!fresh.empty() && dice.chance(70)) return fresh[dice.below((fresh.size() + 1) / 2)];
    return dice.one_of(before);
  };
  for (int64_t value : {1, 0, 1, 2}) {
    Gate gate;
    gate.type = GateType::kConst;
    gate.constant = value;
    before.push_back(add(std::move(gate)));
  }
  const auto close = [&] {
    if (!layer.empty()) spine = layer.front();
    before.insert(before.end(), layer.begin(), layer.end());
    layer.clear();
  };
  for (const Layer& each : kLayers) {
    for (uint32_t i = 0; i < each.reads; ++i)
      layer.push_back(add({.type = GateType::kRead, .inputs = {pick()}, .channel = i % 2}));
    close();
    for (uint32_t i = 0; i < each.linear; ++i) {
      if (i == each.linear / 2) {  // the others in the second persist phase
        close();
        for (uint32_t j = 0; j < each.reglu; ++j)
          layer.push_back(add({.type = GateType::kReglu, .inputs = {pick(), pick()}}));
        close();
      }
      Gate gate;
      gate.type = GateType::kLinear;
      for (uint32_t j = 0; j < 1 + dice.below(3); ++j) gate.inputs.push_back(pick());
      for (size_t j = 0; j < gate.inputs.size(); ++j) gate.coefficients.push_back(dice.chance(70) ? 1 : -1);
      gate.constant = dice.chance(40) ? -1 : 0;
      layer.push_back(add(std::move(gate)));
    }
    close();
  }
  for (uint32_t i = 0; i < 6; ++i) add({.type = GateType::kWrite, .inputs = {dice.below(4), pick()}, .channel = i % 2});
  for (uint32_t gate = 0; gate < graph.gates.size(); ++gate)
    if (uses[gate] == 0 && graph.gates[gate].type != GateType::kWrite) graph.outputs.push_back(gate);
  return graph;
}

template <class Graph>
Result<AnyGraph> finished(Graph graph) {
  if (GraphFault fault = finish_graph(graph); !fault.ok())
    return make_error(ErrorCode::kBug, "the generator made a graph that is none: " + fault.message);
  return AnyGraph(std::move(graph));
}

}  // namespace

std::span<const GraphProfile> graph_profiles() { return kProfiles; }

Result<AnyGraph> generate_graph(std::string_view profile, uint32_t steps, uint64_t seed) {
  const std::string suffix = seed == 0 ? std::string() : "-seed" + std::to_string(seed);
  const std::string name = std::string(profile) + suffix;
  if (profile == "universal-1") return finished(GateGenerator(universal(), seed).run(name));
  if (profile == "bitops-1") return finished(GateGenerator(bitops(), seed).run(name));
  if (profile == "window-1") return finished(window(name, seed));
  if (profile == "specialised-1") {
    if (steps < 2 || steps > kMostSteps)
      return make_error(ErrorCode::kInvalidArgument, "profile specialised-1 wants 2 to " + std::to_string(kMostSteps) +
                                                         " steps; there are " + std::to_string(steps));
    const Shape shape = specialised(steps);
    return finished(GateGenerator(shape, seed).run(std::string(profile) + "-" + std::to_string(steps) + suffix));
  }
  std::string known;
  for (const GraphProfile& each : kProfiles) known += (known.empty() ? "" : ", ") + std::string(each.name);
  return make_error(ErrorCode::kNotFound,
                    "there is no profile '" + std::string(profile.substr(0, 40)) + "'; there are " + known);
}

}  // namespace rondo::phase
