// What the verifier has against a schedule, as errors of a verb that goes no further with it.
#pragma once
#include <string>
#include "rondo/schedule.h"
#include "rondo/verify.h"
#include "tools/console.h"

namespace rondo::cli {

// Prints the first findings by op and rule, then the conclusion; returns kBad.
int fail_with_findings(const Schedule& schedule, const Report& report, const std::string& conclusion, Console& console);

}  // namespace rondo::cli
