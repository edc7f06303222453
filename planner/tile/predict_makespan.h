// What a placed list costs on a machine, before it is lowered.
#pragma once
#include "planner/tile/find_conflicts.h"
#include "planner/tile/tile_form.h"
#include "rondo/machine.h"

namespace rondo::tiling {

struct Prediction {
  double makespan = 0;    // latest completion, every engine serving its ops in list order
  double sequential = 0;  // sum of all costs
};

// Which engine of which lane serves an op: a number of its own for each.
class Queues {
 public:
  static constexpr uint32_t kPerLane = 3;

  explicit Queues(const Machine& machine)
      : load_(machine.copy_in_engines != 0 ? 0 : 1), store_(machine.copy_out_engines != 0 ? 2 : load_) {}

  uint32_t of(const MicroProgram& micro, const PlacedOp& op) const {
    const Engine engine = engine_of(micro, op);
    return op.lane * kPerLane + (engine == Engine::kCopyIn ? load_ : engine == Engine::kCompute ? 1 : store_);
  }

 private:
  uint32_t load_, store_;
};

// In the machine's cost unit; 0 for a kernel without a cost.
double cost_of(const MicroProgram& micro, const PlacedOp& op, const Machine& machine);

// The event model of claim kMakespan, with conflicts for tokens, and what one lane waits
// for from another one later by the machine's token. Kernels without a
// cost in the machine file are free.
Prediction predict_makespan(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program,
                            const Machine& machine);

}  // namespace rondo::tiling
