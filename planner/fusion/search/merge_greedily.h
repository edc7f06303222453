// A first good arrangement: the two linked groups whose merger saves most become one,
// again and again; then tensors are retained where that saves most.
//
// Agglomerative clustering with a lazy priority queue: a merger is priced when one of
// its groups is new, and looked at again only if both still exist. About ten prices an
// operator; blocks that a graph repeats are priced once (oracle.h).
#pragma once
#include <cstdint>
#include <functional>
#include "planner/fusion/cost/random.h"
#include "planner/fusion/search/arrangement.h"

namespace rondo::fusion {

struct GreedyOptions {
  // Gains are multiplied by 1 + noise * a random number below 1: other seeds, other
  // arrangements. 0 is the plain greedy one.
  double noise = 0;
  // Gains are divided by (operators of the merged group) ^ size_power: above 0 favours
  // small mergers, as a saving an operator.
  double size_power = 0;
  std::function<bool()> stop;  // asked now and then; true ends the merging early
};

// Merges and retains in place. Returns the number of groups priced (work).
uint64_t merge_greedily(Arrangement& arrangement, Oracle& oracle, Random& random, const GreedyOptions& options);

}  // namespace rondo::fusion
