// A mixed integer linear programme in integers: what the builders make and every solver takes.
//
//   minimise  sum cost_j x_j   over   lower_i <= sum a_ij x_j <= upper_i,   lower_j <= x_j <= upper_j
//
// All data are integers, so that a bound on the objective can be checked without rounding
// (certificate.h). Names are unique, made of [A-Za-z0-9_.] and at most 60 long: they are the
// identity of rows and columns in MPS files and in certificates. Plain data; a const Model
// may be read by any number of threads.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/result.h"

namespace rondo::milp {

// "No bound" of a row. Columns are bounded on both sides, which makes every set of row
// multipliers a bound on the objective.
inline constexpr int64_t kUnbounded = int64_t{1} << 62;
// Limits of the exact arithmetic: |coefficients and costs|, |finite bounds|, entries.
inline constexpr int64_t kLargestCoefficient = int64_t{1} << 20;
inline constexpr int64_t kLargestBound = int64_t{1} << 31;
inline constexpr uint64_t kMostEntries = uint64_t{1} << 28;

struct Column {
  int64_t lower = 0;
  int64_t upper = 1;
  int64_t cost = 0;
  bool integer = true;
  std::string name;
};

struct Entry {
  uint32_t column = 0;
  int64_t coefficient = 0;
};

struct Row {
  int64_t lower = -kUnbounded;
  int64_t upper = kUnbounded;
  std::string name;
};

struct Model {
  std::string name = "model";
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::vector<uint32_t> begins{0};  // row i has entries begins[i] .. begins[i + 1]
  std::vector<Entry> entries;       // of a row: by column, each column once, none zero

  uint32_t add_column(Column column);
  // Entries of one column are added up, zeros dropped, the rest sorted.
  uint32_t add_row(Row row, std::vector<Entry> terms);
  std::span<const Entry> entries_of(uint32_t row) const {
    return {entries.data() + begins[row], entries.data() + begins[row + 1]};
  }
};

// kInvalidArgument, naming the row or column: bounds that cross, data beyond the limits above,
// names that are missing or used twice, columns that do not exist.
Status check_model(const Model& model);

// The objective at a point; the largest amount by which it misses a row, a bound or (for integer
// columns) the nearest integer. Precondition: a value for each column.
double objective_at(const Model& model, std::span<const double> point);
double violation_at(const Model& model, std::span<const double> point);

// Free MPS with the names of the model, readable by cbc, HiGHS and others; the same model gives
// the same bytes. Precondition: check_model().
std::string print_mps(const Model& model);

}  // namespace rondo::milp
