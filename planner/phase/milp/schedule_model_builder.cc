#include "planner/phase/milp/schedule_model_builder.h"

#include <algorithm>
#include <utility>

namespace rondo::phase {

using milp::Entry;
using milp::kUnbounded;

void ScheduleModelBuilder::find_descendants(const std::vector<uint32_t>& order,
                                            const std::vector<std::vector<uint32_t>>& readers) {
  if (ops_ > 8192) return;
  reaches_.assign(ops_, std::vector<bool>(ops_, false));
  for (size_t i = order.size(); i-- > 0;) {
    std::vector<bool>& mine = reaches_[order[i]];
    for (const uint32_t reader : readers[order[i]]) {
      if (mine[reader]) continue;
      mine[reader] = true;
      const std::vector<bool>& theirs = reaches_[reader];
      for (size_t k = 0; k < ops_; ++k) {
        if (theirs[k]) mine[k] = true;
      }
    }
  }
}

std::vector<uint32_t> ScheduleModelBuilder::last_of(const std::vector<uint32_t>& readers) const {
  std::vector<uint32_t> last;
  for (const uint32_t reader : readers) {
    if (std::none_of(readers.begin(), readers.end(), [&](uint32_t other) { return descends(other, reader); })) {
      last.push_back(reader);
    }
  }
  return last;
}

int32_t ScheduleModelBuilder::done(int64_t op, int64_t time) const {
  if (op < 0) return time >= -1 ? kOne : kZero;
  if (time < 0) return kZero;
  return result_
      .done_[static_cast<size_t>(op) * static_cast<size_t>(span_) + static_cast<size_t>(std::min(time, span_ - 1))];
}

void ScheduleModelBuilder::add_y(uint32_t op, int64_t time) {
  const uint32_t column = model().add_column({0, 1, 0, true, "y" + std::to_string(op) + "_" + std::to_string(time)});
  result_.free_columns_.push_back(column);
  result_.owners_.push_back({op, static_cast<uint32_t>(time)});
  slot(op, time) = static_cast<int32_t>(column);
}

void ScheduleModelBuilder::add(Sum& sum, int64_t times, int32_t term) {
  if (term == kOne) {
    sum.constant += times;
  } else if (term != kZero) {
    sum.terms.push_back({static_cast<uint32_t>(term), times});
  }
}

void ScheduleModelBuilder::tidy(Sum& sum) {
  std::vector<Entry>& terms = sum.terms;
  std::sort(terms.begin(), terms.end(), [](const Entry& a, const Entry& b) { return a.column < b.column; });
  size_t kept = 0;
  for (size_t i = 0; i < terms.size();) {
    Entry entry = terms[i];
    for (++i; i < terms.size() && terms[i].column == entry.column; ++i) entry.coefficient += terms[i].coefficient;
    if (entry.coefficient != 0) terms[kept++] = entry;
  }
  terms.resize(kept);
}

void ScheduleModelBuilder::demand(std::string name, Sum sum) {
  tidy(sum);
  int64_t least = sum.constant;
  for (const Entry& entry : sum.terms) {
    const milp::Column& column = model().columns[entry.column];
    least += std::min(entry.coefficient * column.lower, entry.coefficient * column.upper);
  }
  if (least >= 0) return;
  model().add_row({-sum.constant, kUnbounded, std::move(name)}, std::move(sum.terms));
}

void ScheduleModelBuilder::open(Least& least) {
  const int32_t alone = least.column;
  least.is_own = true;
  least.column = static_cast<int32_t>(model().add_column({0, 1, 0, false, least.name}));
  if (alone >= 0) bound_below(least, "alone", Sum{0, {{static_cast<uint32_t>(alone), 1}}});
}

void ScheduleModelBuilder::raise(Least& least, const std::string& why, Sum sum) {
  if (least.column == kOne) return;
  tidy(sum);
  int64_t most = sum.constant, fewest = sum.constant;
  for (const Entry& entry : sum.terms) (entry.coefficient > 0 ? most : fewest) += entry.coefficient;
  if (most <= 0) return;
  if (fewest >= 1) {
    least.column = kOne;
    least.sums.clear();
    return;
  }
  least.sums.emplace_back(why, std::move(sum));
}

void ScheduleModelBuilder::close(Least& least) {
  if (least.sums.empty()) return;
  open(least);
  for (auto& [why, sum] : least.sums) bound_below(least, why, std::move(sum));
  least.sums.clear();
}

void ScheduleModelBuilder::bound_below(Least& least, const std::string& why, Sum sum) {
  const auto column = static_cast<uint32_t>(least.column);
  result_.bounds_.push_back({column, 1, sum.constant, sum.terms});
  for (Entry& entry : sum.terms) entry.coefficient = -entry.coefficient;
  sum.terms.push_back({column, 1});
  model().add_row({sum.constant, kUnbounded, least.name + "_" + why}, std::move(sum.terms));
}

void ScheduleModelBuilder::cover(std::string name, Sum sum, int64_t times) {
  result_.bounds_.push_back({0, times, sum.constant, sum.terms});
  sum.constant = -sum.constant;
  for (Entry& entry : sum.terms) entry.coefficient = -entry.coefficient;
  sum.terms.push_back({0, times});
  demand(std::move(name), std::move(sum));
}

}  // namespace rondo::phase
