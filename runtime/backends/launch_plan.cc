#include "runtime/backends/launch_plan.h"

#include <algorithm>

namespace rondo {

std::string ReplayWay::text() const {
  if (launches == 0) return backend;
  const std::string size = lanes == 1 ? "one lane" : std::to_string(lanes) + " lanes";
  if (launching == Launching::kPersistent) return backend + ", one persistent launch of " + size;
  return backend + ", " + (launches == 1 ? "one launch" : std::to_string(launches) + " launches") + " by phases of " +
         (launches == 1 ? "" : "up to ") + size;
}

namespace runtime {
namespace {

// Ops of the phases [first, end) of every stream of the part. Along a stream phases do
// not decrease (rule C01 where the file has cuts), so they are one range.
PlannedLaunch launch_of(const Schedule& schedule, Part part, uint32_t first_phase, uint32_t end_phase) {
  PlannedLaunch launch;
  launch.first_phase = first_phase;
  launch.end_phase = end_phase;
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream) {
    const Stream& record = schedule.streams[stream];
    if (record.part != static_cast<uint8_t>(part) || record.op_count == 0) continue;
    const auto begin = schedule.ops.begin() + record.first_op, end = begin + record.op_count;
    const auto before = [](const Op& op, uint32_t phase) { return op.phase < phase; };
    const auto first = first_phase == 0 ? begin : std::lower_bound(begin, end, first_phase, before);
    const auto last = end_phase == kNone ? end : std::lower_bound(first, end, end_phase, before);
    if (first == last) continue;
    launch.ranges.push_back(
        {stream, static_cast<uint32_t>(first - schedule.ops.begin()), static_cast<uint32_t>(last - first)});
  }
  launch.lanes = lane_count(schedule, launch.ranges);
  return launch;
}

// Whether an op of the launch waits for a signal that another lane sends in the same launch.
bool lanes_wait_for_one_another(const Schedule& schedule, const PlannedLaunch& launch) {
  // Per token, of the signals sent in this launch: the lane, or that there are several.
  constexpr uint32_t kSeveral = kNone - 1;
  std::vector<uint32_t> sender(schedule.tokens.size(), kNone);
  const auto each_op = [&](const auto& visit) {
    for (const StreamRange& range : launch.ranges)
      for (uint32_t op = range.first_op; op < range.first_op + range.op_count; ++op)
        if (visit(schedule.ops[op], schedule.streams[range.stream].lane)) return true;
    return false;
  };
  each_op([&](const Op& op, uint32_t lane) {
    for (const uint32_t token : op.signals)
      if (token != kNone) sender[token] = sender[token] == kNone || sender[token] == lane ? lane : kSeveral;
    return false;
  });
  return each_op([&](const Op& op, uint32_t lane) {
    for (const Wait& wait : op.waits)
      if (wait.token != kNone && sender[wait.token] != kNone && sender[wait.token] != lane) return true;
    return false;
  });
}

// The ranges of a launch in turns of at most `resident` lanes.
void add_in_turns(const Schedule& schedule, PlannedLaunch launch, uint32_t resident,
                  std::vector<PlannedLaunch>& launches) {
  if (launch.lanes <= resident) {
    launches.push_back(std::move(launch));
    return;
  }
  std::stable_sort(launch.ranges.begin(), launch.ranges.end(), [&](const StreamRange& a, const StreamRange& b) {
    return schedule.streams[a.stream].lane < schedule.streams[b.stream].lane;
  });
  PlannedLaunch turn{{}, 0, launch.first_phase, launch.end_phase};
  uint32_t last_lane = kNone;
  for (const StreamRange& range : launch.ranges) {
    const uint32_t lane = schedule.streams[range.stream].lane;
    if (lane != last_lane && turn.lanes == resident) {
      launches.push_back(std::move(turn));
      turn = {{}, 0, launch.first_phase, launch.end_phase};
    }
    turn.lanes += lane != last_lane;
    last_lane = lane;
    turn.ranges.push_back(range);
  }
  launches.push_back(std::move(turn));
}

Error too_many_lanes(const PlannedLaunch& launch, const DeviceTraits& device, const std::string& what) {
  return make_error(ErrorCode::kDoesNotFit, what + " has " + std::to_string(launch.lanes) +
                                                " lanes that wait for one another and must all be resident; backend '" +
                                                std::string(device.backend) + "' holds " +
                                                std::to_string(device.max_resident_lanes) + " at one time");
}

}  // namespace

Result<LaunchPlan> plan_launches(const Schedule& schedule, Part part, const DeviceTraits& device, Launching launching) {
  LaunchPlan plan;
  plan.way.backend = device.backend;
  plan.way.resident_lanes = device.max_resident_lanes;
  PlannedLaunch whole = launch_of(schedule, part, 0, kNone);
  const bool fits = whole.lanes <= device.max_resident_lanes;
  if (launching == Launching::kByPhases && part == Part::kReplay && schedule.cuts.empty())
    return make_error(ErrorCode::kInvalidArgument, "launches by phases need cuts, the schedule lists none");
  if (launching == Launching::kPersistent && !fits)
    return make_error(ErrorCode::kDoesNotFit, "one persistent launch needs all " + std::to_string(whole.lanes) +
                                                  " lanes resident, backend '" + std::string(device.backend) +
                                                  "' holds " + std::to_string(device.max_resident_lanes) +
                                                  " at one time");
  if (fits && (launching != Launching::kByPhases || part == Part::kPrepare)) {
    plan.way.launching = Launching::kPersistent;
    if (!whole.ranges.empty()) plan.launches.push_back(std::move(whole));
  } else {
    plan.way.launching = Launching::kByPhases;
    uint32_t first = 0;
    const size_t cuts = part == Part::kPrepare ? 0 : schedule.cuts.size();  // no cut is one of prepare
    for (size_t i = 0; i <= cuts; ++i) {
      const uint32_t end = i < cuts ? schedule.cuts[i].phase : kNone;
      PlannedLaunch launch = launch_of(schedule, part, first, end);
      first = end;
      if (!launch.ranges.empty()) {
        if (launch.lanes > device.max_resident_lanes && lanes_wait_for_one_another(schedule, launch))
          return too_many_lanes(launch, device,
                                schedule.cuts.empty() || part == Part::kPrepare
                                    ? std::string("the schedule")
                                    : "the launch from phase " + std::to_string(launch.first_phase));
        add_in_turns(schedule, std::move(launch), device.max_resident_lanes, plan.launches);
      }
    }
  }
  plan.way.launches = static_cast<uint32_t>(plan.launches.size());
  plan.way.lanes = 0;
  for (const PlannedLaunch& launch : plan.launches) plan.way.lanes = std::max(plan.way.lanes, launch.lanes);
  return plan;
}

}  // namespace runtime
}  // namespace rondo
