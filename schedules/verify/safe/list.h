// Declares each rule of the folder for the list in rules.cc.
#pragma once
#include "schedules/verify/rules.h"

namespace rondo::proof {

extern const SafeRule kHeaderRule, kDigestRule, kReferencesRule, kCanonicalRule;                // F01-F04
extern const SafeRule kScalarsRule, kBoundsRule, kExtentsRule, kSignatureRule, kAlignmentRule;  // R01 M01 E01 K01 M02
extern const SafeRule kPlaceRule, kCapacityRule, kLaneRule;                                     // M10 M11 L01
extern const SafeRule kTokensRule, kHangRule;                                                   // T01 H08
extern const SafeRule kOverlapRule, kRaceRule, kDefinedRule, kLayoutRule, kOutputsRule;         // A01 H01 M04 N02 O01
extern const SafeRule kCutsRule;                                                                // C01
extern const SafeRule kBudgetRule;                                                              // B01

// Calls visit(op_index, op, slot, operand) for every operand, op by op.
template <class Visit>
void each_operand(const Schedule& schedule, const Visit& visit) {
  for (uint32_t op_index = 0; op_index < schedule.ops.size(); ++op_index) {
    const Op& op = schedule.ops[op_index];
    for (uint32_t slot = 0; slot < op.operand_count; ++slot)
      visit(op_index, op, slot, schedule.operands[op.first_operand + slot]);
  }
}

// "operand 2 (c)": by the contract's name where there is one.
std::string operand_name(const Contract* contract, uint32_t slot);
uint64_t bytes_of_base(const Schedule& schedule, uint32_t base);

}  // namespace rondo::proof
