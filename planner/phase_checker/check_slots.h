// Obligations L, E and F: is every dim where its readers look for it, alone?
//
// The argument is by intervals. A dim is in its slot from its birth to its erase; for
// each slot the dims are sorted by birth, and each must be gone before the next comes.
#pragma once
#include "planner/phase_checker/findings.h"
#include "planner/phase_checker/lifetimes.h"

namespace rondo::phase_checker {

// True if no dim is read where it is not: L1, E1 to E5 and F2 hold.
bool check_slots(const Graph& graph, const Certificate& certificate, const Lifetimes& lives, Findings& findings);

}  // namespace rondo::phase_checker
