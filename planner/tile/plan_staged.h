// The staged strategy: every operand is copied to a tile of scratch, every result
// copied out, by engines that work beside the one that computes.
#pragma once
#include "rondo/plan.h"

namespace rondo {

// What `plan_tiles` does for Staging::kStaged. The graph must be finished. Errors:
// kInvalidArgument for options out of range; kInvalidMachine for a machine without
// scratch; kDoesNotFit naming the operator and the least scratch that works;
// kUnavailable for an operator without a kernel; kTooComplex; kCancelled.
Result<Plan> plan_staged(const Graph& graph, const Machine& machine, const PlanOptions& options = {});

}  // namespace rondo
