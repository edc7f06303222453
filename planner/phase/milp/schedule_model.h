// A programme whose integer points are placements of ops in time, and the way between the two.
//
// Made by build_gate_model() (gate_model.h) and build_slot_model() (slot_model.h). Binary y[o][t]
// says "op o has run by time t"; every other column is at least some sums of the y and as small as
// they allow, so a placement has one least point. Cumulative time-indexed variables are those of
// project scheduling (Pritsker, Watters and Wolfe 1969). Immutable once built.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "planner/phase/milp/model.h"

namespace rondo::phase {

class ScheduleModel {
 public:
  // Column 0 is the objective.
  const milp::Model& model() const { return model_; }

  // The least point of a placement (a time for each op). Nothing when the placement leaves the
  // model: not in its windows, or wider than columns that are given.
  std::optional<std::vector<double>> point_of(std::span<const uint32_t> times) const;
  // The time of each op: the first at which its column is at least `threshold`. 0.5 reads an
  // integer point. Rows between two columns y <= y' hold for columns cut at any threshold, so a
  // fractional point gives a placement at each.
  std::vector<uint32_t> times_of(std::span<const double> point, double threshold = 0.5) const;
  // The best point among those of 19 thresholds (SolveOptions::round).
  std::optional<std::vector<double>> round(std::span<const double> point) const;

 private:
  friend class ScheduleModelBuilder;

  struct Owner {
    uint32_t op, time;
  };
  struct Bound {  // `times` the column is at least constant + terms
    uint32_t column;
    int64_t times;
    int64_t constant;
    std::vector<milp::Entry> terms;
  };

  milp::Model model_;
  size_t ops_ = 0;
  uint32_t span_ = 0;                   // times are 0 .. span_ - 1
  std::vector<int32_t> done_;           // [op][time]: a column, or a constant (see the builder)
  std::vector<uint32_t> free_columns_;  // columns that are y
  std::vector<Owner> owners_;           // of each of them
  std::vector<Bound> bounds_;           // in an order in which columns can be computed
};

}  // namespace rondo::phase
