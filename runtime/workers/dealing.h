// How the lanes of one part are dealt to workers: fixed when a program is made.
//
// Whole lanes go into *shares*, neighbours together. All ops of the part keep one
// total order, the canonical one; a share is the ops of its lanes in that order. A
// wait for a signal of the same share is met by that order and vanishes. A wait for
// another share becomes: so many steps of that share have completed. Whoever runs
// several shares runs their steps merged in the order of positions, which meets every
// wait between them; so any number of workers, from one to the number of shares, can
// finish, whichever shares they take and whenever they take them.
//
// Immutable once made; any number of threads may read it.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"
#include "runtime/trace/recording.h"

namespace rondo::runtime {

inline constexpr uint32_t kMaxWorkers = 256;

struct Step {
  uint32_t op = 0;
  uint32_t position = 0;    // in the canonical order
  uint16_t wait_count = 0;  // of Share::waits, taken one after another
  uint16_t publishes = 0;   // 1: another share waits for this step, which is not the last
};
static_assert(sizeof(Step) == 12);

// Holds a step back until `steps` steps of another share have completed.
struct StepWait {
  uint16_t share = 0;
  uint16_t which = 0;  // of Op::waits: for messages
  uint32_t steps = 0;
};
static_assert(sizeof(StepWait) == 8);

// No number of steps meets this wait: the token never gets there. Only in tables that
// were not verified.
inline constexpr uint32_t kNeverMet = 0x7fffffff;

struct Share {
  std::vector<Step> steps;
  std::vector<StepWait> waits;  // of its steps, in their order
};

struct Dealing {
  std::vector<Share> shares;  // at least one, none empty unless the part is
  // A share's track is its index; its first record is here.
  RecordingLayout recording;
  std::vector<uint64_t> first_record;
};

// Deals the lanes that have ops in `order` to at most `workers` shares. Cost: linear
// in ops and signals.
Dealing deal_lanes(const Schedule& schedule, const std::vector<uint32_t>& order, uint32_t workers);

}  // namespace rondo::runtime
