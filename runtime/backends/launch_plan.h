// How a replay is cut into launches of a device.
#pragma once
#include <string>
#include <vector>
#include "rondo/device.h"
#include "rondo/verify.h"
#include "runtime/backends/device.h"

namespace rondo::runtime {

struct PlannedLaunch {
  std::vector<StreamRange> ranges;
  uint32_t lanes = 0;
  uint32_t first_phase = 0, end_phase = 0;  // [first, end)
};

struct LaunchPlan {
  std::vector<PlannedLaunch> launches;
  ReplayWay way;
};

// One launch of everything, or the phases between the cuts of the file one after
// another. Lanes that wait for one another within a launch must all be resident;
// where those of a launch by phases do not, they are launched in turns of as many as
// are. kDoesNotFit, with the numbers, when neither way works (or the one asked for
// does not); kInvalidArgument when launches by phases are asked for of a file without cuts.
Result<LaunchPlan> plan_launches(const Schedule& schedule, Part part, const DeviceTraits& device,
                                 Launching launching = Launching::kAuto);

}  // namespace rondo::runtime
