// A solution on its whole way: lowered, proven, counted phase by phase, replayed.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "planner/fusion/evaluate.h"
#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"
#include "rondo/machine.h"
#include "rondo/schedule.h"

namespace rondo::fusion {

// What the copies of a phase move between slow and fast memory, by their operands.
struct Traffic {
  uint64_t loaded_bytes = 0, evicted_bytes = 0;
  bool operator==(const Traffic&) const = default;
};
std::vector<Traffic> traffic_of(const Schedule& schedule);
// The same as the cost model has it.
std::vector<Traffic> traffic_of(const Evaluation& evaluation);

// Bytes of the arena called `name` by its highest address, and live at once; 0 without one.
uint64_t extent_peak(const Schedule& schedule, std::string_view name);
uint64_t live_peak(const Schedule& schedule, std::string_view name);

// "good", or the first thing that is not: what the verifier finds, the phase whose bytes
// are not the cost model's, a peak beyond the capacity, a result outside its error bound.
struct WayOptions {
  uint64_t seed = 1;   // of the data
  bool replay = true;  // and compare with double precision
  const Machine* machine = nullptr;
};
struct Journey {
  uint64_t operations = 0;
  double worst_ratio = 0;  // largest error / bound
};
std::string whole_way(const Problem& problem, const Solution& solution, const WayOptions& options = {},
                      Journey* journey = nullptr);

}  // namespace rondo::fusion
