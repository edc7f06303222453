#include "planner/claims/event_model.h"

#include <algorithm>
#include "planner/claims/derive_claims.h"

namespace rondo {

double cost_of(const Schedule& schedule, const Op& op) {
  if (op.kernel == kNoKernel) return 0;
  for (const Cost& cost : schedule.costs)
    if (cost.kernel == op.kernel)
      return cost.fixed + cost.per_flop * static_cast<double>(flops_of(schedule, op)) +
             cost.per_byte * static_cast<double>(bytes_of(schedule, op));
  return 0;
}

EventModel::EventModel(const Schedule& schedule, double token)
    : schedule_(schedule),
      token_(token),
      stream_of_(schedule.ops.size(), 0),
      stream_free_(schedule.streams.size(), 0),
      raised_(schedule.tokens.size()) {
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    for (uint32_t i = 0; i < schedule.streams[stream].op_count; ++i)
      stream_of_[schedule.streams[stream].first_op + i] = stream;
}

OpTime EventModel::serve(uint32_t index, double duration) {
  const Op& op = schedule_.ops[index];
  const uint32_t stream = stream_of_[index];
  const uint32_t lane = schedule_.streams[stream].lane;
  double& queue = queue_free_[{lane, schedule_.streams[stream].engine}];
  OpTime time{index, stream, std::max(queue, stream_free_[stream]), 0};
  for (const Wait& wait : op.waits) {
    if (wait.token >= raised_.size() || wait.count == 0 || wait.count > raised_[wait.token].size()) continue;
    const Raised& signal = raised_[wait.token][wait.count - 1];
    time.begin = std::max(time.begin, signal.at + (signal.lane != lane ? token_ : 0));
  }
  time.end = queue = stream_free_[stream] = time.begin + duration;
  for (const uint32_t signal : op.signals)
    if (signal < raised_.size())
      raised_[signal].push_back(
          {raised_[signal].empty() ? time.end : std::max(time.end, raised_[signal].back().at), lane});
  end_ = std::max(end_, time.end);
  return time;
}

}  // namespace rondo
