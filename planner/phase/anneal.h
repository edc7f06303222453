// Simulated annealing of a placement: moves one task and whatever must give way, and
// looks for a placement within given limits.
//
// S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, "Optimization by simulated annealing",
// Science 220 (1983); the moves push along difference constraints, so that every state is
// a placement.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "planner/phase/interval_problem.h"

namespace rondo::phase {

struct AnnealLimits {
  static constexpr uint32_t kNone = uint32_t{1} << 29;
  uint32_t columns = kNone;  // slots; of the layered machine twice the heads of a layer as well
  uint32_t neurons = kNone;  // of a layer
  bool lazy = false;         // erasures may wait, see erase_plan.h
};

// A walk over placements that remembers where it is. The cost of a placement is 0 when it
// keeps the limits. Deterministic: the same calls give the same walk.
class Annealer {
 public:
  // `times` is a placement.
  Annealer(const IntervalProblem& problem, std::vector<uint32_t> times, uint64_t seed);

  void set_limits(const AnnealLimits& limits);
  // Starts again from a placement.
  void restart(std::vector<uint32_t> times);

  // Walks until the cost is 0 or `moves` were tried, cooling from `hot` to `cold` over
  // them; `stop` is asked now and then. True when the cost is 0.
  bool walk(uint64_t moves, double hot, double cold, const std::function<bool()>& stop);

  const std::vector<uint32_t>& times() const { return times_; }
  uint64_t moves() const { return moves_; }

 private:
  struct Shift {
    uint32_t task;
    uint32_t time;
  };

  uint64_t random();
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((random() >> 32) * bound >> 32); }
  // Everything that must move for `task` to run at `time`, in shifts_; false when it is much.
  bool push(uint32_t task, uint32_t time);
  void apply();
  void count_value(uint32_t value, int32_t sign);
  double cost() const;
  double lazy_cost() const;
  void count_all();

  const IntervalProblem& problem_;
  std::vector<uint32_t> times_;
  std::vector<uint32_t> movable_;
  AnnealLimits limits_;
  uint64_t state_;
  uint64_t moves_ = 0;

  // Of each time: values at rest; averages in slots of their own (mode mixed, where they are
  // not among those at rest); values that come to rest, die, pass through a persist, do both
  // of the last; twice the heads, neurons.
  std::vector<int32_t> at_rest_, alone_, born_, dying_, passed_, both_, heads_, neurons_;
  std::vector<Shift> shifts_;
  std::vector<uint32_t> touched_;  // values whose counts change
  std::vector<uint32_t> value_stamp_, task_stamp_;
  std::vector<uint32_t> shift_of_task_;
  uint32_t stamp_ = 0;
  std::vector<uint32_t> passes_;  // scratch of count_value
};

}  // namespace rondo::phase
