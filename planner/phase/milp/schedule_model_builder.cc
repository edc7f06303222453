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
      last.push_back(twin_[reader]);
    }
  }
  std::sort(last.begin(), last.end());
  last.erase(std::unique(last.begin(), last.end()), last.end());
  return last;
}

std::optional<uint32_t> ScheduleModelBuilder::first_of(const std::vector<uint32_t>& readers) const {
  for (const uint32_t reader : readers) {
    if (std::all_of(readers.begin(), readers.end(),
                    [&](uint32_t other) { return twin_[other] == twin_[reader] || descends(other, reader); })) {
      return twin_[reader];
    }
  }
  return std::nullopt;
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

void ScheduleModelBuilder::share_columns() {
  for (uint32_t op = 0; op < ops_; ++op) {
    result_.members_[twin_[op]].push_back(op);
    if (twin_[op] == op) continue;
    for (int64_t time = 0; time < span_; ++time) slot(op, time) = slot(twin_[op], time);
  }
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
  const bool borrowed = least.borrowed;
  least.borrowed = false;
  least.column = static_cast<int32_t>(model().add_column({0, 1, 0, false, least.name}));
  if (borrowed) bound_below(least, Sum{0, {{static_cast<uint32_t>(alone), 1}}});
}

void ScheduleModelBuilder::raise(Least& least, Sum sum) {
  if (least.column == kOne) return;
  tidy(sum);
  int64_t most = sum.constant, fewest = sum.constant;
  for (const Entry& entry : sum.terms) (entry.coefficient > 0 ? most : fewest) += entry.coefficient;
  if (most <= 0) return;
  if (fewest >= 1) {
    least.column = kOne;
    return;
  }
  if (least.column == kZero && sum.constant == 0 && sum.terms.size() == 1 && sum.terms[0].coefficient == 1) {
    least.column = static_cast<int32_t>(sum.terms[0].column);
    least.borrowed = true;
    return;
  }
  if (least.column == kZero || least.borrowed) open(least);
  bound_below(least, std::move(sum));
}

void ScheduleModelBuilder::bound_below(Least& least, Sum sum) {
  const auto column = static_cast<uint32_t>(least.column);
  result_.bounds_.push_back({column, 1, sum.constant, sum.terms});
  for (Entry& entry : sum.terms) entry.coefficient = -entry.coefficient;
  sum.terms.push_back({column, 1});
  model().add_row({sum.constant, kUnbounded, least.name + "." + std::to_string(least.rows++)}, std::move(sum.terms));
}

void ScheduleModelBuilder::cover(std::string name, Sum sum, int64_t times) {
  result_.bounds_.push_back({0, times, sum.constant, sum.terms});
  sum.constant = -sum.constant;
  for (Entry& entry : sum.terms) entry.coefficient = -entry.coefficient;
  sum.terms.push_back({0, times});
  demand(std::move(name), std::move(sum));
}

}  // namespace rondo::phase
