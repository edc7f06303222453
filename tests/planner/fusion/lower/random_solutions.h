// Small problems with every shape of operator, and valid solutions of them that no solver
// would make: recomputation, ragged tiles, retained tensors that nobody reads, any order.
#pragma once
#include <cstdint>

#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {

// Deterministic by seed; native tiles of at most 8, up to `most_operators`.
Problem random_problem(uint64_t seed, uint32_t most_operators = 9);
// A solution that evaluate() accepts.
Solution random_solution(const Problem& problem, uint64_t seed);

}  // namespace rondo::fusion
