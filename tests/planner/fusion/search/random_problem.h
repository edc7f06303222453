// Small random problems with everything that the cost model distinguishes: inner
// MatMuls on either side, prologues, shared inputs, operators that read a tensor twice,
// extents below, at and above the native granule and not multiples of it.
#pragma once
#include <cstdint>
#include "planner/fusion/problem.h"

namespace rondo::fusion {

// Passed finish_problem(). The same seed gives the same problem.
Problem random_problem(uint64_t seed, uint32_t operators);

}  // namespace rondo::fusion
