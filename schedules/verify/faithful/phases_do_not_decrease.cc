// P01: phases do not decrease along a stream, and no scratch value crosses a listed cut.
#include "schedules/verify/faithful/rule_list.h"

#include <algorithm>

namespace rondo::proof {
namespace {

class Rule : public ValueObserver {
 public:
  explicit Rule(Facts& facts) : facts_(facts) {
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

  void reading(const Reading& reading) override {
    const Schedule& schedule = facts_.schedule;
    if (schedule.cuts.empty() || reading.writer == kNone) return;
    uint16_t base = schedule.operands[reading.operand].base;
    if (!schedule.is_arena(base) || schedule.arenas[base].prepared != 0) return;
    if (schedule.spaces[schedule.arenas[base].space].kind != static_cast<uint8_t>(SpaceKind::kScratch)) return;
    uint32_t writer = facts_.engine.op_of(reading.writer);
    uint32_t made = schedule.ops[writer].phase, read = schedule.ops[reading.op].phase;
    auto cut = std::upper_bound(schedule.cuts.begin(), schedule.cuts.end(), made,
                                [](uint32_t phase, const Cut& candidate) { return phase < candidate.phase; });
    if (cut == schedule.cuts.end() || cut->phase > read || !facts_.findings.wants("P01")) return;
    facts_.findings.add("P01", Level::kFaithful, {reading.op, writer},
                        facts_.name(reading.op) + " of " + phase_text(read) + " reads " +
                            facts_.value_text(reading.writer) + " from " + facts_.place_text(reading.writer) +
                            ", written by " + facts_.name(writer) + " of " + phase_text(made) +
                            ": it lives across the cut before " + phase_text(cut->phase));
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
    {"P01", Level::kFaithful, "phases do not decrease along a stream, and nothing in scratch crosses a cut",
     "A phase is a label for traces and cuts and orders nothing; but along one stream it must not decrease. A listed "
     "cut "
     "is a phase before which a launch may end: no op of that phase or later reads from scratch what an op of an "
     "earlier phase wrote there."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<Rule>(facts); }};

}  // namespace rondo::proof
