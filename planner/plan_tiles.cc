// Which strategy serves which machine.
#include "planner/direct/plan_direct.h"
#include "planner/graph/loose_limits.h"
#include "planner/tile/plan_staged.h"
#include "rondo/plan.h"

namespace rondo {

Result<Plan> plan_tiles(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  if (graph.operators.empty())
    return make_error(ErrorCode::kInvalidArgument,
                      "graph '" + graph.name + "' has no operators: there is nothing to plan");
  // Copies to scratch pay only beside an engine that computes meanwhile, and not where
  // kernels work in memory of the device; the policies other than the default are about copies.
  const bool copies_pay =
      machine.copy_in_engines + machine.copy_out_engines != 0 && machine.space(SpaceKind::kDevice) == nullptr;
  const bool direct =
      options.staging == Staging::kDirect || (options.staging == Staging::kAuto && machine.direct_operands &&
                                              !copies_pay && options.policy == PlacementPolicy::kDefault);
  if (direct && !machine.direct_operands)
    return make_error(ErrorCode::kInvalidArgument,
                      "machine '" + machine.name + "' has no direct operands: plan it staged");
  Result<Plan> plan = direct ? plan_direct(graph, machine, options) : plan_staged(graph, machine, options);
  if (plan.ok()) plan->summary.warnings = warn_of_loose_limits(graph);
  return plan;
}

}  // namespace rondo
