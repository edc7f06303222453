// One subgraph by itself, as evaluate() judges it among the others.
#pragma once
#include <optional>
#include <vector>

#include "planner/fusion/evaluate.h"
#include "planner/fusion/geometry.h"

namespace rondo::fusion {

struct SubgraphVerdict {
  std::optional<Violation> violation;
  Geometry geometry;
  SubgraphCost cost;
};

// What it costs after one that retained `resident`, or the first rule it breaks. What lies
// in slow memory (R7) is not asked.
SubgraphVerdict judge_subgraph(const Problem& problem, const Subgraph& subgraph, const std::vector<uint32_t>& resident,
                               const EvaluateOptions& options = {});

}  // namespace rondo::fusion
