#include "planner/phase/milp/dual_simplex.h"

#include <algorithm>
#include <cmath>

namespace rondo::milp {
namespace {

constexpr double kInfinite = 1e30;
constexpr double kPrimalTolerance = 1e-7;
constexpr double kDualTolerance = 1e-7;
constexpr double kPivotTolerance = 1e-7;
// Perturbations lose at most this much a column of range 1: far below the half unit by which a
// bound on an integer objective may be missed.
constexpr double kPerturbation = 2e-6;

// The same numbers on every machine.
double scatter(uint64_t at) {
  at += 0x9e3779b97f4a7c15u;
  at = (at ^ (at >> 30)) * 0xbf58476d1ce4e5b9u;
  at = (at ^ (at >> 27)) * 0x94d049bb133111ebu;
  return 0.5 + 0.5 * static_cast<double>((at ^ (at >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

DualSimplex::DualSimplex(const Model& model)
    : model_(model),
      columns_(static_cast<uint32_t>(model.columns.size())),
      size_(static_cast<uint32_t>(model.rows.size())) {
  const size_t all = size_t{columns_} + size_;
  lower_.resize(all);
  upper_.resize(all);
  cost_.assign(all, 0.0);
  for (uint32_t j = 0; j < columns_; ++j) {
    lower_[j] = static_cast<double>(model.columns[j].lower);
    upper_[j] = static_cast<double>(model.columns[j].upper);
    cost_[j] = static_cast<double>(model.columns[j].cost);
  }
  for (uint32_t i = 0; i < size_; ++i) {
    lower_[columns_ + i] = model.rows[i].lower == -kUnbounded ? -kInfinite : static_cast<double>(model.rows[i].lower);
    upper_[columns_ + i] = model.rows[i].upper == kUnbounded ? kInfinite : static_cast<double>(model.rows[i].upper);
  }
  column_begin_.assign(columns_ + 1, 0);
  for (const Entry& entry : model.entries) ++column_begin_[entry.column + 1];
  for (uint32_t j = 0; j < columns_; ++j) column_begin_[j + 1] += column_begin_[j];
  column_terms_.resize(model.entries.size());
  std::vector<uint32_t> next(column_begin_.begin(), column_begin_.end() - 1);
  for (uint32_t i = 0; i < size_; ++i) {
    for (const Entry& entry : model.entries_of(i)) {
      column_terms_[next[entry.column]++] = {i, static_cast<double>(entry.coefficient)};
    }
  }
  state_.assign(all, kAtLower);
  for (uint32_t i = 0; i < size_; ++i) state_[columns_ + i] = kBasic;
  value_.assign(all, 0.0);
  reduced_.assign(all, 0.0);
  multipliers_.assign(size_, 0.0);
}

void DualSimplex::set_bounds(uint32_t column, double lower, double upper) {
  lower_[column] = lower;
  upper_[column] = upper;
}

void DualSimplex::set_basis(const Basis& basis) {
  state_ = basis;
  loaded_ = false;
}

void DualSimplex::column_into(uint32_t column, double times, std::vector<double>& vector) const {
  if (column >= columns_) {
    vector[column - columns_] -= times;
    return;
  }
  for (uint32_t at = column_begin_[column]; at < column_begin_[column + 1]; ++at) {
    vector[column_terms_[at].row] += times * column_terms_[at].value;
  }
}

void DualSimplex::load_basis() {
  std::vector<uint32_t> begins;
  std::vector<Factorization::Term> terms;
  if (!loaded_) {
    basic_.clear();
    for (uint32_t j = 0; j < columns_ + size_; ++j) {
      if (state_[j] == kBasic) basic_.push_back(j);
    }
    // A basis of another size (after repairs) is filled up, or cut, with rows.
    for (uint32_t i = 0; basic_.size() < size_; ++i) {
      if (state_[columns_ + i] != kBasic) {
        state_[columns_ + i] = kBasic;
        basic_.push_back(columns_ + i);
      }
    }
    weight_.assign(size_, 1.0);
    loaded_ = true;
  }
  for (;;) {
    begins.assign(1, 0);
    terms.clear();
    for (const uint32_t column : basic_) {
      if (column >= columns_) {
        terms.push_back({column - columns_, -1.0});
      } else {
        terms.insert(terms.end(), column_terms_.begin() + column_begin_[column],
                     column_terms_.begin() + column_begin_[column + 1]);
      }
      begins.push_back(static_cast<uint32_t>(terms.size()));
    }
    if (factors_.factorize(size_, begins, terms)) break;
    for (size_t k = 0; k < factors_.dependent_positions.size(); ++k) {
      const uint32_t position = factors_.dependent_positions[k], row = columns_ + factors_.uncovered_rows[k];
      state_[basic_[position]] = kAtLower;
      state_[row] = kBasic;
      basic_[position] = row;
      weight_[position] = 1.0;
    }
  }
  compute_reduced_costs();
  for (uint32_t j = 0; j < columns_ + size_; ++j) {
    if (state_[j] == kBasic) continue;
    if (lower_[j] <= -kInfinite || (upper_[j] < kInfinite && reduced_[j] < -kDualTolerance)) {
      state_[j] = kAtUpper;
    } else if (upper_[j] >= kInfinite || reduced_[j] > kDualTolerance) {
      state_[j] = kAtLower;
    }
    // Shifted to dual feasibility where a one-sided row is priced wrongly.
    if ((state_[j] == kAtLower && reduced_[j] < 0) || (state_[j] == kAtUpper && reduced_[j] > 0)) {
      perturbed_[j] -= reduced_[j];
      reduced_[j] = 0;
    }
  }
  compute_values();
}

void DualSimplex::compute_values() {
  entering_.assign(size_, 0.0);
  for (uint32_t j = 0; j < columns_ + size_; ++j) {
    if (state_[j] == kBasic) continue;
    value_[j] = state_[j] == kAtUpper ? upper_[j] : lower_[j];
    if (value_[j] != 0) column_into(j, -value_[j], entering_);
  }
  factors_.solve(entering_);
  excess_.resize(size_);
  for (uint32_t p = 0; p < size_; ++p) {
    value_[basic_[p]] = entering_[p];
    measure(p);
  }
}

void DualSimplex::measure(uint32_t position) {
  const uint32_t j = basic_[position];
  excess_[position] = std::max(lower_[j] - value_[j], value_[j] - upper_[j]);
}

void DualSimplex::compute_reduced_costs() {
  row_.assign(size_, 0.0);
  for (uint32_t p = 0; p < size_; ++p) row_[p] = perturbed_[basic_[p]];
  factors_.solve_transposed(row_);
  for (uint32_t j = 0; j < columns_; ++j) {
    if (state_[j] == kBasic) {
      reduced_[j] = 0;
      continue;
    }
    double sum = perturbed_[j];
    for (uint32_t at = column_begin_[j]; at < column_begin_[j + 1]; ++at) {
      sum -= row_[column_terms_[at].row] * column_terms_[at].value;
    }
    reduced_[j] = sum;
  }
  for (uint32_t i = 0; i < size_; ++i) {
    reduced_[columns_ + i] = state_[columns_ + i] == kBasic ? 0.0 : perturbed_[columns_ + i] + row_[i];
  }
}

// Bound of given multipliers: each row at the side its sign asks for, each column at its best.
bool DualSimplex::take_bound(double shift_by, int sign) {
  // row_ holds the ray when shift_by is not zero.
  std::vector<double> candidate(size_), costs(cost_.begin(), cost_.begin() + columns_);
  double sum = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    double y = reduced_[columns_ + i] - perturbed_[columns_ + i];
    if (state_[columns_ + i] == kBasic) y = 0;
    if (shift_by != 0) y += sign * shift_by * row_[i];
    if (y > 0 && lower_[columns_ + i] <= -kInfinite) y = 0;
    if (y < 0 && upper_[columns_ + i] >= kInfinite) y = 0;
    if (std::abs(y) < 1e-11) y = 0;
    candidate[i] = y;
    if (y == 0) continue;
    sum += y * (y > 0 ? lower_[columns_ + i] : upper_[columns_ + i]);
    for (const Entry& entry : model_.entries_of(i)) costs[entry.column] -= y * static_cast<double>(entry.coefficient);
  }
  for (uint32_t j = 0; j < columns_; ++j) sum += costs[j] * (costs[j] > 0 ? lower_[j] : upper_[j]);
  if (!std::isfinite(sum)) return false;
  multipliers_.swap(candidate);
  bound_ = sum;
  return true;
}

DualSimplex::Outcome DualSimplex::solve(const Limits& limits) {
  bound_ = -kInfinite;
  for (uint32_t j = 0; j < columns_; ++j) {
    if (lower_[j] > upper_[j]) {
      bound_ = kInfinite;
      std::fill(multipliers_.begin(), multipliers_.end(), 0.0);
      return Outcome::kInfeasible;
    }
  }
  perturbed_ = cost_;
  for (uint32_t j = 0; j < columns_; ++j) {
    // Towards the bound the column would sit at without any row.
    const double by = kPerturbation * scatter(j) * (1 + std::abs(cost_[j]));
    perturbed_[j] += state_[j] == kAtUpper ? -by : by;
  }
  load_basis();
  struct Candidate {
    double ratio;
    uint32_t column;
  };
  std::vector<Candidate> candidates;
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.ratio != b.ratio ? a.ratio > b.ratio : a.column > b.column;
  };
  int64_t left = limits.iterations;
  int repairs = 0;
  alpha_.assign(columns_ + size_, 0.0);
  touched_.clear();
  for (int64_t round = 0;; ++round) {
    if (factors_.is_stale()) load_basis();
    if ((round & 63) == 63) {
      if (limits.stop && limits.stop()) {
        take_bound(0, 0);
        return Outcome::kStopped;
      }
      if (limits.cutoff < kInfinite && take_bound(0, 0) && bound_ > limits.cutoff) return Outcome::kCutOff;
    }
    if (left-- <= 0) {
      take_bound(0, 0);
      return bound_ > limits.cutoff ? Outcome::kCutOff : Outcome::kStopped;
    }
    // The row that is furthest out, measured in the steepest edge norm.
    uint32_t leaving = size_;
    double best = 0;
    for (uint32_t p = 0; p < size_; ++p) {
      const double out = excess_[p];
      if (out > kPrimalTolerance && out * out > best * weight_[p]) {
        best = out * out / weight_[p];
        leaving = p;
      }
    }
    if (leaving == size_) {
      if (factors_.updates() > 0 && repairs < 3) {  // look once more with fresh factors
        ++repairs;
        load_basis();
        continue;
      }
      take_bound(0, 0);
      return bound_ > limits.cutoff ? Outcome::kCutOff : Outcome::kOptimal;
    }
    ++iterations_;
    const uint32_t out_column = basic_[leaving];
    const bool above = value_[out_column] > upper_[out_column];
    const double sign = above ? 1.0 : -1.0;
    row_.assign(size_, 0.0);
    row_[leaving] = 1.0;
    factors_.solve_transposed(row_);

    // Row `leaving` of the tableau, by rows of the model; then the candidates of the ratio test.
    for (const uint32_t j : touched_) alpha_[j] = 0;
    touched_.clear();
    double norm = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      const double value = row_[i];
      if (value == 0) continue;
      norm += value * value;
      if (state_[columns_ + i] != kBasic) {
        alpha_[columns_ + i] = -value;
        touched_.push_back(columns_ + i);
      }
      for (const Entry& entry : model_.entries_of(i)) {
        if (state_[entry.column] == kBasic) continue;
        if (alpha_[entry.column] == 0) touched_.push_back(entry.column);
        alpha_[entry.column] += value * static_cast<double>(entry.coefficient);
      }
    }
    weight_[leaving] = std::max(norm, 1e-12);
    std::sort(touched_.begin(), touched_.end());
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
    // Ratios are >= 0; bounds are flipped in their order while the objective still rises.
    candidates.clear();
    for (const uint32_t j : touched_) {
      if (alpha_[j] == 0 || lower_[j] == upper_[j]) continue;
      const double a = sign * alpha_[j];
      if ((state_[j] == kAtLower && a > kPivotTolerance) || (state_[j] == kAtUpper && a < -kPivotTolerance)) {
        candidates.push_back({std::max(0.0, reduced_[j] / a), j});
      }
    }
    std::make_heap(candidates.begin(), candidates.end(), later);
    size_t unpassed = candidates.size();  // those still in the heap
    double slope = excess_[leaving];
    Candidate breaking{};
    bool broken = false;
    while (unpassed > 0) {
      std::pop_heap(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(unpassed), later);
      breaking = candidates[--unpassed];
      const double range = upper_[breaking.column] - lower_[breaking.column];
      if (range < kInfinite) slope -= std::abs(alpha_[breaking.column]) * range;
      broken = range >= kInfinite || slope < kPrimalTolerance;
      if (broken) break;
    }
    if (!broken) {
      // Flipping everything leaves the row out of its bounds: no point exists. A multiple of the
      // ray, added to the duals, proves it.
      if (factors_.updates() > 0 && repairs < 3) {
        ++repairs;
        load_basis();
        continue;
      }
      for (int power = 0; power < 30; power += 3) {
        const double times = std::ldexp(1.0, power);
        // Row i of the ray prices the rows of the model: y moves by sign * row_.
        if (!take_bound(times, above ? 1 : -1)) break;
        if (bound_ > limits.cutoff && bound_ > 0 && limits.cutoff < kInfinite) return Outcome::kInfeasible;
        if (limits.cutoff >= kInfinite && times > 1e3) return Outcome::kInfeasible;
      }
      return Outcome::kLost;
    }
    // Among those within tolerance of the breaking ratio, the largest pivot.
    uint32_t in_column = breaking.column;
    double reach = (std::abs(reduced_[in_column]) + kDualTolerance) / std::abs(alpha_[in_column]);
    while (unpassed > 0 && candidates.front().ratio <= reach) {
      std::pop_heap(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(unpassed), later);
      const uint32_t j = candidates[--unpassed].column;
      reach = std::min(reach, (std::abs(reduced_[j]) + kDualTolerance) / std::abs(alpha_[j]));
      if (std::abs(alpha_[j]) > std::abs(alpha_[in_column])) in_column = j;
    }
    entering_.assign(size_, 0.0);
    column_into(in_column, 1.0, entering_);
    factors_.solve(entering_);
    const double pivot = entering_[leaving];
    if (std::abs(pivot) < 1e-9 || std::abs(pivot - alpha_[in_column]) > 1e-6 * (1 + std::abs(pivot))) {
      if (++repairs > 50) return Outcome::kLost;
      if (factors_.updates() == 0) {
        // Fresh factors and still no agreement: keep this row out of the way for a while.
        weight_[leaving] *= 1e6;
        continue;
      }
      load_basis();
      continue;
    }

    // Duals. Those that were overtaken sit on the other bound from here on.
    const double step = reduced_[in_column] / alpha_[in_column];
    flips_.assign(size_, 0.0);
    bool flipped = false;
    for (const uint32_t j : touched_) {
      reduced_[j] -= step * alpha_[j];
      if (j == in_column || lower_[j] == upper_[j]) continue;
      const bool wrong = state_[j] == kAtLower ? reduced_[j] < 0 : reduced_[j] > 0;
      if (!wrong) continue;
      if (std::abs(reduced_[j]) > kDualTolerance && lower_[j] > -kInfinite && upper_[j] < kInfinite) {
        const double range = upper_[j] - lower_[j];
        const double change = state_[j] == kAtLower ? range : -range;
        state_[j] = state_[j] == kAtLower ? kAtUpper : kAtLower;
        value_[j] += change;
        column_into(j, change, flips_);
        flipped = true;
      } else {
        perturbed_[j] -= reduced_[j];
        reduced_[j] = 0;
      }
    }
    reduced_[in_column] = 0;
    reduced_[out_column] = -step;
    if (flipped) {
      factors_.solve(flips_);
      for (uint32_t p = 0; p < size_; ++p) {
        if (flips_[p] == 0) continue;
        value_[basic_[p]] -= flips_[p];
        measure(p);
      }
    }
    // Primal step.
    const double target = above ? upper_[out_column] : lower_[out_column];
    const double move = (value_[out_column] - target) / pivot;
    tau_ = row_;
    factors_.solve(tau_);
    const double leaving_weight = weight_[leaving];
    for (uint32_t p = 0; p < size_; ++p) {
      const double a = entering_[p];
      if (a == 0) continue;
      value_[basic_[p]] -= move * a;
      if (p == leaving) continue;
      measure(p);
      const double part = a / pivot;
      weight_[p] = std::max({weight_[p] - 2 * part * tau_[p] + part * part * leaving_weight, part * part, 1e-4});
    }
    weight_[leaving] = std::max(leaving_weight / (pivot * pivot), 1e-4);
    value_[in_column] += move;
    value_[out_column] = target;
    state_[in_column] = kBasic;
    state_[out_column] = above ? kAtUpper : kAtLower;
    basic_[leaving] = in_column;
    measure(leaving);
    factors_.replace(leaving, entering_);
  }
}

}  // namespace rondo::milp
