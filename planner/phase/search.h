// Local search for narrow schedules. Needs no solver and proves nothing beyond the bound
// that windows alone give: what it finds is a schedule, not an optimum.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/phase_schedule.h"
#include "planner/phase/slot_graph.h"
#include "rondo/result.h"

namespace rondo::phase {

struct SearchProgress {
  uint64_t moves = 0;
  uint32_t columns = 0;  // of the best so far: d_model; slots on the strict machine
  uint32_t d_ffn = 0;
  uint32_t bound = 0;
};

struct SearchOptions {
  Mode mode = Mode::kDelayed;  // of a gate graph
  bool lazy = false;
  // Columns that may be used, an even number; 0: as few as can be found. The rest of the
  // moves lowers d_ffn.
  uint32_t columns = 0;
  uint64_t seed = 1;
  // Moves to try. The result depends on graph, options and nothing else, unless the time
  // limit ends it.
  uint64_t moves = 4'000'000;
  double time_limit_seconds = 0;  // 0: none
  // A placement to start from besides the rules' own; phases of all ops.
  std::vector<uint32_t> start;
  // Called now and then from the calling thread; true ends the search.
  std::function<bool(const SearchProgress&)> progress;
};

struct SearchResult {
  PhaseSchedule schedule;  // proof: kOptimal only when the width is the bound
  uint32_t bound = 0;      // no schedule of these layers and this mode has fewer slots
  uint64_t moves = 0;
};

// Errors: those of windows(); kInvalidArgument for options that contradict each other;
// kDoesNotFit when no placement within `columns` was found.
Result<SearchResult> search(const GateGraph& graph, uint32_t layers, const SearchOptions& options);
Result<SearchResult> search(const SlotGraph& graph, uint32_t layers, const SearchOptions& options);

}  // namespace rondo::phase
