// Random graphs of both machines, small enough that every placement can be tried.
#pragma once
#include <cstdint>

#include "planner/phase/gate_graph.h"
#include "planner/phase/slot_graph.h"

namespace rondo::phase {

// The four special inputs, one or two more and `ops` ops; `averages` of four lookups average.
GateGraph random_gate_graph(uint64_t seed, uint32_t ops, uint32_t averages = 1);
SlotGraph random_slot_graph(uint64_t seed, uint32_t gates);

}  // namespace rondo::phase
