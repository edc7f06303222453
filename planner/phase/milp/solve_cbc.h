// CBC (COIN-OR branch and cut, EPL-1.0). Use solve() of solver.h, which checks what goes in and
// comes out. CBC keeps global state: calls take turns.
#pragma once
#include "planner/phase/milp/solver.h"

namespace rondo::milp {

bool has_cbc();
// Precondition: has_cbc(), check_model(model), a start that meets the model.
SolveResult solve_cbc(const Model& model, const SolveOptions& options);

}  // namespace rondo::milp
