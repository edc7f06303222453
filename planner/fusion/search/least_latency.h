// Simple proven lower bounds on the latency of any schedule: where a search may stop.
#pragma once
#include <string>
#include "planner/fusion/problem.h"

namespace rondo::fusion {

struct LeastLatency {
  double latency = 0;
  std::string method;  // in words
};

// The greater of: every operator computes each native tile of its output at least once;
// every graph input that is used is loaded and every graph output is stored at least once.
LeastLatency least_latency(const Problem& problem);

}  // namespace rondo::fusion
