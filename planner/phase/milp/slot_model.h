// The least number of slots of a slot graph as a mixed integer programme.
//
// Time is phases. Values hold their slots from birth to death, both included; writes take no time
// and own no slot (slot_graph.h). Rows are in docs/decisions/0073.
#pragma once
#include <cstdint>

#include "planner/phase/milp/schedule_model.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

struct SlotModelOptions {
  uint32_t layers = 1;
  bool dominance = true;  // as for gates: twins, and gates that may as well run later
};

// Errors: those of windows(); kTooComplex above 2^20 columns.
Result<ScheduleModel> build_slot_model(const SlotGraph& graph, const SlotModelOptions& options);

}  // namespace rondo::phase
