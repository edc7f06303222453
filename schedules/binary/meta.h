// META, the first section: the strings of a schedule as lines of text, so that
// `head` or `strings` says what made a file and for what machine.
#pragma once
#include <string>
#include <string_view>
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo {

std::string print_meta(const Schedule& schedule);

// Fills producer, source, backend, machine and lane_count; takes only what
// print_meta writes.
Status parse_meta(std::string_view text, Schedule& schedule);

inline constexpr uint32_t kMetaLines = 6;

}  // namespace rondo
