// M08: between its first and its final step a sum is read and written by its own steps only.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class SumsAreLeftAlone : public ValueObserver {
 public:
  explicit SumsAreLeftAlone(Facts& facts) : facts_(facts), touched_(facts.schedule.operands.size(), 0) {}

  void reading(const Reading& reading) override {
    const Value* written = reading.writer == kNone ? nullptr : facts_.value(reading.writer);
    const Value* named = facts_.value(reading.operand);
    bool partial = written != nullptr && written->version != 0;
    bool names_partial = named != nullptr && named->version != 0 && !updates(reading.operand);
    if ((!partial && !names_partial) || (!names_partial && continues(reading.operand, reading.writer))) return;
    if (partial) touched_[reading.writer] = 1;
    facts_.refute(reading.operand);
    if (!facts_.findings.wants("M08")) return;
    std::string message = facts_.name(reading.op) + " reads " +
                          (partial ? facts_.value_text(reading.writer) : facts_.value_text(reading.operand)) + " in " +
                          facts_.place_text(reading.operand) + ", a sum that is not finished";
    if (partial)
      facts_.findings.add("M08", Level::kFaithful, {reading.op, facts_.engine.op_of(reading.writer)}, message);
    else
      facts_.findings.add("M08", Level::kFaithful, {reading.op}, message);
  }

  void overwriting(const Overwriting& overwriting) override {
    const Value* previous = facts_.value(overwriting.previous);
    if (previous == nullptr || previous->version == 0) return;
    touched_[overwriting.previous] = 1;
    if (continues(overwriting.operand, overwriting.previous) || !facts_.findings.wants("M08")) return;
    uint32_t writer = facts_.engine.op_of(overwriting.previous);
    facts_.findings.add("M08", Level::kFaithful, {overwriting.op, writer},
                        facts_.name(overwriting.op) + " writes " + facts_.value_text(overwriting.operand) + " over " +
                            facts_.value_text(overwriting.previous) + " of " + facts_.name(writer) +
                            ", a sum that is not finished");
  }

  void end() override {
    const Schedule& schedule = facts_.schedule;
    for (const std::vector<uint32_t>& order : facts_.engine.order) {
      for (uint32_t op : order) {
        const Op& full = schedule.ops[op];
        for (uint32_t operand = full.first_operand; operand < full.first_operand + full.operand_count; ++operand) {
          const Value* value = facts_.value(operand);
          if (value == nullptr || value->version == 0 || !writes(schedule.operands[operand].access)) continue;
          if (touched_[operand] != 0 || facts_.is_empty(operand) || !facts_.findings.wants("M08")) continue;
          facts_.findings.add("M08", Level::kFaithful, {op},
                              facts_.name(op) + " leaves " + facts_.value_text(operand) + " in " +
                                  facts_.place_text(operand) + ", a sum that nothing finishes");
        }
      }
    }
  }

 private:
  bool updates(uint32_t operand) const {
    return facts_.schedule.operands[operand].access == static_cast<uint8_t>(Access::kUpdate);
  }

  // Is `operand` the next step of the sum that `previous` wrote?
  bool continues(uint32_t operand, uint32_t previous) const {
    const Value *now = facts_.value(operand), *before = previous == kNone ? nullptr : facts_.value(previous);
    if (now == nullptr || before == nullptr || !updates(operand)) return false;
    return same_box(*now, *before) && (now->version == 0 || now->version == before->version + 1);
  }

  Facts& facts_;
  std::vector<uint8_t> touched_;  // per operand that writes a partial sum: continued, read or overwritten
};

}  // namespace

const FaithfulRule kSumsAreLeftAlone = {
    {"M08", Level::kFaithful, "an unfinished sum is touched by its own steps only",
     "From `init` to `final` the bytes of an accumulator are read and written only by the next step of the same sum "
     "over the same box: nobody copies, moves, reads or overwrites it, and no replay ends before it is finished. "
     "After `final` it is a value like any other and may be an operand where it lies."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<SumsAreLeftAlone>(facts); }};

}  // namespace rondo::proof
