// What the builders of both machines share: y columns, rows between them, and columns that are at
// least sums of them.
//
// Used by gate_model.cc and slot_model.cc only.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "planner/phase/milp/schedule_model.h"

namespace rondo::phase {

class ScheduleModelBuilder {
 public:
  // Terms that are no column.
  static constexpr int32_t kZero = -1, kOne = -2;
  static constexpr size_t kMostColumns = size_t{1} << 20;  // and rows: 2^22

 protected:
  // constant + sum of coefficient * column
  struct Sum {
    int64_t constant = 0;
    std::vector<milp::Entry> terms;
  };
  // A column that is at least each of several sums of y, at least 0 and at most 1. raise() collects
  // them; close() makes the column, or none: it is 1 where one of them always is, 0 where none can
  // be positive. A y, set by hand before the first sum, stands for it while there are none.
  struct Least {
    std::string name;
    int32_t column = kZero;
    bool is_own = false;
    std::vector<std::pair<std::string, Sum>> sums;
  };

  ScheduleModelBuilder(size_t ops, int64_t span) : ops_(ops), span_(span) {
    result_.span_ = static_cast<uint32_t>(span);
    result_.done_.assign(ops * static_cast<size_t>(span), kZero);
    result_.ops_ = ops;
    result_.model_.name = "phases";
  }

  milp::Model& model() { return result_.model_; }
  bool is_too_large() const {
    return result_.model_.columns.size() > kMostColumns || result_.model_.rows.size() > 4 * kMostColumns;
  }

  // reaches_[a][b]: b reads, directly or not, what a makes. `order` has producers first. Left
  // empty above 2^13 ops; then descends() is false and some implied rows stay.
  void find_descendants(const std::vector<uint32_t>& order, const std::vector<std::vector<uint32_t>>& readers);
  bool descends(uint32_t op, uint32_t from) const { return !reaches_.empty() && reaches_[from][op]; }
  // Those from which no other of them descends.
  std::vector<uint32_t> last_of(const std::vector<uint32_t>& readers) const;

  // y[op][time], for any time; the op may be -1, which has always run.
  int32_t done(int64_t op, int64_t time) const;
  int32_t& slot(uint32_t op, int64_t time) {
    return result_.done_[static_cast<size_t>(op) * static_cast<size_t>(span_) + static_cast<size_t>(time)];
  }
  void add_y(uint32_t op, int64_t time);

  static void add(Sum& sum, int64_t times, int32_t term);
  // Sorted by column, each once, none with coefficient 0.
  static void tidy(Sum& sum);
  // sum >= 0, unless it always is.
  void demand(std::string name, Sum sum);
  // The row is called by the name of the column and `why`.
  void raise(Least& least, const std::string& why, Sum sum);
  void close(Least& least);
  void open(Least& least);  // makes a column of one that is none
  // `times` the objective is at least the sum.
  void cover(std::string name, Sum sum, int64_t times);

  size_t ops_;
  int64_t span_;
  ScheduleModel result_;
  std::vector<std::vector<bool>> reaches_;

 private:
  void bound_below(Least& least, const std::string& why, Sum sum);
};

}  // namespace rondo::phase
