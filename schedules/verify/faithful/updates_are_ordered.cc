// D01: the terms of a sum are added in one order, the same in every run.
#include "schedules/verify/faithful/races.h"
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class UpdatesAreOrdered : public ValueObserver {
 public:
  explicit UpdatesAreOrdered(Facts& facts) : facts_(facts) {}

  void op(uint32_t op) override {
    const Contract* contract = facts_.contract(op);
    if (contract == nullptr || contract->determinism == Determinism::kBitwise || !facts_.findings.wants("D01")) return;
    facts_.findings.add("D01", Level::kFaithful, {op},
                        facts_.name(op) + " runs '" + std::string(contract->name) +
                            "', whose contract does not promise the same bytes in every run");
  }

 private:
  Facts& facts_;
};

}  // namespace

void explain_unordered_updates(const FaithfulInput& input) {
  const Schedule& schedule = input.engine.schedule;
  constexpr auto kUpdate = static_cast<uint8_t>(Access::kUpdate);
  for_each_race(input, [&](const RacingPair& race) {
    bool writer_updates = schedule.operands[race.writer].access == kUpdate;
    bool other_updates = schedule.operands[race.other].access == kUpdate;
    if ((!writer_updates && !other_updates) || !input.findings.wants("D01")) return;
    uint32_t step = other_updates ? race.other_op : race.writer_op;
    uint32_t rival = other_updates ? race.writer_op : race.other_op;
    input.findings.add("D01", Level::kFaithful, {step, rival},
                       op_name(schedule, step) + " adds to bytes of " +
                           base_name(schedule, schedule.operands[race.writer].base) + " that " +
                           op_name(schedule, rival) + (writer_updates && other_updates ? " adds to" : " uses") +
                           " too, in no fixed order");
  });
}

const FaithfulRule kUpdatesAreOrdered = {
    {"D01", Level::kFaithful, "equal inputs give equal bytes, in every run",
     "Every kernel's contract promises the same bytes for the same bytes, and no step of a sum races (H01): "
     "the order in which a sum takes its terms is part of the schedule and does not depend on workers or timing."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<UpdatesAreOrdered>(facts); }};

}  // namespace rondo::proof
