// The claims of a file, one by one: what each says, and what is true.
#pragma once
#include <optional>
#include "schedules/verify/faithful/check.h"

namespace rondo::proof {

// Checks every claim, adds K05 and M11 findings and counts claims_hold, claims_false
// and claims_stated of `report`. Precondition: the schedule is safe.
void check_claims(const FaithfulInput& input, Report& report);

}  // namespace rondo::proof
