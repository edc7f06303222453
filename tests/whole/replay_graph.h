// The whole way of one graph: plan, verify, prepare, replay, compare with double precision.
#pragma once
#include <map>
#include <string>
#include <vector>
#include "planner/evaluate/evaluate.h"
#include "rondo/graph.h"
#include "rondo/machine.h"
#include "rondo/plan.h"
#include "rondo/runtime.h"

namespace rondo::testing {

using Data = std::map<std::string, std::vector<float>, std::less<>>;

struct Replayed {
  std::string failure;     // "" or where the way ended and why
  double worst_ratio = 0;  // largest |error| / bound over all outputs
  Data outputs;
};

// The bound is 4 * k * eps * sum |a||b| and what follows from it (evaluate.h).
inline constexpr double kErrorFactor = 4;

// Replays a schedule of `graph` on `data` and compares every output.
Replayed replay_schedule(const Schedule& schedule, const Graph& graph, const Data& data, InstructionSet limit,
                         bool must_be_faithful);

}  // namespace rondo::testing
