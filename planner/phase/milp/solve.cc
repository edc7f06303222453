#include <algorithm>
#include <cmath>

#include "planner/phase/milp/search_tree.h"
#include "planner/phase/milp/solve_cbc.h"
#include "planner/phase/milp/solve_highs.h"
#include "planner/phase/milp/solver.h"

namespace rondo::milp {

bool is_available(SolverKind kind) {
  return kind == SolverKind::kCbc ? has_cbc() : kind == SolverKind::kHighs ? has_highs() : true;
}

Result<SolveResult> solve(const Model& model, SolverKind kind, const SolveOptions& options) {
  if (Status checked = check_model(model); !checked.ok()) return checked.error();
  for (const Column& column : model.columns) {
    if (column.cost != 0 && !column.integer) {
      return make_error(ErrorCode::kInvalidArgument, "column " + column.name + " has a cost and is not integer");
    }
  }
  if (!options.start.empty()) {
    if (options.start.size() != model.columns.size()) {
      return make_error(ErrorCode::kInvalidArgument, "the start has " + std::to_string(options.start.size()) +
                                                         " values for " + std::to_string(model.columns.size()) +
                                                         " columns");
    }
    if (violation_at(model, options.start) > 1e-6) {
      return make_error(ErrorCode::kInvalidArgument, "the start does not meet the rows and bounds of the model");
    }
  }
  if (kind == SolverKind::kAuto) kind = SolverKind::kOwn;
  if (kind == SolverKind::kCbc && !has_cbc()) {
    return make_error(ErrorCode::kUnavailable,
                      "this build has no CBC: it was not there when Rondo was built (Debian: coinor-libcbc-dev)");
  }
  if (kind == SolverKind::kHighs && !has_highs()) {
    return make_error(ErrorCode::kUnavailable,
                      "this build has no HiGHS: its C interface was not there when Rondo was built");
  }
  SolveResult result = kind == SolverKind::kCbc     ? solve_cbc(model, options)
                       : kind == SolverKind::kHighs ? solve_highs(model, options)
                                                    : search_tree(model, options);
  if (!result.point.empty()) {
    // A solver's tolerances are not the model's: integers are rounded, then checked.
    for (size_t j = 0; j < result.point.size(); ++j) {
      if (model.columns[j].integer) result.point[j] = std::nearbyint(result.point[j]);
    }
    if (violation_at(model, result.point) > 1e-5) {
      result.point.clear();
      result.status = SolveStatus::kUnknown;
      result.objective = std::numeric_limits<double>::infinity();
    } else {
      result.objective = objective_at(model, result.point);
    }
  }
  if (result.point.empty() && options.cancelled && options.cancelled()) {
    return make_error(ErrorCode::kCancelled, "the search was stopped before it had a point");
  }
  return result;
}

}  // namespace rondo::milp
