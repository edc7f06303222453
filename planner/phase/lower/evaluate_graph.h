// A gate graph run step by step in f64, op by op: what lowered schedules are compared with.
//
// Sums are taken in the order of their terms. History is kept for every lookup, so that
// memory grows with the steps. Not thread-safe: one evaluation per thread.
#pragma once
#include <span>
#include <vector>

#include "planner/phase/gate_graph.h"

namespace rondo::phase {

class GraphEvaluation {
 public:
  explicit GraphEvaluation(const GateGraph& graph)
      : graph_(&graph), values_(graph.dims.size()), history_(graph.ops.size()) {}

  // One step. `inputs` are the values of the dims that no op makes, ascending.
  void step(std::span<const double> inputs);
  // Of all dims, after the last step.
  std::span<const double> values() const { return values_; }

 private:
  struct Row {
    double key[2];
    std::vector<double> values;
  };
  double sum(const Expression& expression) const;
  void look_up(uint32_t op);

  const GateGraph* graph_;
  std::vector<double> values_;
  std::vector<std::vector<Row>> history_;  // of each lookup, one row a step
};

}  // namespace rondo::phase
