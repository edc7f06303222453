// H06: a slot of a ring is refilled only after the last reader of what it held.
#include "schedules/verify/faithful/races.h"
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

void report(const Schedule& schedule, Findings& findings, uint32_t filler, uint32_t filled_operand, uint32_t holder,
            const std::string& what) {
  const OperandLabel& label = schedule.labels[filled_operand];
  if (label.ring == 0xffff || !findings.wants("H06")) return;
  findings.add("H06", Level::kFaithful, {filler, holder},
               op_name(schedule, filler) + " refills slot " + std::to_string(label.slot) + " of ring r" +
                   std::to_string(label.ring) + " before " + op_name(schedule, holder) + " " + what);
}

class SlotsAreReleasedBeforeRefill : public ValueObserver {
 public:
  explicit SlotsAreReleasedBeforeRefill(Facts& facts) : facts_(facts) {}

  void loss(const Loss& loss) override {
    report(facts_.schedule, facts_.findings, facts_.engine.op_of(loss.destroyer), loss.destroyer,
           facts_.engine.op_of(loss.reader), "has read " + facts_.value_text(loss.maker) + " from it");
  }

 private:
  Facts& facts_;
};

}  // namespace

void explain_early_refills(const FaithfulInput& input) {
  const Schedule& schedule = input.engine.schedule;
  for_each_race(input, [&](const RacingPair& race) {
    if (race.other_wants_it) return;
    report(schedule, input.findings, race.writer_op, race.writer, race.other_op, "is known to be done with it");
  });
}

const FaithfulRule kSlotsAreReleasedBeforeRefill = {
    {"H06", Level::kFaithful, "a ring slot is refilled only after the last reader of what it held",
     "Names ring and slot where a write to a labelled slot destroys a value that a later op still names there (M03), "
     "or "
     "races with an op that uses the slot (H01): the wait for the release of its previous use is missing."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> {
      return std::make_unique<SlotsAreReleasedBeforeRefill>(facts);
    }};

}  // namespace rondo::proof
