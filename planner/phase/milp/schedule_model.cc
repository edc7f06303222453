#include "planner/phase/milp/schedule_model.h"

#include <algorithm>
#include <cmath>

#include "planner/phase/milp/schedule_model_builder.h"

namespace rondo::phase {

std::optional<std::vector<double>> ScheduleModel::point_of(std::span<const uint32_t> times) const {
  if (times.size() != ops_) return std::nullopt;
  for (size_t op = 0; op < times.size(); ++op) {  // in its window
    const uint32_t time = times[op];
    if (time >= span_ || done_[op * span_ + time] == ScheduleModelBuilder::kZero) return std::nullopt;
    if (time > 0 && done_[op * span_ + time - 1] == ScheduleModelBuilder::kOne) return std::nullopt;
  }
  std::vector<double> point(model_.columns.size(), 0.0);
  for (size_t j = 0; j < point.size(); ++j) point[j] = static_cast<double>(model_.columns[j].lower);
  for (size_t k = 0; k < free_columns_.size(); ++k) {
    point[free_columns_[k]] = times[owners_[k].op] <= owners_[k].time ? 1.0 : 0.0;
  }
  for (const Bound& bound : bounds_) {
    int64_t sum = bound.constant;
    for (const milp::Entry& entry : bound.terms) sum += entry.coefficient * std::llround(point[entry.column]);
    const int64_t least = sum > 0 ? (sum + bound.times - 1) / bound.times : 0;
    point[bound.column] = std::max(point[bound.column], static_cast<double>(least));
  }
  if (milp::violation_at(model_, point) > 1e-6) return std::nullopt;
  return point;
}

std::vector<uint32_t> ScheduleModel::times_of(std::span<const double> point, double threshold) const {
  std::vector<uint32_t> times(ops_, 0);
  for (size_t op = 0; op < times.size(); ++op) {
    for (uint32_t time = 0; time < span_; ++time) {
      const int32_t term = done_[op * span_ + time];
      if (term == ScheduleModelBuilder::kOne || (term >= 0 && point[static_cast<size_t>(term)] >= threshold)) {
        times[op] = time;
        break;
      }
    }
  }
  return times;
}

std::optional<std::vector<double>> ScheduleModel::round(std::span<const double> point) const {
  std::optional<std::vector<double>> best;
  std::vector<uint32_t> last;
  for (int cut = 1; cut < 20; ++cut) {
    std::vector<uint32_t> times = times_of(point, 0.05 * cut);
    if (times == last) continue;
    std::optional<std::vector<double>> candidate = point_of(times);
    last = std::move(times);
    if (candidate.has_value() && (!best.has_value() || (*candidate)[0] < (*best)[0])) best = std::move(candidate);
  }
  return best;
}

}  // namespace rondo::phase
