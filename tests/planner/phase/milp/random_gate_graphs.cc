#include "tests/planner/phase/milp/random_gate_graphs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rondo::phase {
namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint32_t below(size_t limit) { return static_cast<uint32_t>(engine_() % limit); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace

GateGraph random_gate_graph(uint64_t seed, uint32_t ops, uint32_t averages) {
  Random random(seed);
  GateGraph graph;
  graph.name = "random";
  const uint32_t inputs = 5 + random.below(2);
  for (uint32_t i = 0; i < inputs; ++i) graph.dims.emplace_back().name = "in" + std::to_string(i);
  graph.special = {0, 1, 2, 3};
  graph.protected_dims = {1, 2, 3};
  for (uint32_t id = 0; id < ops; ++id) {
    Op op;
    op.type = static_cast<OpType>(random.below(3));
    op.name = "op" + std::to_string(id);
    // Mostly recent dims, so that chains form; never the special ones but `one`.
    std::vector<uint32_t> reads;
    for (uint32_t k = 0, wanted = 1 + random.below(2); k < wanted; ++k) {
      const auto last = static_cast<uint32_t>(graph.dims.size());
      const uint32_t pick =
          random.below(4) == 0 ? random.below(last) : last - 1 - random.below(std::min<size_t>(4, last - 4));
      reads.push_back(pick >= 1 && pick <= 3 ? 4 : pick);
    }
    std::sort(reads.begin(), reads.end());
    reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
    Expression all;
    for (const uint32_t dim : reads) all.push_back({dim, 1});
    uint32_t makes = 1;
    if (op.type == OpType::kLookup) {
      makes = 1 + random.below(2);
      if (random.below(4) < averages) op.tie_break = TieBreak::kAverage;
      reads.push_back(2);
      op.expressions = {all, {}, {}, {{2, 1}}};
      for (uint32_t k = 0; k < makes; ++k) op.expressions.push_back(all);
    } else if (op.type == OpType::kReglu) {
      op.expressions = {all, all};
    } else {
      op.expressions = {all};
    }
    std::sort(reads.begin(), reads.end());
    op.inputs = reads;
    for (uint32_t k = 0; k < makes; ++k) {
      op.outputs.push_back(static_cast<uint32_t>(graph.dims.size()));
      Dim dim;
      dim.name = "d" + std::to_string(graph.dims.size());
      dim.op = static_cast<int32_t>(id);
      graph.dims.push_back(std::move(dim));
    }
    graph.ops.push_back(std::move(op));
  }
  graph.outputs = {0, static_cast<uint32_t>(graph.dims.size() - 1)};
  const GraphFault fault = finish_graph(graph);
  EXPECT_TRUE(fault.ok()) << fault.message;
  return graph;
}

SlotGraph random_slot_graph(uint64_t seed, uint32_t gates) {
  Random random(seed);
  SlotGraph graph;
  graph.name = "random";
  for (uint32_t id = 0; id < gates; ++id) {
    Gate gate;
    gate.name = "g" + std::to_string(id);
    const auto pick = [&] { return id - 1 - random.below(std::min<uint32_t>(id, 4)); };
    gate.type = id < 2 ? (id == 0 ? GateType::kInput : GateType::kConst) : static_cast<GateType>(1 + random.below(5));
    if (gate.type == GateType::kLinear) {
      gate.inputs = {pick(), pick()};
      gate.coefficients = {1, 2};
    } else if (gate.type == GateType::kReglu) {
      gate.inputs = {pick(), pick()};
    } else if (gate.type == GateType::kRead || gate.type == GateType::kCumsum) {
      gate.inputs = {pick()};
      gate.channel = gate.type == GateType::kCumsum ? 1 : 0;
    }
    graph.gates.push_back(std::move(gate));
  }
  if (random.below(2) == 0) {
    Gate write;
    write.type = GateType::kWrite;
    write.inputs = {gates - 2, gates - 1};
    graph.gates.push_back(std::move(write));
  }
  graph.outputs = {gates - 1};
  const GraphFault fault = finish_graph(graph);
  EXPECT_TRUE(fault.ok()) << fault.message;
  return graph;
}

}  // namespace rondo::phase
