// Problems so small that everything can be tried.
#pragma once
#include <random>
#include "planner/fusion/problem.h"

namespace rondo::fusion {

// One to four operators on extents of 1 to 7 at native 2 or 3, in a memory that is nearly
// too small: small enough to try everything, ragged, with shared and repeated operands.
Problem tiny_problem(std::mt19937_64& random);

}  // namespace rondo::fusion
