// The direct strategy: kernels take bindings and arenas where they lie.
//
// For machines on which the core that computes is the core that copies (a CPU), and
// for devices with memory of their own, where inputs and outputs are copied in blocks
// beside the kernels. One compute stream a lane that gets work. Constant right operands of matmul are
// packed once by `prepare`; intermediates lie in scratch as far as it goes, placed
// by lifetime, else in a host arena; where a chain of layers does not fit, it is
// walked by row blocks, depth first, if that moves fewer bytes than it repeats.
#pragma once
#include "rondo/plan.h"

namespace rondo {

// What `plan_tiles` does for Staging::kDirect. The graph must be finished. Errors:
// kDoesNotFit with the bytes that are needed; kTooComplex for more operations than
// a schedule may hold; kCancelled.
Result<Plan> plan_direct(const Graph& graph, const Machine& machine, const PlanOptions& options = {});

}  // namespace rondo
