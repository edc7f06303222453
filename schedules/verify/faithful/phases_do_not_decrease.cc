// P01: phases do not decrease along a stream.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class PhasesDoNotDecrease : public ValueObserver {
 public:
  explicit PhasesDoNotDecrease(Facts& facts) : facts_(facts) {
    const Schedule& schedule = facts.schedule;
    for (const Stream& stream : schedule.streams) {
      for (uint32_t op = stream.first_op + 1; op < stream.first_op + stream.op_count; ++op) {
        uint16_t before = schedule.ops[op - 1].phase, phase = schedule.ops[op].phase;
        if (phase >= before || !facts.findings.wants("P01")) continue;
        facts.findings.add(
            "P01", Level::kFaithful, {op, op - 1},
            facts.name(op) + " is of " + phase_text(phase) + " and follows one of " + phase_text(before));
      }
    }
  }

 private:
  std::string phase_text(uint32_t phase) const {
    std::string text = "phase " + std::to_string(phase);
    if (phase < facts_.schedule.phases.size() && facts_.schedule.phases[phase].name != 0)
      text += " '" + std::string(facts_.schedule.name(facts_.schedule.phases[phase].name)) + "'";
    return text;
  }

  Facts& facts_;
};

}  // namespace

const FaithfulRule kPhasesDoNotDecrease = {
    {"P01", Level::kFaithful, "phases do not decrease along a stream",
     "A phase is a label for traces and cuts and orders nothing; but along one stream it must not decrease. Where a "
     "file lists cuts, rule C01 asks more of it."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<PhasesDoNotDecrease>(facts); }};

}  // namespace rondo::proof
