// Solutions that no solver would make: random groups, ragged tiles, recomputation,
// retention and tile orders. Valid ones, and ones with a few faults planted.
#pragma once
#include <random>

#include "planner/fusion/solution.h"

namespace rondo::fusion {

// Valid for a problem whose operators each run alone; `most_tiles` bounds the grid of a
// subgraph where there is a choice.
Solution random_solution(const Problem& problem, std::mt19937_64& random, int64_t most_tiles = 1024);

// Changes one thing: an operator, a granularity, a retained tensor, an order, the sequence.
void plant_fault(const Problem& problem, std::mt19937_64& random, Solution& solution);

}  // namespace rondo::fusion
