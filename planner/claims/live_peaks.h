// How many bytes of each arena are live at once in the canonical serial order: the claim
// `live_peak` of every arena that is not prepared.
//
// A byte is live from the op that writes it to the last one that reads what was written;
// where one op reads and writes it, it is live there once. Exact to the byte. Written apart
// from the verifier, which recounts it. About linear in the rows that operands have in
// arenas; memory about 16 bytes an operand and 60 a row of each different operand of one arena.
// Thread safety: a pure function.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

// By arena, 0 for prepared ones. `order`: all ops of the replay.
std::vector<uint64_t> live_peaks(const Schedule& schedule, const std::vector<uint32_t>& order);

}  // namespace rondo
