// The least width, or the least d_ffn, of a gate graph as a mixed integer programme.
//
// Time is half-layers. The rows without heads, and why each is there, are in docs/phase-bounds.md:
// a checker of certificates can build them again by itself. Source of the problem: scheduler/milp.py of
// transformer-vm (Percepta, Apache-2.0).
#pragma once
#include <cstdint>
#include <optional>

#include "planner/phase/gate_graph.h"
#include "planner/phase/milp/schedule_model.h"
#include "planner/phase/phase_schedule.h"
#include "rondo/result.h"

namespace rondo::phase {

struct GateModelOptions {
  uint32_t layers = 1;
  Mode mode = Mode::kDelayed;  // not kStrict
  // Rows that keep the heads of each layer within the width. A bound proven without them is a
  // bound with them.
  bool heads = true;
  // Without a value half the width is minimised. With one, that many columns are given and d_ffn
  // is minimised.
  std::optional<uint32_t> given_columns;
  // With given_columns: a value is erased as it dies, or (lazily) when that costs no neuron more.
  bool lazy = false;
};

// Errors: those of windows(); kInvalidArgument for kStrict; kTooComplex above 2^20 columns.
Result<ScheduleModel> build_gate_model(const GateGraph& graph, const GateModelOptions& options);

}  // namespace rondo::phase
