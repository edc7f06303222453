#include "planner/lanes/predict_lanes.h"

#include <algorithm>
#include <map>
#include <set>

#include "planner/claims/derive_claims.h"
#include "planner/claims/event_model.h"

namespace rondo::lanes {

LanePrediction predict_lanes(const Schedule& schedule, double token) {
  LanePrediction prediction;
  if (schedule.costs.empty()) return prediction;
  EventModel model(schedule, token);
  std::map<uint8_t, double> work;  // by engine
  std::map<uint8_t, std::set<uint32_t>> lanes;
  for (const uint32_t index : canonical_order(schedule, Part::kReplay)) {
    const double duration = cost_of(schedule, schedule.ops[index]);
    const Stream& stream = schedule.streams[model.serve(index, duration).stream];
    prediction.sequential += duration;
    work[stream.engine] += duration;
    lanes[stream.engine].insert(stream.lane);
  }
  prediction.makespan = model.end();
  for (const auto& [engine, sum] : work)
    prediction.least = std::max(prediction.least, sum / static_cast<double>(lanes[engine].size()));
  return prediction;
}

}  // namespace rondo::lanes
