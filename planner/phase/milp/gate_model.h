// The least width, or the least d_ffn, of a gate graph as a mixed integer programme.
//
// Time is half-layers. The rows, and why each is there, are docs/decisions/0073; the checker of
// certificates builds them again by itself. Source of the problem: scheduler/milp.py of
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
  // Twins run together, and an op that may as well run later does. Keeps the least width, not the
  // least d_ffn: ignored with given_columns.
  bool dominance = true;
  // Without a value half the width is minimised. With one, that many columns are given and d_ffn
  // is minimised.
  std::optional<uint32_t> given_columns;
  // With given_columns: a value is erased as it dies, or (lazily) when that costs no neuron more.
  bool lazy = false;
};

// Errors: those of windows(); kInvalidArgument for kStrict; kTooComplex above 2^20 columns.
Result<ScheduleModel> build_gate_model(const GateGraph& graph, const GateModelOptions& options);

}  // namespace rondo::phase
