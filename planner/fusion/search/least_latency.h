// The best proven lower bound on the latency of any schedule: where a search may stop.
#pragma once
#include <string>
#include "planner/fusion/problem.h"

namespace rondo::fusion {

struct LeastLatency {
  double latency = 0;
  std::string method;  // in a word: see bounds/lower_bounds.h
};

LeastLatency least_latency(const Problem& problem);

}  // namespace rondo::fusion
