// M06: no op names a value that was overwritten before, or that nothing ever made.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class NoUseAfterDeath : public ValueObserver {
 public:
  explicit NoUseAfterDeath(Facts& facts) : facts_(facts) {}

  void loss(const Loss& loss) override {
    if (!facts_.findings.wants("M06")) return;
    uint32_t destroyer = facts_.engine.op_of(loss.destroyer), maker = facts_.engine.op_of(loss.maker),
             reader = facts_.engine.op_of(loss.reader);
    facts_.findings.add("M06", Level::kFaithful, {reader, destroyer, maker},
                        facts_.name(reader) + " uses " + facts_.value_text(loss.maker) + " in " +
                            facts_.place_text(loss.reader) + " after " + facts_.name(destroyer) + " overwrote it");
  }

  void never_made(uint32_t operand) override {
    if (!facts_.findings.wants("M06")) return;
    uint32_t reader = facts_.engine.op_of(operand);
    facts_.findings.add(
        "M06", Level::kFaithful, {reader},
        facts_.name(reader) + " uses " + facts_.value_text(operand) + ", which no op writes and no binding holds");
  }

 private:
  Facts& facts_;
};

}  // namespace

const FaithfulRule kNoUseAfterDeath = {
    {"M06", Level::kFaithful, "no value is used after its death, or without having been made",
     "A value dies where it lies when another one is written over it. An op that names it there afterwards is named "
     "together with the op that overwrote it and the one that had made it. So is an op that names a value which no "
     "op writes and no binding holds."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<NoUseAfterDeath>(facts); }};

}  // namespace rondo::proof
