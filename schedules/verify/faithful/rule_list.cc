#include "schedules/verify/faithful/rule_list.h"

#include "schedules/verify/faithful/check.h"

namespace rondo::proof {

const std::vector<const FaithfulRule*>& faithful_rule_list() {
  static const std::vector<const FaithfulRule*> list = {
      &kLiveValuesAreDisjoint,
      &kReadersGetTheirValue,
      &kNoUseAfterDeath,
      &kWrittenValuesAreRead,
      &kSumsAreLeftAlone,
      &kValuesHaveOneHome,
      &kPeaksAreClaimed,
      &kCopiesAreDoneBeforeUse,
      &kCopiesAreWaitedFor,
      &kSlotsAreReleasedBeforeRefill,
      &kRingLabelsMatchAddresses,
      &kPhasesDoNotDecrease,
      &kContractionsAgree,
      &kSumsAndOutputsAreCovered,
      &kPoliciesAreKept,
      &kUpdatesAreOrdered,
      &kClaimsAreTrue,
  };
  return list;
}

const std::vector<RuleInfo>& faithful_rules() {
  static const std::vector<RuleInfo> infos = [] {
    std::vector<RuleInfo> list;
    for (const FaithfulRule* rule : faithful_rule_list()) list.push_back(rule->info);
    return list;
  }();
  return infos;
}

}  // namespace rondo::proof
