// A valid order of a graph's operators.
#pragma once
#include "rondo/graph.h"

namespace rondo {

// Puts the operators in an order in which inputs are produced earlier and whatever reads a
// version of a state comes before the operator that changes it; among those that may come
// next, the one written first. Precondition: names and wiring are checked. kInvalidGraph
// where no order exists (the cycle is printed) or a version is changed twice.
Status order_operators(Graph& graph);

}  // namespace rondo
