// M03: no op writes over a value that a later reader still names there.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class LiveValuesAreDisjoint : public ValueObserver {
 public:
  explicit LiveValuesAreDisjoint(Facts& facts) : facts_(facts) {}

  void loss(const Loss& loss) override {
    if (!facts_.findings.wants("M03")) return;
    uint32_t destroyer = facts_.engine.op_of(loss.destroyer), maker = facts_.engine.op_of(loss.maker),
             reader = facts_.engine.op_of(loss.reader);
    facts_.findings.add("M03", Level::kFaithful, {destroyer, maker, reader},
                        facts_.name(destroyer) + " writes " + facts_.value_text(loss.destroyer) + " over " +
                            facts_.value_text(loss.maker) + " in " + facts_.place_text(loss.maker) + ", written by " +
                            facts_.name(maker) + " and live until " + facts_.name(reader));
  }

 private:
  Facts& facts_;
};

}  // namespace

const FaithfulRule kLiveValuesAreDisjoint = {
    {"M03", Level::kFaithful, "two values that are live at the same time share no byte",
     "A value lives at an address from the op that writes it there to the last op that names it there. Within "
     "that time no op writes another value over any of its bytes. An op may write over what it reads itself, where "
     "its contract allows that. Names the op that overwrites, the one that wrote and the one that still reads."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<LiveValuesAreDisjoint>(facts); }};

}  // namespace rondo::proof
