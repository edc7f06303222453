// A picture of phase schedules: slots over time, who lives where, what is erased when.
#pragma once
#include <string>
#include <vector>

#include "planner/phase/plan_phases.h"

namespace rondo::cli {

// SVG, one panel for each plan, side by side on one scale. Plans are of the graph.
std::string phase_picture(const phase::AnyGraph& graph, const std::vector<const phase::PhasePlan*>& plans);

}  // namespace rondo::cli
