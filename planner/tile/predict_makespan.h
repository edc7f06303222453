// What a placed list costs on a machine, before it is lowered.
#pragma once
#include "planner/tile/tile_form.h"
#include "rondo/machine.h"

namespace rondo::tiling {

struct Prediction {
  double makespan = 0;    // latest completion, every engine serving its ops in list order
  double sequential = 0;  // sum of all costs
};

// The event model of claim kMakespan, with conflicts for tokens. Kernels without a
// cost in the machine file are free.
Prediction predict_makespan(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program,
                            const Machine& machine);

}  // namespace rondo::tiling
