// The solver of the fast-memory scheduling problem: anytime, seeded, parallel.
//
// In the order of its attempts: one operator a group, which is valid as soon as it is
// priced; greedy mergers (merge_greedily.h); the whole graph by dynamic programming where
// it is narrow (resolve_window.h); then rounds on several islands: simulated annealing
// (anneal.h) from the best arrangement, from the island's own or from another greedy one,
// at other temperatures, then windows of the result solved exactly. Between rounds the
// islands share what they found. Beside them, on graphs of up to 64 operators, all
// solutions are looked at, cheapest first (exhaust.h): that raises a lower bound and, where
// it ends, proves what is best. Every solution handed out has passed evaluate(), and its
// latency is what evaluate() says.
//
// The same seed and work limit give the same solution for any number of threads, unless
// `stop` ends the search first. Memory: about 1 kB a memoised group, at most
// kOracleEntries groups and prices an island. Thread safety: solve() may run several
// times at once; its callbacks are called from its own calling thread, `stop` from any.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include "planner/fusion/problem.h"
#include "planner/fusion/search/run_all.h"
#include "planner/fusion/solution.h"
#include "rondo/result.h"

namespace rondo::fusion {

struct SolveProgress {
  double latency = 0;  // of the best solution so far
  uint64_t work = 0;   // proposals made
  uint64_t rounds = 0;
  double least = 0;   // as in Solved
  std::string stage;  // what found it, or what is being done
};

struct SolveOptions {
  uint64_t seed = 1;
  uint64_t work = 0;           // proposals at most, over all islands; 0: until `stop`
  double good_enough = 0;      // latency at which to stop, e.g. a proven lower bound
  bool divisible = false;      // only tiles that divide (rule R13)
  uint32_t islands = 4;        // part of the search, not of the machine: results depend on it
  std::function<bool()> stop;  // true ends the search; asked about every 50 microseconds by each island
  // A better solution and its latency, the first included.
  std::function<void(const Solution&, const SolveProgress&)> improved;
  std::function<void(const SolveProgress&)> progress;  // after every round
  RunAll run_all;
};

struct Solved {
  Solution solution;
  double latency = 0;
  uint64_t work = 0;
  uint64_t rounds = 0;
  uint64_t groups_priced = 0;
  double least = 0;       // no solution has less latency: what exhaust.h proved, 0 where nothing
  bool optimal = false;   // `least` is this solution's latency
  bool complete = false;  // good_enough, the work limit or an optimum was reached, not `stop`
};

// kDoesNotFit when an operator fits at no granularity, with what it needs;
// kInvalidArgument when neither a work limit nor `stop` is given. Precondition:
// finish_problem() accepted the problem.
Result<Solved> solve(const Problem& problem, const SolveOptions& options);

}  // namespace rondo::fusion
