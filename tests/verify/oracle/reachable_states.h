// An oracle: what a small schedule can do, by visiting every state it can reach.
//
// It reads the tables of rondo/schedule.h and shares nothing with the verifier:
// no happens-before, no order, no intervals. Footprints are sets of single bytes,
// found by walking every element. Used only to judge `verify` on small files.
//
// An op is idle, running, done reading (only where it gives `read` signals) or
// completed. Every interleaving of these steps that waits and in_flight allow is
// visited, so what is reported is what some run can do.
#pragma once
#include <cstdint>
#include <string>
#include "rondo/schedule.h"

namespace rondo::oracle {

struct Verdict {
  bool hang = false;              // a reachable state has no running op and an unmet wait
  bool race = false;              // two conflicting accesses are running in one reachable state
  bool undefined_read = false;    // an op begins in a state where a byte it reads was never written
  bool undefined_output = false;  // every op completed and an output byte was never written
  // Consecutive signallers of a counted token were seen out of order: the later one
  // begun, the earlier one not completed.
  bool unordered_signallers = false;
  uint64_t states = 0;

  bool clean() const { return !hang && !race && !undefined_read && !undefined_output; }
};

// Limits: 20 ops a part, 128 bytes that are not constant over all bases, no scalars,
// rows only. Beyond them `fits` is false and `explore` must not be called.
bool fits(const Schedule& schedule);
Verdict explore(const Schedule& schedule);

}  // namespace rondo::oracle
