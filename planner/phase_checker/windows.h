// When each op can run at all, whatever the schedule.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/phase_checker/graph.h"

namespace rondo::phase_checker {

// Half-layers (layered) or phases (strict), both included: the least and the greatest
// fixpoint of precedence, kind, and shared layers. Of writes, which take no time, 0 .. end.
struct Windows {
  std::vector<int64_t> low, high;
  bool possible = true;  // no window is empty
};
Windows derive_windows(const Graph& graph, uint32_t layers);

// Whether an op of this kind can run at this time.
bool can_run(const Graph& graph, uint32_t op, int64_t time);
// Times that `op` must come after the maker of what it reads: 0 or 1.
int64_t lag_between(const Graph& graph, uint32_t maker, uint32_t op);
// For each cumsum the one before it on its channel; -1: none, or no cumsum.
std::vector<int64_t> previous_sums(const Graph& graph);

}  // namespace rondo::phase_checker
