// The cost of a solution and the rules it must keep: the judge of every solver.
//
// Slow and plain: nothing is memoised across subgraphs and no solver code is used.
// Additions are made in a fixed order, so a cost is one exact double: terms of a step in
// operator order, steps of a tile first + last + middle ones, tiles in traversal order.
// Work is bounded by the tiles that the file lists: a raster walk of more than
// kMostTilesWalked tiles is summed class by class.
// Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"
#include "rondo/result.h"

namespace rondo::fusion {

struct EvaluateOptions {
  bool divisible = false;  // rule R13: w, h and k divide
};

struct SubgraphCost {
  double latency = 0;       // sum over steps of max(compute, memory)
  double compute = 0;       // sum over steps
  double memory = 0;        // sum over steps of elements moved / bandwidth
  int64_t working_set = 0;  // elements of fast memory
  int64_t loaded = 0;       // elements, over all steps
  int64_t evicted = 0;
  int64_t tiles = 0;
  int64_t k_steps = 0;  // of each tile
};

struct Evaluation {
  double latency = 0;
  std::vector<SubgraphCost> subgraphs;
};

inline constexpr int64_t kMostTilesWalked = int64_t{1} << 24;

// kInvalidSchedule with "R9: subgraph 3: working set 40960 exceeds capacity 35000": the
// first rule that is broken, in the order of subgraphs and, within one, of rules.h.
// Precondition: finish_problem() accepted the problem.
Result<Evaluation> evaluate(const Problem& problem, const Solution& solution, const EvaluateOptions& options = {});

}  // namespace rondo::fusion
