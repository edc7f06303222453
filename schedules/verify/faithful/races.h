// What a race means for values: looked at once H01 has named the two ops.
#pragma once
#include <functional>
#include "schedules/verify/faithful/check.h"

namespace rondo::proof {

// Two operands of the ops of an H01 finding that share a cell; `first` comes first in
// canonical order.
struct RacingPair {
  uint32_t first_op = 0, first = 0;
  uint32_t second_op = 0, second = 0;
};

// Calls `visit` for every conflicting pair of operands of every race that was kept.
void for_each_race(const FaithfulInput& input, const std::function<void(const RacingPair&)>& visit);

void explain_unwaited_copies(const FaithfulInput& input);    // H02
void explain_early_refills(const FaithfulInput& input);      // H06
void explain_unordered_updates(const FaithfulInput& input);  // D01

}  // namespace rondo::proof
