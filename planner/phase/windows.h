// When an op may run: the earliest and the latest half-layer of each op, with
// co-location carried to a fixpoint.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

// Inclusive. Of a gate graph in half-layers (2L: attention of layer L, 2L+1 its
// feed-forward part): a lookup's are even, a ReGLU's odd. Of a slot graph in phases.
struct Windows {
  std::vector<uint32_t> low, high;
};

// Half-layers that a reader of `producer`'s dims must leave between: 0 or 1. A persist
// may read a lookup or a ReGLU of its own half-layer: it takes the value before it rests.
constexpr uint32_t lag(OpType producer, OpType reader) {
  return producer != OpType::kPersist && reader == OpType::kPersist ? 0 : 1;
}

// Visits the ops that make what `op` reads; one may be visited more than once.
template <class Visit>
void for_each_producer(const GateGraph& graph, uint32_t op, Visit&& visit) {
  for (uint32_t dim : graph.ops[op].inputs)
    if (graph.dims[dim].op != Dim::kInput) visit(static_cast<uint32_t>(graph.dims[dim].op));
}
// Visits the ops that read what `op` makes; one may be visited more than once.
template <class Visit>
void for_each_reader(const GateGraph& graph, uint32_t op, Visit&& visit) {
  for (uint32_t dim : graph.ops[op].outputs)
    for (uint32_t reader : graph.dims[dim].consumers) visit(reader);
}

// Fewest layers any schedule has: the critical path, co-location included; at least 1.
// Errors: kInvalidGraph when co-location cannot hold with any number of layers (an op
// tied to a lookup that cannot run in its layer); kTooComplex above 2^31 steps of work.
Result<uint32_t> least_layers(const GateGraph& graph);
// Writes are left out: they take effect after the last phase. 0 for a graph of inputs.
uint32_t least_layers(const SlotGraph& graph);

// Each gate in its first phase, a write a phase after what it reads.
std::vector<uint32_t> earliest_phases(const SlotGraph& graph);

// Errors: those of least_layers; kDoesNotFit below it, with the least number that works.
Result<Windows> windows(const GateGraph& graph, uint32_t layers);
// A write has the window [last operand + 1, 4 * layers], or its end alone.
Result<Windows> windows(const SlotGraph& graph, uint32_t layers);

}  // namespace rondo::phase
