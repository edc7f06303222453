// From a placement to a schedule: slots, erasures, width, heads and neurons.
//
// Values live for intervals, so taking the lowest free slot by birth gives the least
// number of slots there is for the placement: the most values at rest at once. Nothing
// but the placement can make a schedule narrower.
#pragma once
#include <cstdint>
#include <span>

#include "planner/phase/gate_graph.h"
#include "planner/phase/phase_schedule.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

struct RealiseOptions {
  Mode mode = Mode::kDelayed;  // not kStrict
  // Eager: a value is subtracted in the half-layer that reads it last. Lazy: in any
  // half-layer until its slot is wanted, and never if it is not; the neurons and heads
  // that do it are spread so that d_ffn is least for the columns.
  bool lazy = false;
  // Of a lazy schedule: columns that may be used, an even number; 0 is the fewest that work.
  uint32_t columns = 0;
};

// Errors: kInvalidArgument for a placement that is none; kDoesNotFit for too few columns
// (lazy), with the fewest that work.
Result<PhaseSchedule> realise(const GateGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_op,
                              const RealiseOptions& options);
Result<PhaseSchedule> realise(const SlotGraph& graph, uint32_t layers, std::span<const uint32_t> phase_of_gate);

// A slot for every value that rests and no erasure: what there is without reuse.
Result<PhaseSchedule> realise_without_reuse(const GateGraph& graph, uint32_t layers,
                                            std::span<const uint32_t> phase_of_op);

// Slots when none is used twice: every value that rests has its own.
uint32_t slots_without_reuse(const GateGraph& graph, std::span<const uint32_t> phase_of_op);
uint32_t slots_without_reuse(const SlotGraph& graph);

}  // namespace rondo::phase
