// The faithful rules, one file each; rule_list.cc puts them in order.
#pragma once
#include <vector>
#include "schedules/verify/faithful/value_walk.h"

namespace rondo::proof {

extern const FaithfulRule kLiveValuesAreDisjoint;         // M03
extern const FaithfulRule kReadersGetTheirValue;          // M05
extern const FaithfulRule kNoUseAfterDeath;               // M06
extern const FaithfulRule kWrittenValuesAreRead;          // M07
extern const FaithfulRule kSumsAreLeftAlone;              // M08
extern const FaithfulRule kValuesHaveOneHome;             // M09
extern const FaithfulRule kPeaksAreClaimed;               // M11
extern const FaithfulRule kCopiesAreDoneBeforeUse;        // H02
extern const FaithfulRule kCopiesAreWaitedFor;            // H03
extern const FaithfulRule kSlotsAreReleasedBeforeRefill;  // H06
extern const FaithfulRule kRingLabelsMatchAddresses;      // H10
extern const FaithfulRule kPhasesDoNotDecrease;           // P01
extern const FaithfulRule kContractionsAgree;             // S04
extern const FaithfulRule kSumsAndOutputsAreCovered;      // S05
extern const FaithfulRule kPoliciesAreKept;               // N01
extern const FaithfulRule kUpdatesAreOrdered;             // D01
extern const FaithfulRule kClaimsAreTrue;                 // K05

// In the order they are listed and run.
const std::vector<const FaithfulRule*>& faithful_rule_list();

}  // namespace rondo::proof
