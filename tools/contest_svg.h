// A solution of the fast-memory problem as a picture: one SVG file that needs nothing
// beside it.
#pragma once
#include <string>

#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"

namespace rondo::cli {

// Time from left to right. Lanes: the subgraphs with their numbers, how busy compute and
// slow memory are (every step where steps are wide enough to see, else the share over the
// subgraph), how full fast memory is; where no schedule can end before. Below, the first
// steps of the longest subgraph, and the longest subgraphs as a table. Follows the
// viewer's light or dark scheme. Precondition: the solution is valid.
std::string contest_svg(const fusion::Problem& problem, const fusion::Solution& solution,
                        const fusion::Evaluation& evaluation, const fusion::LowerBounds& bounds,
                        const std::string& title);

}  // namespace rondo::cli
