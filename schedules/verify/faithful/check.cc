#include "schedules/verify/faithful/check.h"

#include "schedules/verify/faithful/claims.h"
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {

void check_faithful(const FaithfulInput& input, Report& report) {
  const Schedule& schedule = input.engine.schedule;
  for (const OperandLabel& label : schedule.labels) report.values_carried |= label.value != kNone;
  if (report.values_carried) {
    Facts facts(input.engine, input.findings);
    std::vector<std::unique_ptr<ValueObserver>> rules;
    for (const FaithfulRule* rule : faithful_rule_list())
      if (rule->make != nullptr) rules.push_back(rule->make(facts));
    walk_values(facts, rules);
    if (input.engine.budget.exhausted()) return;
    // What prepare holds is counted once in a set.
    const SetContext* set = input.engine.set;
    const uint32_t first = set == nullptr || set->first ? 0 : set->prepare_operands;
    for (uint32_t operand = first; operand < schedule.operands.size(); ++operand) {
      if (facts.refuted[operand] != 0)
        ++report.values_refuted;
      else if (facts.value(operand) != nullptr && !facts.is_empty(operand))
        ++report.values_agreed;
    }
  }
  check_claims(input, report);
}

}  // namespace rondo::proof
