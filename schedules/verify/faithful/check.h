// The door to the `faithful` level: every operand holds the value it names,
// outputs are final and covered, claims are true. Called by verify() for schedules
// that are safe; the rules behind it are one file each in this folder.
#pragma once
#include <vector>
#include "rondo/verify.h"
#include "schedules/verify/engine.h"
#include "schedules/verify/findings.h"

namespace rondo::proof {

struct FaithfulInput {
  const Engine& engine;  // engine.schedule is the file
  Findings& findings;    // add() with Level::kFaithful
};

// Fills the values_* and claims_* counters of `report`; findings go to
// `input.findings`, which verify() sorts by the rule list and caps.
void check_faithful(const FaithfulInput& input, Report& report);

// The second door, for schedules that are unsafe because of races alone: adds H02,
// H06 and D01 findings that say what each H01 finding means for the values the file
// carries. Precondition: every part has a whole canonical order. Silent without values.
void explain_races(const FaithfulInput& input);

// The faithful part of the rule list, in the order the rules run.
const std::vector<RuleInfo>& faithful_rules();

}  // namespace rondo::proof
