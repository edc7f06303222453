// How full an arena is over a replay.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

// Live bytes of one arena at each position of `order`. A byte is live from the op
// that writes it to the last op that reads it before it is written again; one that
// is never read only where it is written. Nothing if the arena's accesses fall into
// more than `run_limit` runs of adjacent bytes: the chart is not worth that.
// Precondition: check_structure accepts the schedule; bounds need not be proven.
std::optional<std::vector<uint64_t>> live_bytes(const Schedule& schedule, const std::vector<uint32_t>& order,
                                                uint32_t arena, uint64_t run_limit = uint64_t{1} << 23);

}  // namespace rondo
