// From a graph and a machine to a fast-memory problem, and what it means.
//
// Each operator of the graph becomes one of the problem, each matrix a tensor. A right
// operand that is multiplied transposed is a tensor of its own, with rows and columns
// exchanged. A bias, or a constant of one row, column or element that is broadcast, is no
// tensor of the problem: its traffic is not weighed (docs/decisions/0065).
//
// A base cost is what the machine's cost of the kernel says of one native tile (of a MatMul:
// over its whole depth); the bandwidth is elements a unit of that cost, from the cost of a
// copy, else from the bandwidth of the host's memory. Where the machine has neither and no
// other cost, every element moved costs 1 and computing nothing.
// Thread safety: a pure function.
#pragma once
#include <cstdint>

#include "planner/fusion/lower/meaning.h"
#include "planner/fusion/problem.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/result.h"

namespace rondo::fusion {

struct GraphProblem {
  Problem problem;
  Meaning meaning;
  std::vector<uint32_t> operators;  // by operator of the problem: that of the graph
};

// `native`: rows, columns and depth of the largest tile that a kernel is asked for, at
// least 1; `scratch_bytes`: the fast memory. Errors: kUnavailable at the line of an
// operator that is no product of matrices and not element by element, or that reads what
// no problem has; kInvalidMachine where computing costs something and copying nothing;
// kDoesNotFit with the least scratch that works.
Result<GraphProblem> problem_of(const Graph& graph, const Machine& machine, int64_t native, uint64_t scratch_bytes);

}  // namespace rondo::fusion
