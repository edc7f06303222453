// Random schedules that pass the structural check and mean nothing: every table,
// every enum, every optional field. For round trips, mutations and fuzz seeds.
#pragma once
#include <cstdint>
#include "rondo/schedule.h"

namespace rondo::testing {

struct RandomScheduleOptions {
  uint32_t max_records = 6;  // of each table
  uint32_t max_ops = 12;
};

// The same seed gives the same schedule on every machine.
Schedule random_schedule(uint64_t seed, const RandomScheduleOptions& options = {});

// Table by table, byte by byte; not `file` and `op_lines`.
bool same_tables(const Schedule& a, const Schedule& b);

// The next of a fixed sequence of 31-bit numbers (Knuth's MMIX generator); every compiler sees the same.
inline uint64_t next_random(uint64_t& state) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return state >> 33;
}

}  // namespace rondo::testing
