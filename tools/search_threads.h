// Threads for the solver of the fast-memory scheduling problem, by oneTBB.
#pragma once
#include <cstdint>
#include "planner/fusion/search/run_all.h"

namespace rondo::cli {

// At most `threads` threads, the calling one included. Empty, which means one after
// another, where this build has no oneTBB or `threads` is 1.
fusion::RunAll search_threads(uint32_t threads);

}  // namespace rondo::cli
