// Members are planned one by one and joined: what they share, they share by name.
#include <set>

#include "planner/set/join_schedules.h"
#include "rondo/plan.h"

namespace rondo {

Result<SetPlan> plan_set(const std::vector<Graph>& graphs, const Machine& machine, const PlanOptions& options) {
  if (graphs.empty()) return make_error(ErrorCode::kInvalidArgument, "a set needs at least one graph");
  SetPlan made;
  std::vector<Schedule> parts;
  std::set<std::string> taken;
  for (const Graph& graph : graphs) {
    if (graphs.size() > 1 && graph.name.empty())
      return make_error(ErrorCode::kInvalidGraph, "every graph of a set needs a name: its member is called by it");
    if (!taken.insert(graph.name).second)
      return make_error(ErrorCode::kInvalidGraph, "two graphs of the set are named '" + graph.name + "'");
    Result<Plan> plan = plan_tiles(graph, machine, options);
    if (!plan.ok()) return plan.error();
    made.members.push_back(graph.name);
    made.summaries.push_back(std::move(plan->summary));
    parts.push_back(std::move(plan->schedule));
  }
  if (graphs.size() == 1) {
    made.schedule = std::move(parts[0]);
    return made;
  }
  Result<Schedule> joined = sets::join_schedules(parts, made.members);
  if (!joined.ok()) return joined.error();
  made.schedule = *std::move(joined);
  return made;
}

}  // namespace rondo
