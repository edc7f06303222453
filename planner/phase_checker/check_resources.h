// Obligations R: what the schedule takes, recomputed and compared with what is claimed.
#pragma once
#include "planner/phase_checker/findings.h"
#include "planner/phase_checker/lifetimes.h"

namespace rondo::phase_checker {

// Precondition: every op has a phase within the layers (obligation S1).
Measures check_resources(const Graph& graph, const Certificate& certificate, const Lifetimes& lives,
                         Findings& findings);

}  // namespace rondo::phase_checker
