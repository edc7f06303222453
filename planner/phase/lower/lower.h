// From a phase schedule to a schedule that replays: one replay is one step.
//
// Slots are addresses of one arena of f64, the residual. Every half-layer is a linear
// layer out of it, heads or neurons, and a linear layer that adds to it:
//
//   attention     hidden = x QKV      keys, values: row `position` of two states
//                 heads = hard-max over rows 0 .. position      x += heads O
//   feed-forward  hidden = x W        neurons = a max(b, 0)     x += neurons V
//
// A persist costs no op: its sum is in O or V, over heads and neurons of its own
// half-layer and over slots that are passed through. A slot that is subtracted is passed
// through and enters O or V with -1, before anything else that is added: what is left of
// the old value is then exactly 0 for every float, fused or not, unless a persist adds to
// that slot and reads another one that is passed through; those sums are exact for
// integers below 2^53. `inputs` are embedded by a matrix, `outputs` read by one.
// Thread safety: pure functions.
#pragma once
#include <string>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/phase_schedule.h"
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo::phase {

struct LowerOptions {
  uint32_t steps = 1024;  // that the history holds: the scalar `position` is below
};

// A constant of the lowered schedule: f64, row-major.
struct Weights {
  std::string name;
  std::vector<uint32_t> shape;
  std::vector<double> values;
};

struct LoweredPhases {
  Schedule schedule;  // bindings `inputs` and `outputs`, the constants, two states a layer; scalar `position`
  std::vector<Weights> constants;
  std::vector<uint32_t> inputs;   // dims, in the order of `inputs`
  std::vector<uint32_t> outputs;  // dims, in the order of `outputs`
  uint32_t heads = 0, d_ffn = 0;  // most of one layer: what the phase schedule says
  uint64_t flops_per_step = 0;    // with a full history
};

// Preconditions, which the checker proves (rondo phase check): the schedule is one of the
// graph. What would not be addressable is refused: kInvalidArgument for another number of
// ops or dims, phases beyond the layers, or a dim that is read and has no slot;
// kTooComplex where a matrix would have more than 2^26 elements.
Result<LoweredPhases> lower_phases(const GateGraph& graph, const PhaseSchedule& schedule, const LowerOptions& options);

}  // namespace rondo::phase
