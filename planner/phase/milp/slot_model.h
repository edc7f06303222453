// The least number of slots of a slot graph as a mixed integer programme.
//
// Time is phases. Values hold their slots from birth to death, both included; writes take no time
// and own no slot (slot_graph.h). The rows are in docs/phase-bounds.md.
#pragma once
#include <cstdint>

#include "planner/phase/milp/schedule_model.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

// Errors: those of windows(); kTooComplex above 2^20 columns.
Result<ScheduleModel> build_slot_model(const SlotGraph& graph, uint32_t layers);

}  // namespace rondo::phase
