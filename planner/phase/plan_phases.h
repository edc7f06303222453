// The phase planner: a gate graph in, a schedule out, and the methods it is compared with.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "planner/phase/load_graph.h"
#include "planner/phase/phase_schedule.h"
#include "planner/phase/search.h"
#include "rondo/result.h"

namespace rondo::phase {

enum class Solver : uint8_t {
  kAuto,   // the own one
  kCbc,    // COIN-OR CBC, where the build has it, looks for schedules; the own one proves
  kHighs,  // HiGHS, likewise
  kOwn,    // Rondo's branch and bound: its bounds come with a certificate
  kNone,   // rules and local search alone
};
constexpr const char* name_of(Solver solver) {
  constexpr const char* kNames[] = {"auto", "cbc", "highs", "own", "none"};
  return kNames[static_cast<uint8_t>(solver)];
}

enum class Objective : uint8_t {
  kWidth,    // fewest columns with the layers given; then fewer neurons, by local search alone
  kNeurons,  // fewest columns, then (lazy) the fewest neurons, by the solver
  kFlops,    // flops per token, layers chosen: the least and up to four more
};

struct PhaseProgress {
  const char* stage = "";  // "search", "own"
  double fraction = 0;     // of moves or time, at most 1
  uint32_t columns = 0;    // of the best so far
  uint32_t bound = 0;
};

inline constexpr double kSolverSeconds = 60;

struct PlanPhasesOptions {
  uint32_t layers = 0;         // 0: the least
  Mode mode = Mode::kDelayed;  // of a gate graph; a slot graph has only its own
  bool lazy = false;
  uint32_t columns = 0;  // given, even: d_ffn is minimised within them, as by kNeurons; 0: the fewest
  Objective objective = Objective::kWidth;
  // `layers` is a budget: at last the fewest layers that reach the same width (kNeurons: and
  // the same neurons). Needs a solver; one programme for each number of layers.
  bool fewest_layers = false;
  Solver solver = Solver::kAuto;
  std::vector<uint32_t> start;  // phases of all ops to start from besides the rules' own; empty: none
  uint64_t seed = 1;
  uint64_t moves = 1'000'000;  // of the local search
  double time_limit_seconds =
      0;  // of everything, about; 0: none for the search, kSolverSeconds for each step of a solver
  // Called now and then from the calling thread; true ends the work with what there is.
  std::function<bool(const PhaseProgress&)> progress;
};

struct PhasePlan {
  PhaseSchedule schedule;      // proof: kOptimal when a certificate proves that no other is narrower
  std::string method;          // what found it: "search", "own", "cbc", ...
  uint32_t bound = 0;          // no schedule of these layers and this mode has fewer columns (slots, strict)
  std::string bound_from;      // "windows" or "proof"
  uint32_t neurons_bound = 0;  // none has fewer neurons within its columns; 0: nothing is known
  bool columns_given = false;
  std::string certificate;  // of the bound (columns given: of neurons), docs/phase-bounds.md; empty: none
  double seconds = 0;
};

// Errors: those of windows() and search(); kUnavailable for a solver this build lacks.
Result<PhasePlan> plan_phases(const AnyGraph& graph, const PlanPhasesOptions& options);

uint32_t columns_of(const PhaseSchedule& schedule);

// Every method on one graph, baselines first: no reuse, asap, alap, greedy (layered);
// list-schedule, published-heuristic, alap (strict); search, and the solver unless it is kNone.
// Of a layered graph each in the modes asked for.
Result<std::vector<PhasePlan>> compare_methods(const AnyGraph& graph, const std::vector<Mode>& modes,
                                               const PlanPhasesOptions& options);

// The programme that a solver is given, as an MPS file: the width, or with columns d_ffn.
Result<std::string> programme_of(const AnyGraph& graph, const PlanPhasesOptions& options);

// "optimal", "gap 4" (columns; slots, strict), "optimal, d_ffn gap 2", or "-" where nothing is claimed.
std::string status_of(const PhasePlan& plan);

}  // namespace rondo::phase
