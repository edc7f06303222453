// The meaning of a contest problem: what its operators compute.
//
// The contest costs operators and never runs them. Here a MatMul is the matrix product, and
// a Pointwise of x1 ... xn is tanh(x1 + ... + xn), added from left to right: any number of
// inputs, bounded however deep the graph is, and with a slope that lets a wrong input show.
// Tensor 7 is called t7 and has shape [height, width]; a graph input that MatMuls read as
// right operands alone is a constant, any other one an input.
// Thread safety: pure functions.
#pragma once
#include <string>
#include <string_view>

#include "planner/fusion/lower/meaning.h"
#include "planner/fusion/problem.h"
#include "rondo/result.h"

namespace rondo::fusion {

// kDoesNotFit: a tensor beyond 2^40 bytes, which no graph has.
Result<Meaning> contest_meaning(const Problem& problem);

// The same as a graph file (docs/graph-format.md), for `rondo run --check`.
Result<std::string> contest_graph(const Problem& problem, std::string_view name);

}  // namespace rondo::fusion
