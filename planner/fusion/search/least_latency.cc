#include "planner/fusion/search/least_latency.h"

namespace rondo::fusion {

LeastLatency least_latency(const Problem& problem) {
  double compute = 0, moved = 0;
  const auto tiles = [&](int64_t extent) {
    return static_cast<double>((extent + problem.native - 1) / problem.native);
  };
  for (const Operator& op : problem.operators) {
    const Tensor& out = problem.tensors[op.output];
    compute += op.base_cost * tiles(out.width) * tiles(out.height);
  }
  for (uint32_t tensor = 0; tensor < problem.tensors.size(); ++tensor)
    if (problem.is_output(tensor) || (problem.is_input(tensor) && !problem.consumers[tensor].empty()))
      moved += static_cast<double>(problem.tensors[tensor].size());
  const double memory = problem.bandwidth > 0 ? moved / problem.bandwidth : 0;
  return compute >= memory ? LeastLatency{compute, "compute"} : LeastLatency{memory, "inputs and outputs once"};
}

}  // namespace rondo::fusion
