#include "planner/fusion/search/least_latency.h"

#include "planner/fusion/bounds/lower_bounds.h"

namespace rondo::fusion {

LeastLatency least_latency(const Problem& problem) {
  const LowerBounds bounds = lower_bounds(problem);
  return {bounds.best(), bounds.best_name()};
}

}  // namespace rondo::fusion
