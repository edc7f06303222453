// A sparse LU factorization of a simplex basis with product-form updates.
//
// Used by DualSimplex alone. Columns are factorized left-looking with a depth-first search for
// the pattern of each triangular solve (Gilbert and Peierls, "Sparse partial pivoting in time
// proportional to arithmetic operations", 1988), after singleton columns and rows have been
// peeled off; a replaced column adds an eta matrix. Vectors are dense; positions of a basis and
// rows of the programme share the range 0 .. size-1. Not thread-safe: it has scratch of its own.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::milp {

class Factorization {
 public:
  struct Term {
    uint32_t row;
    double value;
  };

  // Basis column at position p: terms[begins[p] .. begins[p + 1]). Returns false when the basis
  // is singular; then `dependent_positions` and `uncovered_rows` (equally many) say which columns
  // to replace by unit columns of which rows.
  bool factorize(uint32_t size, std::span<const uint32_t> begins, std::span<const Term> terms);

  // In place: row-indexed b -> position-indexed x with B x = b.
  void solve(std::vector<double>& vector);
  // In place: position-indexed c -> row-indexed y with y B = c.
  void solve_transposed(std::vector<double>& vector);
  // Replaces the column at `position`; `column` is solve() of the new one, and its value at
  // `position` is not zero.
  void replace(uint32_t position, const std::vector<double>& column);

  uint32_t updates() const { return static_cast<uint32_t>(etas_.size()); }
  // Entries of the updates against those of the factors: when to factorize anew.
  bool is_stale() const {
    return etas_.size() >= 100 || eta_terms_.size() > 2 * (lower_.size() + upper_.size()) + size_;
  }

  std::vector<uint32_t> dependent_positions;
  std::vector<uint32_t> uncovered_rows;

 private:
  struct Eta {
    uint32_t position;
    double pivot;
    uint32_t begin, end;  // of eta_terms_, the pivot left out
  };

  uint32_t size_ = 0;
  // Step k pivots row pivot_row_[k] with the basis column at position pivot_position_[k].
  std::vector<uint32_t> pivot_row_, pivot_position_, step_of_row_;
  std::vector<double> pivot_;
  std::vector<Term> lower_, upper_;  // lower_: by rows; upper_: `row` is the step of the pivot row
  std::vector<uint32_t> lower_begin_, upper_begin_;
  // Most columns of L and U are empty: the steps of those that are not, ascending; 1 / pivot of the
  // steps whose column of U is empty, and 1 of the others.
  std::vector<uint32_t> lower_steps_, upper_steps_;
  std::vector<double> scale_;
  std::vector<Eta> etas_;
  std::vector<Term> eta_terms_;
  std::vector<double> work_;
};

}  // namespace rondo::milp
