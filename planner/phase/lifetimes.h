// From a placement of ops to how long each value lives.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

// In half-layers. A value is in the residual after half-layer h when birth <= h < death.
struct Lifetime {
  static constexpr int32_t kBeforeFirst = -1;  // birth of an input
  static constexpr int32_t kForever = std::numeric_limits<int32_t>::max();

  int32_t birth = kBeforeFirst;
  int32_t death = kBeforeFirst;  // the last half-layer that reads it; birth when none does
  // It needs a slot: an input, or read in a later half-layer than the one that makes it.
  bool rests = false;
};

// Whether a placement is one at all: every op once, in a phase of its type, later than
// what it reads, in the layer it is tied to. Errors: kInvalidArgument.
Status check_placement(const GateGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_op);
Status check_placement(const SlotGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_gate);

// Of each dim. Precondition: a placement that check_placement accepts.
std::vector<Lifetime> lifetimes(const GateGraph& graph, std::span<const uint32_t> phase_of_op);

// Of each gate, in phases, both ends inclusive; outputs and what a write reads live to
// `end`. A write has none of its own.
std::vector<Lifetime> lifetimes(const SlotGraph& graph, std::span<const uint32_t> phase_of_gate, uint32_t end);

// The phase of an op that runs in this half-layer.
constexpr uint32_t phase_of(OpType type, uint32_t half) { return 2 * half + (type == OpType::kPersist ? 1 : 0); }
constexpr uint32_t half_of(uint32_t phase) { return phase / 2; }

}  // namespace rondo::phase
