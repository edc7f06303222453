// One interface to every solver of mixed integer programmes.
//
// Three are known, one file each: CBC (solve_cbc.cc, where coinor-libcbc-dev was there when the
// library was built), HiGHS (solve_highs.cc, likewise) and Rondo's own branch and bound
// (search_tree.h), which needs neither and is the only one whose bounds come with a certificate.
// A solver's word is never more than a claim: points are checked against the model before they
// are returned, bounds are certified by the own search.
// Thread safety: solve() may be called from several threads; CBC runs one at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "planner/phase/milp/certificate.h"
#include "planner/phase/milp/model.h"
#include "rondo/result.h"

namespace rondo::milp {

enum class SolverKind : uint8_t { kAuto, kCbc, kHighs, kOwn };
constexpr const char* name_of(SolverKind kind) {
  constexpr const char* kNames[] = {"auto", "cbc", "highs", "own"};
  return kNames[static_cast<uint8_t>(kind)];
}

// Whether this build has it; kAuto and kOwn always.
bool is_available(SolverKind kind);

struct Progress {
  double seconds = 0;  // elapsed
  double incumbent = std::numeric_limits<double>::infinity();
  double bound = -std::numeric_limits<double>::infinity();
  int64_t nodes = 0;
};

struct SolveOptions {
  double time_limit_s = 3600;  // elapsed, not processor time; exceeded by at most a second or so
  int64_t node_limit = std::numeric_limits<int64_t>::max();
  uint32_t threads = 1;  // CBC and HiGHS; the own search has one
  // Stops once incumbent - bound is at most this. Objectives are integers on integer points, so
  // anything below 1 asks for a proof.
  double gap = 0.999;
  std::vector<double> start;  // empty, or a point with a value for each column
  // Own search: makes a candidate point of a fractional one. CBC and HiGHS have heuristics.
  std::function<std::optional<std::vector<double>>(std::span<const double>)> round;
  std::function<void(const Progress&)> progress;  // from the solving thread, not more often than 5/s
  std::function<bool()> cancelled;                // asked from the solving thread
};

enum class SolveStatus : uint8_t {
  kOptimal,     // by the word of the solver; certified where `certificate` says so
  kFeasible,    // a point; the time, the nodes or the caller ended the search
  kInfeasible,  // by the word of the solver
  kUnknown,     // no point and no proof
};
constexpr const char* name_of(SolveStatus status) {
  constexpr const char* kNames[] = {"optimal", "feasible", "infeasible", "unknown"};
  return kNames[static_cast<uint8_t>(status)];
}

struct SolveResult {
  SolveStatus status = SolveStatus::kUnknown;
  SolverKind solver = SolverKind::kOwn;
  std::vector<double> point;  // empty without one
  double objective = std::numeric_limits<double>::infinity();
  double bound = -std::numeric_limits<double>::infinity();
  int64_t nodes = 0;
  double seconds = 0;
  // Of the own search: proves certificate->bound exactly (check_certificate()).
  std::optional<Certificate> certificate;

  double gap() const { return objective - bound; }
};

// kAuto: the own search, which on programmes of schedules closes sooner than CBC and proves what it
// says. Errors: kInvalidArgument for a bad model or start;
// kUnavailable for a solver that this build lacks (the message says which package has it);
// kCancelled when the caller stopped it before there was a point.
Result<SolveResult> solve(const Model& model, SolverKind kind, const SolveOptions& options);

}  // namespace rondo::milp
