// How long a schedule takes on a machine whose lanes hear of one another late.
#pragma once
#include "rondo/schedule.h"

namespace rondo::lanes {

struct LanePrediction {
  double makespan = 0;    // latest completion
  double sequential = 0;  // all ops, one after another
  double least = 0;       // of any order on these lanes: the engines of one kind share all work of that kind
};

// The event model of claim kMakespan, in the unit of the schedule's costs, but what one
// lane signals another one sees `token` later. All zero without costs.
LanePrediction predict_lanes(const Schedule& schedule, double token);

}  // namespace rondo::lanes
