// The linear relaxation of a Model, solved by a bounded dual simplex method.
//
// Who uses it: the tree search (search_tree.h), which changes column bounds and solves again from
// the last basis. Every column is boxed, so every basis is dual feasible once each nonbasic column
// sits at the right bound, and a solve never needs a first phase. Method: dual steepest edge
// pricing (Forrest and Goldfarb, "Steepest-edge simplex algorithms for linear programming", 1992),
// bound flipping and Harris ratio tests with cost shifting as in Koberstein, "The dual simplex
// method: techniques for a fast and stable implementation" (2005), costs perturbed against ties.
// Deterministic; not thread-safe; the model must outlive it.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "planner/phase/milp/factorization.h"
#include "planner/phase/milp/model.h"

namespace rondo::milp {

class DualSimplex {
 public:
  enum class Outcome : uint8_t {
    kOptimal,     // values() solve the relaxation
    kCutOff,      // bound() exceeds the cutoff
    kInfeasible,  // no point meets rows and bounds; multipliers() push bound() above any cutoff
    kStopped,     // `stop` said so, or too many iterations; bound() holds nevertheless
    kLost,        // numerically: neither a basis nor a bound can be trusted
  };
  struct Limits {
    double cutoff = 1e30;
    int64_t iterations = int64_t{1} << 40;
    std::function<bool()> stop;  // asked every 64 iterations; may be empty
  };
  // Which columns and rows are basic, which nonbasic ones sit at their upper bound.
  using Basis = std::vector<uint8_t>;

  // Precondition: check_model(model).
  explicit DualSimplex(const Model& model);

  void set_bounds(uint32_t column, double lower, double upper);
  double lower(uint32_t column) const { return lower_[column]; }
  double upper(uint32_t column) const { return upper_[column]; }
  const Basis& basis() const { return state_; }
  void set_basis(const Basis& basis);

  Outcome solve(const Limits& limits);

  // One value a column; one multiplier a row, positive where the lower bound of the row is used,
  // negative where the upper.
  std::span<const double> values() const { return {value_.data(), columns_}; }
  std::span<const double> multipliers() const { return multipliers_; }
  // A bound on the objective within the current column bounds, from multipliers() alone (in
  // floating point; certificate.h repeats it in integers).
  double bound() const { return bound_; }
  int64_t iterations() const { return iterations_; }

 private:
  enum State : uint8_t { kAtLower = 0, kAtUpper = 1, kBasic = 2 };

  void load_basis();      // factorizes, makes nonbasic columns dual feasible, computes values
  void compute_values();  // of basic columns
  void compute_reduced_costs();
  void measure(uint32_t position);             // excess_
  bool take_bound(double shift_by, int sign);  // multipliers_, bound_ from the current duals plus a ray
  void column_into(uint32_t column, double times, std::vector<double>& vector) const;

  const Model& model_;
  uint32_t columns_, size_;                               // structural columns; rows
  std::vector<double> lower_, upper_, cost_, perturbed_;  // of columns, then of rows
  std::vector<uint32_t> column_begin_;
  std::vector<Factorization::Term> column_terms_;
  Factorization factors_;
  Basis state_;
  std::vector<uint32_t> basic_;  // at each position
  std::vector<double> value_, reduced_, weight_;
  std::vector<double> excess_;  // at each position: by how much the column there is out of its bounds
  std::vector<double> row_, entering_, flips_, tau_, alpha_;
  std::vector<uint32_t> touched_;  // where alpha_ is not zero
  std::vector<double> multipliers_;
  double bound_ = -1e30;
  int64_t iterations_ = 0;
  bool loaded_ = false;
};

}  // namespace rondo::milp
