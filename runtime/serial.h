// The serial executor: every op of one part, one after another, in the order that
// proved the schedule.
//
// In this order every wait is met by ops that completed earlier, so tokens cost
// nothing. This executor is the oracle that later ones are compared with. Thread
// safety: none needed; it owns nothing.
#pragma once
#include <atomic>
#include <cstdint>
#include "runtime/part_tables.h"
#include "runtime/trace/recording.h"

namespace rondo::runtime {

struct SerialWork : PartTables {
  // Looked at before every op when not null.
  const std::atomic<bool>* stop = nullptr;
  // Room for op_count stamps by position, or null. Sync ops have theirs too; ops that
  // did not run get zeros.
  OpStamps* stamps = nullptr;
};

// The number of ops run: op_count, or fewer when stopped. Sets the floating-point
// mode and restores it.
uint64_t run_serial(const SerialWork& work);

}  // namespace rondo::runtime
