// Obligations S1 to S5: is every op where it may run?
#pragma once
#include "planner/phase_checker/findings.h"

namespace rondo::phase_checker {

// S1. Nothing else can be asked before it holds.
bool check_placement(const Graph& graph, const Certificate& certificate, Findings& findings);
// S2 to S5. Precondition: check_placement().
void check_schedule(const Graph& graph, const Certificate& certificate, const CheckOptions& options,
                    Findings& findings);

}  // namespace rondo::phase_checker
