// Lowering: from placed ops in streams to the tables of a Schedule.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "planner/direct/tensor_views.h"
#include "planner/tile/assign_streams.h"
#include "planner/tile/tile_form.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/schedule.h"

namespace rondo::tiling {

struct StagedProgram {
  const Graph& graph;
  const direct::TensorViews& views;
  const MicroProgram& micro;
  const PlacedProgram& placed;
  const StreamProgram& streams;
};

// Scratch is one arena of each lane; an intermediate that is stored gets an arena in
// memory of the device, or, where there is none, of the host; every operand carries its value, and its slot where the
// placement is a ring. Claims: the derived ones, loads eliminated, and `bounds`.
Schedule lower_tiles(const StagedProgram& program, const Machine& machine, const std::string& graph_name,
                     const std::vector<LowerBound>& bounds);

}  // namespace rondo::tiling
