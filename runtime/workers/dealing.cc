#include "runtime/workers/dealing.h"

#include <algorithm>

namespace rondo::runtime {
namespace {

constexpr uint32_t kTrackGapRecords = 8;  // two cache lines between what two workers write

// Where a signal comes from: after `steps` steps of `share` it has been sent.
struct Sent {
  uint32_t stream = 0;
  uint32_t share = 0;
  uint32_t steps = 0;
};

std::vector<uint32_t> stream_of_ops(const Schedule& schedule) {
  std::vector<uint32_t> stream_of(schedule.ops.size());
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    std::fill_n(stream_of.begin() + schedule.streams[stream].first_op, schedule.streams[stream].op_count, stream);
  return stream_of;
}

// The share of each lane; lanes without ops in `order` have none.
std::vector<uint32_t> deal(const Schedule& schedule, const std::vector<uint32_t>& order,
                           const std::vector<uint32_t>& stream_of, uint32_t workers, uint32_t& share_count) {
  std::vector<uint32_t> lanes;
  lanes.reserve(order.size());
  for (const uint32_t op : order) lanes.push_back(schedule.streams[stream_of[op]].lane);
  std::sort(lanes.begin(), lanes.end());
  lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
  share_count = std::clamp<uint32_t>(static_cast<uint32_t>(lanes.size()), 1, std::clamp(workers, 1u, kMaxWorkers));
  std::vector<uint32_t> share_of(lanes.empty() ? 0 : lanes.back() + 1, kNone);
  for (uint64_t rank = 0; rank < lanes.size(); ++rank)
    share_of[lanes[rank]] = static_cast<uint32_t>(rank * share_count / lanes.size());
  return share_of;
}

// The steps of other shares that `wait` of a step of `share` asks for. T01 makes this
// exact: either one stream signals the token, and its n-th signal is the n-th in
// stream order, or the wait asks for all signals.
void find_sources(const std::vector<Sent>& sent, const Wait& wait, uint32_t share, uint16_t which,
                  std::vector<StepWait>& sources) {
  if (wait.count > sent.size()) {
    sources.push_back({static_cast<uint16_t>(share), which, kNeverMet});
    return;
  }
  const bool one_stream =
      std::all_of(sent.begin(), sent.end(), [&](const Sent& each) { return each.stream == sent.front().stream; });
  const size_t first = one_stream ? wait.count - 1 : 0, last = one_stream ? wait.count : sent.size();
  for (size_t i = first; i < last; ++i)
    if (sent[i].share != share) sources.push_back({static_cast<uint16_t>(sent[i].share), which, sent[i].steps});
}

}  // namespace

Dealing deal_lanes(const Schedule& schedule, const std::vector<uint32_t>& order, uint32_t workers) {
  const std::vector<uint32_t> stream_of = stream_of_ops(schedule);
  uint32_t share_count = 1;
  const std::vector<uint32_t> share_of_lane = deal(schedule, order, stream_of, workers, share_count);
  const auto share_of = [&](uint32_t op) { return share_of_lane[schedule.streams[stream_of[op]].lane]; };

  Dealing dealing;
  dealing.shares.resize(share_count);
  std::vector<std::vector<Sent>> sent(schedule.tokens.size());
  dealing.recording.record_of.resize(order.size());
  dealing.recording.track_of.resize(order.size());
  for (uint32_t position = 0; position < order.size(); ++position) {
    const uint32_t index = order[position], share = share_of(index);
    std::vector<Step>& steps = dealing.shares[share].steps;
    dealing.recording.track_of[position] = share;
    dealing.recording.record_of[position] = static_cast<uint32_t>(steps.size());
    steps.push_back({index, position, 0, 0});
    for (const uint32_t token : schedule.ops[index].signals)
      if (token != kNone) sent[token].push_back({stream_of[index], share, static_cast<uint32_t>(steps.size())});
  }

  // A share that has waited for n steps of another need not ask for fewer again.
  std::vector<std::vector<uint32_t>> known(share_count, std::vector<uint32_t>(share_count, 0));
  std::vector<uint32_t> next(share_count, 0);
  std::vector<StepWait> sources;
  for (uint32_t position = 0; position < order.size(); ++position) {
    const uint32_t share = dealing.recording.track_of[position];
    Share& own = dealing.shares[share];
    Step& step = own.steps[next[share]++];
    const Op& op = schedule.ops[step.op];
    sources.clear();
    for (size_t which = 0; which < std::size(op.waits); ++which)
      if (op.waits[which].token != kNone && op.waits[which].count != 0)
        find_sources(sent[op.waits[which].token], op.waits[which], share, static_cast<uint16_t>(which), sources);
    // The furthest step of each share first; the others of that share then drop out.
    std::stable_sort(sources.begin(), sources.end(),
                     [](const StepWait& a, const StepWait& b) { return a.steps > b.steps; });
    for (const StepWait& source : sources) {
      if (source.steps <= known[share][source.share]) continue;
      known[share][source.share] = source.steps;
      own.waits.push_back(source);
      ++step.wait_count;
      if (source.steps != kNeverMet) dealing.shares[source.share].steps[source.steps - 1].publishes = 1;
    }
  }

  // The end of a share is published by itself, and once: whoever sees it may begin the
  // next replay, in which the counter is another worker's.
  for (Share& share : dealing.shares)
    if (!share.steps.empty()) share.steps.back().publishes = 0;

  RecordingLayout& recording = dealing.recording;
  recording.track_count = share_count;
  std::vector<uint64_t> first(share_count);
  for (uint32_t share = 0; share < share_count; ++share) {
    first[share] = recording.record_count;
    recording.record_count += dealing.shares[share].steps.size() + (share + 1 < share_count ? kTrackGapRecords : 0);
  }
  for (uint32_t position = 0; position < order.size(); ++position)
    recording.record_of[position] += static_cast<uint32_t>(first[recording.track_of[position]]);
  dealing.first_record = std::move(first);
  return dealing;
}

}  // namespace rondo::runtime
