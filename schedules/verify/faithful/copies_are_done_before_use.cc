// H02: what a copy brings is read after its `done` signal was waited for.
#include "schedules/verify/faithful/races.h"
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {

void explain_unwaited_copies(const FaithfulInput& input) {
  const Engine& engine = input.engine;
  const Schedule& schedule = engine.schedule;
  for_each_race(input, [&](const RacingPair& race) {
    const Contract* contract = engine.contract(schedule.ops[race.writer_op]);
    if (contract == nullptr || contract->values != ValueRule::kSame) return;
    if (!race.other_wants_it) return;
    if (!input.findings.wants("H02")) return;
    const OperandLabel& label = schedule.labels[race.writer];
    std::string what = label.value == kNone ? "what" : value_name(schedule, schedule.values[label.value]) + ", which";
    input.findings.add("H02", Level::kFaithful, {race.other_op, race.writer_op},
                       op_name(schedule, race.other_op) + " reads " + what + " " + op_name(schedule, race.writer_op) +
                           " copies to " + base_name(schedule, schedule.operands[race.writer].base) +
                           ", without waiting until the copy is done");
  });
}

const FaithfulRule kCopiesAreDoneBeforeUse = {
    {"H02", Level::kFaithful, "a copied value is read only after the copy is done",
     "Says of a race (H01) between a copy and a reader what it means: the reader does not wait for a `done` signal "
     "that "
     "follows the copy. A `read` signal of the copy says only that its source may be overwritten."}};

}  // namespace rondo::proof
