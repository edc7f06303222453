// Simulated annealing over the moves of moves.h.
//
// Metropolis acceptance with a geometric temperature from `hot` to `cold`, both as
// multiples of the mean latency of a group at the start, so that they mean the same for
// graphs of any size. The best arrangement met is kept.
#pragma once
#include <cstdint>
#include <functional>
#include "planner/fusion/cost/random.h"
#include "planner/fusion/search/arrangement.h"

namespace rondo::fusion {

struct AnnealOptions {
  uint64_t proposals = 10'000;
  double hot = 0.1, cold = 3e-5;
  // Asked every 64 proposals; true ends the run.
  std::function<bool()> stop;
};

// Starts from `arrangement` and leaves the best one in it. Returns the proposals made.
uint64_t anneal(Arrangement& arrangement, Oracle& oracle, Random& random, const AnnealOptions& options);

}  // namespace rondo::fusion
