// The graph and the slot program of a schedule, run on the same random integers.
//
// Arithmetic is modulo 2^64, where addition and its inverse are exact, so that a right
// schedule gives the same bits and a wrong one, almost surely, others. Lookups, reads
// and coefficients that are no integers are uninterpreted: hashes of what they see.
// Where a file has no expressions, every op is a hash of what it reads.
#pragma once
#include <string>
#include "planner/phase_checker/certificate.h"
#include "planner/phase_checker/graph.h"

namespace rondo::phase_checker {

struct Comparison {
  bool agrees = false;
  uint64_t seed = 0;  // where not: the first that shows it
  std::string why;    // and what came out different
};

// Inputs from -2^20 to 2^20; `one` is 1. Precondition: obligation S1.
Comparison compare_values(const Graph& graph, const Certificate& certificate, uint32_t seeds);

}  // namespace rondo::phase_checker
