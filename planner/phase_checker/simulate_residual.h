// The residual, run on formal sums: a second proof that no dim is read where it is not.
//
// Every slot holds a sum of dims with whole coefficients. A half-layer (strict: a phase)
// reads the slots as they are when it begins and adds to them when it ends. The schedule
// is right if every reader finds exactly its dim, alone, and the outputs are there at
// the end. Nothing here knows of lifetimes or intervals; only the parsed input is shared
// with the obligations.
#pragma once
#include <string>
#include "planner/phase_checker/certificate.h"
#include "planner/phase_checker/graph.h"

namespace rondo::phase_checker {

struct Simulation {
  bool accepts = false;
  std::string why;  // where not: the first thing that went wrong
};

// Precondition: obligations S1 and S2.
Simulation simulate_residual(const Graph& graph, const Certificate& certificate);

}  // namespace rondo::phase_checker
