// The whole way of one graph: plan, verify, prepare, replay, compare with double precision.
#pragma once
#include <string>
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"
#include "tests/whole/graph_run.h"

namespace rondo::testing {

struct Replayed {
  std::string failure;      // "" or where the way ended and why
  double worst_ratio = 0;   // largest |error| / bound over all outputs
  double most_unusual = 0;  // largest |error| / usual error over all outputs
  Data outputs;             // and states as they are afterwards
};

// Bounds as evaluate.h has them, times this.
inline constexpr double kErrorFactor = 1;

// Replays a schedule of `graph` once and compares every output and every changed state.
Replayed replay_schedule(const Schedule& schedule, const Graph& graph, const GraphRun& run, InstructionSet limit,
                         bool must_be_faithful);

}  // namespace rondo::testing
