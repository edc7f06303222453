// What a race means for values: looked at once H01 has named the two ops.
#pragma once
#include <functional>
#include "schedules/verify/faithful/check.h"

namespace rondo::proof {

// Two operands of the ops of an H01 finding that share a cell. `writer` writes; where
// both do it is the later one in canonical order.
struct RacingPair {
  uint32_t writer_op = 0, writer = 0;
  uint32_t other_op = 0, other = 0;
  // `other` reads, and names what `writer` brings: it came too early for that. (Not
  // known without labels on both: then canonical order decides.)
  bool other_wants_it = false;
};

// Calls `visit` for every conflicting pair of operands of every race that was kept.
void for_each_race(const FaithfulInput& input, const std::function<void(const RacingPair&)>& visit);

void explain_unwaited_copies(const FaithfulInput& input);    // H02
void explain_early_refills(const FaithfulInput& input);      // H06
void explain_unordered_updates(const FaithfulInput& input);  // D01

}  // namespace rondo::proof
