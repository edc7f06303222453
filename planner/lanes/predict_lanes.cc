#include "planner/lanes/predict_lanes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "planner/claims/derive_claims.h"

namespace rondo::lanes {

LanePrediction predict_lanes(const Schedule& schedule, double token) {
  LanePrediction prediction;
  if (schedule.costs.empty()) return prediction;
  std::vector<const Cost*> cost_of(schedule.kernels.size(), nullptr);
  for (const Cost& cost : schedule.costs)
    if (cost.kernel < cost_of.size()) cost_of[cost.kernel] = &cost;
  std::vector<uint32_t> stream_of(schedule.ops.size(), 0);
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    for (uint32_t i = 0; i < schedule.streams[stream].op_count; ++i)
      stream_of[schedule.streams[stream].first_op + i] = stream;
  std::map<std::pair<uint32_t, uint8_t>, double> queue_free;
  std::vector<double> stream_free(schedule.streams.size(), 0);
  struct Raised {
    double at = 0;
    uint32_t lane = 0;
  };
  std::vector<std::vector<Raised>> raised(schedule.tokens.size());  // [count - 1]
  std::map<uint8_t, double> work;                                   // by engine
  std::map<uint8_t, std::set<uint32_t>> lanes;
  for (const uint32_t index : canonical_order(schedule, Part::kReplay)) {
    const Op& op = schedule.ops[index];
    const Stream& stream = schedule.streams[stream_of[index]];
    double& queue = queue_free[{stream.lane, stream.engine}];
    double start = std::max(queue, stream_free[stream_of[index]]);
    for (const Wait& wait : op.waits) {
      if (wait.token >= raised.size() || wait.count == 0) continue;
      const Raised& signal = raised[wait.token][wait.count - 1];
      start = std::max(start, signal.at + (signal.lane != stream.lane ? token : 0));
    }
    double duration = 0;
    if (op.kernel != kNoKernel && cost_of[op.kernel] != nullptr) {
      const Cost& cost = *cost_of[op.kernel];
      duration = cost.fixed + cost.per_flop * static_cast<double>(flops_of(schedule, op)) +
                 cost.per_byte * static_cast<double>(bytes_of(schedule, op));
    }
    const double end = queue = stream_free[stream_of[index]] = start + duration;
    for (const uint32_t signal : op.signals)
      if (signal < raised.size())
        raised[signal].push_back({raised[signal].empty() ? end : std::max(end, raised[signal].back().at), stream.lane});
    prediction.makespan = std::max(prediction.makespan, end);
    prediction.sequential += duration;
    work[stream.engine] += duration;
    lanes[stream.engine].insert(stream.lane);
  }
  for (const auto& [engine, sum] : work)
    prediction.least = std::max(prediction.least, sum / static_cast<double>(lanes[engine].size()));
  return prediction;
}

}  // namespace rondo::lanes
