// Replays that delay as far as tokens allow: one op at a time on the calling thread,
// in an order that only streams and tokens restrain, chosen by a seed.
//
// Streams are ranked at random, and the first in rank that can go on does, so that
// some stream is held back until nothing else is left; the ranking changes now and
// then. Where a stream may have several ops in flight, each of them touches memory at
// a moment between begin and completion, and they complete in any order. A schedule
// that lacks a token gives other bits for some seed; a proven one never does.
#pragma once
#include <cstdint>
#include <memory>
#include "runtime/replayer.h"

namespace rondo::runtime {

// Both outlive the replayer. Replay n of the replayer runs with seed + n. Stamps go
// where recording_of_streams (backends/device_replayer.h) puts them.
std::unique_ptr<Replayer> make_chaos_replayer(const Schedule& schedule, const PartTables& tables, uint64_t seed);

}  // namespace rondo::runtime
