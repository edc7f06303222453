// Replays a schedule in the simplest way there is: every op in canonical order, on
// fresh arenas that begin as NaN, by the kernels of this build. No verifier, no runtime.
#pragma once
#include "rondo/schedule.h"
#include "tests/whole/graph_run.h"

namespace rondo {

using testing::Data;
using testing::GraphRun;

// Outputs, and states as they are afterwards, by name. Arenas and outputs begin as NaN, so
// that whatever reads an undefined byte shows.
Data plain_replay(const Schedule& schedule, const GraphRun& run);

}  // namespace rondo
