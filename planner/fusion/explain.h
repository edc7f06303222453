// Why a subgraph has the granularity it has: what the next larger and the next smaller
// w, h and k would break or cost.
#pragma once
#include <optional>
#include <vector>

#include "planner/fusion/judge_subgraph.h"

namespace rondo::fusion {

struct Alternative {
  char axis = 'w';  // w, h or k
  int64_t value = 0;
  std::optional<Violation> violation;  // with a working set that is too large: R9 says how large
  double latency = 0;                  // without one: at the best of raster and the two snakes
};

// Larger first, then smaller, for w, h, k in turn: the least extent that saves a tile (a
// k-step), and the largest that costs one more. Axes that one tile covers have no larger,
// extents of 1 no smaller alternative. Precondition: the subgraph breaks no rule.
std::vector<Alternative> alternatives(const Problem& problem, const Subgraph& subgraph,
                                      const std::vector<uint32_t>& resident, const EvaluateOptions& options = {});

// Tiles row by row to and fro, or column by column.
std::vector<uint32_t> snake_by_rows(const Geometry& geometry);
std::vector<uint32_t> snake_by_columns(const Geometry& geometry);

// "raster", "row snake", "column snake", "other": the order of a valid subgraph, in words.
const char* order_name(const Subgraph& subgraph, const Geometry& geometry);

// Compute and memory time of the first steps, in order; at most `limit`.
struct StepTime {
  double compute = 0;
  double memory = 0;
};
std::vector<StepTime> first_steps(const Problem& problem, const Subgraph& subgraph, const Geometry& geometry,
                                  int64_t limit);

}  // namespace rondo::fusion
