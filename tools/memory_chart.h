// A text chart of how full an arena is over a replay.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "runtime/trace/live_bytes.h"  // what the chart is drawn of

namespace rondo::cli {

// A chart of at most `columns` x `rows` characters with its scale, time to the right.
std::string memory_text(const std::vector<uint64_t>& live, uint32_t columns, uint32_t rows);

}  // namespace rondo::cli
