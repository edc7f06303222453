#include "planner/phase/milp/factorization.h"

#include <algorithm>
#include <cmath>

namespace rondo::milp {
namespace {

constexpr uint32_t kNone = ~uint32_t{0};
constexpr double kSmallestPivot = 1e-9;
constexpr double kThreshold = 0.1;  // of the largest entry: room to choose a sparse pivot row
constexpr double kDrop = 1e-14;

}  // namespace

bool Factorization::factorize(uint32_t size, std::span<const uint32_t> begins, std::span<const Term> terms) {
  size_ = size;
  pivot_row_.clear();
  pivot_position_.clear();
  pivot_.clear();
  lower_.clear();
  upper_.clear();
  lower_begin_.assign(1, 0);
  upper_begin_.assign(1, 0);
  etas_.clear();
  eta_terms_.clear();
  dependent_positions.clear();
  uncovered_rows.clear();
  step_of_row_.assign(size, kNone);
  work_.assign(size, 0.0);

  // The order of columns: singleton columns first, then columns freed by singleton rows, then by
  // number of entries. A planned row is pivoted as planned.
  std::vector<uint32_t> row_count(size, 0), column_count(size), row_begin(size + 1, 0), row_columns(terms.size());
  for (const Term& term : terms) ++row_count[term.row];
  for (uint32_t i = 0; i < size; ++i) row_begin[i + 1] = row_begin[i] + row_count[i];
  {
    std::vector<uint32_t> next(row_begin.begin(), row_begin.end() - 1);
    for (uint32_t p = 0; p < size; ++p) {
      column_count[p] = begins[p + 1] - begins[p];
      for (uint32_t at = begins[p]; at < begins[p + 1]; ++at) row_columns[next[terms[at].row]++] = p;
    }
  }
  std::vector<uint32_t> order, planned(size, kNone), tail;
  std::vector<char> column_done(size, 0), row_done(size, 0);
  order.reserve(size);
  const auto take = [&](uint32_t position, uint32_t row) {
    planned[position] = row;
    column_done[position] = row_done[row] = 1;
    order.push_back(position);
    for (uint32_t at = begins[position]; at < begins[position + 1]; ++at) --row_count[terms[at].row];
    for (uint32_t at = row_begin[row]; at < row_begin[row + 1]; ++at) --column_count[row_columns[at]];
  };
  std::vector<uint32_t> queue;
  for (uint32_t p = 0; p < size; ++p) {
    if (column_count[p] == 1) queue.push_back(p);
  }
  while (!queue.empty()) {  // singleton columns: rows of U
    const uint32_t position = queue.back();
    queue.pop_back();
    if (column_done[position] || column_count[position] != 1) continue;
    uint32_t at = begins[position];
    while (row_done[terms[at].row]) ++at;
    if (std::abs(terms[at].value) < kSmallestPivot) continue;
    const uint32_t row = terms[at].row;
    take(position, row);
    for (uint32_t k = row_begin[row]; k < row_begin[row + 1]; ++k) {
      if (!column_done[row_columns[k]] && column_count[row_columns[k]] == 1) queue.push_back(row_columns[k]);
    }
  }
  for (uint32_t i = 0; i < size; ++i) {
    if (!row_done[i] && row_count[i] == 1) queue.push_back(i);
  }
  while (!queue.empty()) {  // singleton rows: columns of L
    const uint32_t row = queue.back();
    queue.pop_back();
    if (row_done[row] || row_count[row] != 1) continue;
    uint32_t at = row_begin[row];
    while (column_done[row_columns[at]]) ++at;
    const uint32_t position = row_columns[at];
    double value = 0, largest = 0;
    for (uint32_t k = begins[position]; k < begins[position + 1]; ++k) {
      if (terms[k].row == row) value = std::abs(terms[k].value);
      if (!row_done[terms[k].row]) largest = std::max(largest, std::abs(terms[k].value));
    }
    if (value < kThreshold * largest || value < kSmallestPivot) continue;
    take(position, row);
    for (uint32_t k = begins[position]; k < begins[position + 1]; ++k) {
      if (!row_done[terms[k].row] && row_count[terms[k].row] == 1) queue.push_back(terms[k].row);
    }
  }
  for (uint32_t p = 0; p < size; ++p) {
    if (!column_done[p]) tail.push_back(p);
  }
  std::stable_sort(tail.begin(), tail.end(), [&](uint32_t a, uint32_t b) { return column_count[a] < column_count[b]; });
  order.insert(order.end(), tail.begin(), tail.end());

  std::vector<uint32_t> mark(size, kNone), reach, stack, stack_at;
  for (const uint32_t position : order) {
    // The rows reached through columns of L, in an order in which they can be eliminated.
    reach.clear();
    for (uint32_t at = begins[position]; at < begins[position + 1]; ++at) {
      if (mark[terms[at].row] == position) continue;
      stack.assign(1, terms[at].row);
      mark[terms[at].row] = position;
      stack_at.assign(1, 0);
      while (!stack.empty()) {
        const uint32_t row = stack.back(), step = step_of_row_[row];
        bool deeper = false;
        if (step != kNone) {
          for (uint32_t k = lower_begin_[step] + stack_at.back(); k < lower_begin_[step + 1]; ++k) {
            ++stack_at.back();
            if (mark[lower_[k].row] == position) continue;
            mark[lower_[k].row] = position;
            stack.push_back(lower_[k].row);
            stack_at.push_back(0);
            deeper = true;
            break;
          }
        }
        if (deeper) continue;
        reach.push_back(row);
        stack.pop_back();
        stack_at.pop_back();
      }
    }
    for (uint32_t at = begins[position]; at < begins[position + 1]; ++at) work_[terms[at].row] += terms[at].value;
    for (size_t r = reach.size(); r-- > 0;) {
      const uint32_t step = step_of_row_[reach[r]];
      const double value = work_[reach[r]];
      if (step == kNone || value == 0) continue;
      for (uint32_t k = lower_begin_[step]; k < lower_begin_[step + 1]; ++k)
        work_[lower_[k].row] -= lower_[k].value * value;
    }
    uint32_t best = kNone;
    double largest = 0;
    for (const uint32_t row : reach) {
      if (step_of_row_[row] == kNone) largest = std::max(largest, std::abs(work_[row]));
    }
    if (planned[position] != kNone &&
        std::abs(work_[planned[position]]) >= std::max(kSmallestPivot, kThreshold * largest)) {
      best = planned[position];
    } else if (largest >= kSmallestPivot) {
      for (const uint32_t row : reach) {
        if (step_of_row_[row] != kNone || std::abs(work_[row]) < kThreshold * largest) continue;
        if (best == kNone || row_count[row] < row_count[best] || (row_count[row] == row_count[best] && row < best))
          best = row;
      }
    }
    if (best == kNone) {
      dependent_positions.push_back(position);
      for (const uint32_t row : reach) work_[row] = 0;
      continue;
    }
    const double pivot = work_[best];
    const auto step = static_cast<uint32_t>(pivot_row_.size());
    for (const uint32_t row : reach) {
      const double value = work_[row];
      work_[row] = 0;
      if (row == best || std::abs(value) < kDrop) continue;
      if (step_of_row_[row] != kNone) {
        upper_.push_back({step_of_row_[row], value});
      } else {
        lower_.push_back({row, value / pivot});
      }
    }
    step_of_row_[best] = step;
    pivot_row_.push_back(best);
    pivot_position_.push_back(position);
    pivot_.push_back(pivot);
    lower_begin_.push_back(static_cast<uint32_t>(lower_.size()));
    upper_begin_.push_back(static_cast<uint32_t>(upper_.size()));
  }
  lower_steps_.clear();
  upper_steps_.clear();
  scale_.assign(pivot_.size(), 1.0);
  for (uint32_t k = 0; k < pivot_.size(); ++k) {
    if (lower_begin_[k] < lower_begin_[k + 1]) lower_steps_.push_back(k);
    if (upper_begin_[k] < upper_begin_[k + 1]) {
      upper_steps_.push_back(k);
    } else {
      scale_[k] = 1 / pivot_[k];
    }
  }
  if (dependent_positions.empty()) return true;
  for (uint32_t i = 0; i < size; ++i) {
    if (step_of_row_[i] == kNone) uncovered_rows.push_back(i);
  }
  return false;
}

void Factorization::solve(std::vector<double>& vector) {
  for (const uint32_t k : lower_steps_) {
    const double value = vector[pivot_row_[k]];
    if (value == 0) continue;
    for (uint32_t at = lower_begin_[k]; at < lower_begin_[k + 1]; ++at)
      vector[lower_[at].row] -= lower_[at].value * value;
  }
  for (size_t s = upper_steps_.size(); s-- > 0;) {
    const uint32_t k = upper_steps_[s];
    double value = vector[pivot_row_[k]];
    if (value == 0) continue;
    value /= pivot_[k];
    if (std::abs(value) < kDrop) value = 0;
    vector[pivot_row_[k]] = value;
    for (uint32_t at = upper_begin_[k]; at < upper_begin_[k + 1]; ++at) {
      vector[pivot_row_[upper_[at].row]] -= upper_[at].value * value;
    }
  }
  for (uint32_t k = 0; k < size_; ++k) work_[pivot_position_[k]] = vector[pivot_row_[k]] * scale_[k];
  vector.swap(work_);
  for (const Eta& eta : etas_) {
    const double value = vector[eta.position];
    if (value == 0) continue;
    const double scaled = value / eta.pivot;
    vector[eta.position] = scaled;
    for (uint32_t at = eta.begin; at < eta.end; ++at) vector[eta_terms_[at].row] -= eta_terms_[at].value * scaled;
  }
  std::fill(work_.begin(), work_.end(), 0.0);
}

void Factorization::solve_transposed(std::vector<double>& vector) {
  for (size_t e = etas_.size(); e-- > 0;) {
    const Eta& eta = etas_[e];
    double value = vector[eta.position];
    for (uint32_t at = eta.begin; at < eta.end; ++at) value -= eta_terms_[at].value * vector[eta_terms_[at].row];
    vector[eta.position] = value / eta.pivot;
  }
  // work_ by steps: U^T z = c, then L^T.
  for (uint32_t k = 0; k < size_; ++k) work_[k] = vector[pivot_position_[k]] * scale_[k];
  for (const uint32_t k : upper_steps_) {
    double value = work_[k];
    for (uint32_t at = upper_begin_[k]; at < upper_begin_[k + 1]; ++at)
      value -= upper_[at].value * work_[upper_[at].row];
    work_[k] = std::abs(value) < kDrop ? 0.0 : value / pivot_[k];
  }
  for (uint32_t k = 0; k < size_; ++k) vector[pivot_row_[k]] = work_[k];
  for (size_t s = lower_steps_.size(); s-- > 0;) {
    const uint32_t k = lower_steps_[s];
    double value = work_[k];
    for (uint32_t at = lower_begin_[k]; at < lower_begin_[k + 1]; ++at)
      value -= lower_[at].value * vector[lower_[at].row];
    vector[pivot_row_[k]] = std::abs(value) < kDrop ? 0.0 : value;
  }
  std::fill(work_.begin(), work_.end(), 0.0);
}

void Factorization::replace(uint32_t position, const std::vector<double>& column) {
  Eta eta{position, column[position], static_cast<uint32_t>(eta_terms_.size()), 0};
  for (uint32_t i = 0; i < size_; ++i) {
    if (i != position && std::abs(column[i]) > kDrop) eta_terms_.push_back({i, column[i]});
  }
  eta.end = static_cast<uint32_t>(eta_terms_.size());
  etas_.push_back(eta);
}

}  // namespace rondo::milp
