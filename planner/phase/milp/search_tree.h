// Rondo's own branch and bound: the linear relaxation by DualSimplex, splits chosen by
// reliability branching (Achterberg, Koch and Martin, "Branching rules revisited", 2005), best
// bound first with plunging. Every node it closes leaves a leaf for the certificate. Who uses it:
// solve() for SolverKind::kOwn. Deterministic but for its time limit.
#pragma once
#include "planner/phase/milp/solver.h"

namespace rondo::milp {

// Precondition: check_model(model), and a cost on integer columns only.
SolveResult search_tree(const Model& model, const SolveOptions& options);

}  // namespace rondo::milp
