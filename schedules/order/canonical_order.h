// The one canonical serial order of a part of a schedule.
//
// A first-in-first-out list of streams, at first by index: take one, issue its ops
// until one has an unmet wait (each op completes at once), and let the stream
// queue at the token of its first unmet wait. A signal moves the whole queue of its
// token to the end of the list. The serial replay follows this order, live-peak
// claims speak of it, and by the first lemma of docs/verifier.md it reaches the end
// iff every run does. Planners compute it on their own: see docs/decisions/0005.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

struct CanonicalOrder {
  // A stream that cannot go on: its next op waits for what is never signalled.
  struct Stuck {
    uint32_t stream = 0;
    uint32_t op = 0;
    uint32_t wait = 0;       // slot of the first unmet wait
    uint32_t signalled = 0;  // what its token counts in the end
  };

  std::vector<uint32_t> ops;  // op indices in the order of issue
  std::vector<Stuck> stuck;   // by stream; empty iff the part completes
  uint64_t steps = 0;         // ops issued plus streams looked at
  bool too_complex = false;   // more than `step_limit` steps: `ops` is a prefix
};

// Precondition: check_structure accepts `schedule`. Thread-safe.
CanonicalOrder canonical_order(const Schedule& schedule, Part part,
                               uint64_t step_limit = std::numeric_limits<uint64_t>::max());

}  // namespace rondo
