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
#include <vector>
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
  bool trespass = false;  // an op uses an arena of lanes that its stream is not of
  uint64_t states = 0;

  bool clean() const { return !hang && !race && !undefined_read && !undefined_output && !trespass; }
};

// What scalars are taken to be.
//   kExactly: these values. What some run can do is the union over all of them.
//   kAnything: each bound and each offset of an operand is anything in its range, whatever
//   the others are; what is defined is what is written in every case. Nothing worse can be.
struct Setting {
  enum class Kind : uint8_t { kExactly, kAnything } kind = Kind::kExactly;
  std::vector<int64_t> values;  // by scalar
};

// Limits: 20 ops a part, 128 bytes that are not constant over all bases, 64 settings of
// scalars, rows only. Beyond them `fits` is false and `explore` must not be called.
bool fits(const Schedule& schedule);
Verdict explore(const Schedule& schedule, const Setting& setting = {});
// All values that the scalars may have together.
std::vector<Setting> settings_of(const Schedule& schedule);

}  // namespace rondo::oracle
