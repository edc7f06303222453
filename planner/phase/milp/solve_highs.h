// HiGHS (MIT licence), through its C interface. Use solve() of solver.h, which checks what goes
// in and comes out.
#pragma once
#include "planner/phase/milp/solver.h"

namespace rondo::milp {

bool has_highs();
// Precondition: has_highs(), check_model(model), a start that meets the model.
SolveResult solve_highs(const Model& model, const SolveOptions& options);

}  // namespace rondo::milp
