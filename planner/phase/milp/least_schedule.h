// The narrowest schedule there is, with a proof: what `rondo phase plan` calls.
//
// Width first, then (when asked) the fewest neurons at that width. Every width is that of
// realise(), never of a solver; every bound that is called proven has a certificate that
// check_certificate() accepted. Thread safety: as milp::solve().
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/milp/solver.h"
#include "planner/phase/phase_schedule.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

struct LeastOptions {
  uint32_t layers = 1;
  Mode mode = Mode::kDelayed;  // of a gate graph
  // After the width: the fewest neurons, erasing a value when that costs none.
  bool lazy = false;
  // Of a gate graph: columns that are given (an even number), so that only neurons are minimised.
  std::optional<uint32_t> columns;
  // At last: the fewest layers, at most `layers`, that reach the same width (and neurons). Solves
  // the programme of each number of layers from the least on.
  bool fewest_layers = false;
  // kAuto and kOwn: the own search. CBC and HiGHS look for schedules; what they say of bounds is
  // then certified by the own search, in at most as long again.
  milp::SolverKind solver = milp::SolverKind::kAuto;
  double time_limit_s = 60;                             // elapsed, of each of the steps width, certificate, neurons
  uint32_t threads = 1;                                 // of CBC and HiGHS
  std::vector<uint32_t> start;                          // empty, or phases of all ops to start from
  std::function<void(const milp::Progress&)> progress;  // in half the columns; slots; neurons
  std::function<bool()> cancelled;
};

struct LeastSchedule {
  // proof is kOptimal when no schedule is narrower (with `lazy` also: has fewer neurons) by
  // certificates, and kFeasible otherwise.
  PhaseSchedule schedule;
  uint32_t columns_bound = 0;                               // no schedule has fewer: d_model, or slots; certified
  uint32_t neurons_bound = 0;                               // with `lazy`: none of these columns has fewer; certified
  milp::SolverKind solver = milp::SolverKind::kOwn;         // that found the schedule
  milp::SolveStatus claimed = milp::SolveStatus::kUnknown;  // what it said of it
  int64_t nodes = 0;
  double seconds = 0;
  uint32_t layers_bound = 0;        // with `fewest_layers`: fewer layers do not reach the width (neurons); certified
  std::string certificate;          // of columns_bound, as text with `about` lines; may be empty
  std::string neurons_certificate;  // of neurons_bound
};

// Errors: those of windows() and of milp::solve(); kDoesNotFit when nothing fits `columns`.
Result<LeastSchedule> least_schedule(const GateGraph& graph, const LeastOptions& options);
Result<LeastSchedule> least_schedule(const SlotGraph& graph, const LeastOptions& options);

// Checks a certificate of least_schedule() against a graph, building its programme again from its
// `about` lines: columns (slots) or neurons that no schedule can be below. Errors:
// kInvalidArgument with line or node.
struct ProvenBound {
  uint32_t layers = 0;
  Mode mode = Mode::kDelayed;
  std::optional<uint32_t> columns;  // given; then the bound is of neurons
  uint32_t bound = 0;
};
Result<ProvenBound> check_bound(const GateGraph& graph, std::string_view text, const std::string& file);
Result<ProvenBound> check_bound(const SlotGraph& graph, std::string_view text, const std::string& file);

}  // namespace rondo::phase
