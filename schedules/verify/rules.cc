#include "schedules/verify/rules.h"

#include <array>
#include "schedules/structure/sentence.h"
#include "schedules/verify/safe/list.h"

namespace rondo::proof {

std::span<const SafeRule* const> safe_rules() {
  static constexpr std::array<const SafeRule*, 21> kList = {
      &kHeaderRule,    &kDigestRule,    &kReferencesRule, &kCanonicalRule, &kScalarsRule, &kBoundsRule,  &kExtentsRule,
      &kSignatureRule, &kAlignmentRule, &kPlaceRule,      &kCapacityRule,  &kLaneRule,    &kTokensRule,  &kHangRule,
      &kBudgetRule,    &kOverlapRule,   &kRaceRule,       &kDefinedRule,   &kLayoutRule,  &kOutputsRule, &kCutsRule,
  };
  return kList;
}

std::string operand_name(const Contract* contract, uint32_t slot) {
  if (contract == nullptr || slot >= contract->operand_count) return sentence("operand ", slot);
  return sentence("operand ", slot, " (", contract->operands[slot].name, ")");
}

uint64_t bytes_of_base(const Schedule& schedule, uint32_t base) {
  return schedule.is_arena(base) ? schedule.arenas[base].bytes : bytes_of(schedule.binding_of(base));
}

}  // namespace rondo::proof
