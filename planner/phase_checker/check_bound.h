// Checks a proof that no schedule of a graph is narrower (docs/phase-bounds.md).
//
// The programme is built again from the graph, row by row as the proof names them: each
// row is an inequality that every schedule meets, so that nothing has to be believed.
// Arithmetic is in integers of 128 bits, which the limits of the format make exact.
// Work is linear in the proof times the dims a width row sums. Thread safety: pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include "planner/phase_checker/certificate.h"
#include "planner/phase_checker/graph.h"
#include "rondo/result.h"

namespace rondo::phase_checker {

struct ProvenBound {
  uint32_t layers = 0;
  Mode mode = Mode::kDelayed;
  int64_t columns = 0;  // no schedule of these layers and this mode has fewer; layered: d_model, else slots
  uint64_t leaves = 0;
};

// Errors: kInvalidSchedule with the line where the proof is malformed or does not hold;
// kUnavailable for rows this checker does not know (width+heads, neurons).
Result<ProvenBound> check_bound(const Graph& graph, std::string_view text, const std::string& file);
Result<ProvenBound> load_bound(const Graph& graph, const std::string& path);

}  // namespace rondo::phase_checker
