// The best solution of a tiny problem, by trying everything.
#pragma once
#include "planner/fusion/solution.h"

namespace rondo::fusion {

// Over all subgraphs, granularities and retained sets, and four traversal orders (by rows
// and by columns, to and fro or always one way). Shortest path over what is computed,
// stored and resident. At most 4 operators and 10 tensors, small extents.
double exact_optimum(const Problem& problem);

}  // namespace rondo::fusion
