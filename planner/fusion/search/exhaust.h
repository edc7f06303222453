// The least latency of any solution, by looking at all of them: best-first search (A*,
// Hart, Nilsson and Raphael 1968) over what is computed, what is stored and what stays in
// fast memory. Where it ends, the result is proven optimal; where it does not, what it has
// not looked at yet costs no less than least().
//
// What it covers is everything that evaluate() accepts: every subgraph (list_groups.h),
// any recomputation, every set of retained tensors, every granularity and traversal order
// (ProvenPrice::floor of price.h). Why the states say enough:
//
// - The cost of a subgraph depends on its operators, granularity, order, on what the one
//   before retained and what it retains. Whether it may run depends on which tensors are
//   stored (rule R7). So (computed, not stored, resident) decides what may follow and at
//   what cost; of equal states the cheapest is enough.
// - That a tensor is not stored is forgotten once everything that depends on it is
//   computed and no graph output below it is wanting. More may then follow than is
//   allowed, never less: the figures stay lower bounds, and a solution that is found passes
//   evaluate() before anyone sees it.
// - A subgraph that computes nothing new, stores nothing that was missing and retains
//   nothing leads to the state it came from.
//
// What is left to pay is estimated by shares: each operator has one, such that those of a
// subgraph never exceed its price if what can be resident takes no room; so the shares of
// operators not yet computed are a lower bound, and one that never overestimates a step
// (consistent). They are raised one by one as far as the subgraphs allow: a feasible dual
// of the covering programme (Bar-Yehuda and Even 1981).
//
// Deterministic; memory: about 150 bytes a state. One object belongs to one thread at a
// time.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>
#include "planner/fusion/search/arrangement.h"

namespace rondo::fusion {

struct ExhaustLimits {
  uint64_t sets = 40'000;     // of operators that are looked at for subgraphs
  uint64_t groups = 6'000;    // subgraphs
  uint64_t states = 400'000;  // kept at once
};

class Exhaust {
 public:
  // `net` must outlive it.
  Exhaust(const Network& net, const PricingOptions& options, const ExhaustLimits& limits = {});
  ~Exhaust();

  // Goes on for `steps` (a step: a set of operators or a
  // granularity looked at, about half a microsecond) or until `stop`, to
  // find anything cheaper than `known`. Returns the steps taken. `known` may fall from call
  // to call, never rise.
  uint64_t run(double known, uint64_t steps, const std::function<bool()>& stop = {});

  bool ended() const;     // nothing is cheaper than max(known, least()), or it gave up
  bool complete() const;  // ended, and everything was looked at
  // No solution costs less than min(known, this); 0 while nothing is proven.
  double least() const;
  // One that costs least(), when complete() and least() < known: the stages in order.
  const std::vector<Stage>& found() const;
  uint64_t groups() const;
  uint64_t states() const;

 private:
  class Search;
  std::unique_ptr<Search> search_;
};

// For the problem of a solution of latency `known`: what no solution beats, after so many
// steps; 0 while nothing is proven.
double exhaustive_bound(const Problem& problem, double known, uint64_t steps);

}  // namespace rondo::fusion
