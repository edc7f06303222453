// The weights of one half-layer: which heads or neurons it has, what they read from the
// slots and what they add to them.
#pragma once
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/phase_schedule.h"

namespace rondo::phase {

// Matrices are dense and row-major, `slots` rows in, `slots` columns out.
struct HalfLayer {
  uint32_t latest = 0, mean = 0;  // heads of an attention half; those that average come last
  uint32_t neurons = 0;           // of a feed-forward half
  // Columns: attention q, k, v of every head, two each; feed-forward a of every neuron, then b.
  std::vector<double> in;
  // Rows: two values of every head, or one of every neuron.
  std::vector<double> out;
};

// Precondition: every dim that is read has a slot or is made in the half-layer.
std::vector<HalfLayer> weigh_half_layers(const GateGraph& graph, const PhaseSchedule& schedule, uint32_t slots);

}  // namespace rondo::phase
