// How the verbs of `rondo contest` print solutions: one row a subgraph, latencies and gaps.
#pragma once
#include <string>
#include <vector>

#include "planner/fusion/evaluate.h"

namespace rondo::cli {

// "10,118,758.4": one decimal, as the contest's own evaluator prints.
std::string latency_text(double latency);
// "16.93 %"
std::string percent_text(double share);
// "0-3 7 9 10": ascending runs of three and more as ranges.
std::string list_text(const std::vector<uint32_t>& numbers);
// "[128,86,64]"
std::string granularity_text(const fusion::Subgraph& subgraph);
// How much less than `latency` the bound is: 0.17 for 17 %.
double gap_of(double bound, double latency);

// Operators, granularity, order, tiles, working set, compute, memory, latency and what it
// is bound by, what is retained. Precondition: the solution is valid.
std::string subgraph_table(const fusion::Problem& problem, const fusion::Solution& solution,
                           const fusion::Evaluation& evaluation);

// Why each subgraph has its granularity, a few lines each.
std::string granularity_reasons(const fusion::Problem& problem, const fusion::Solution& solution,
                                const fusion::EvaluateOptions& options);

}  // namespace rondo::cli
