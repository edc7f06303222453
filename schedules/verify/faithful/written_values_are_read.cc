// M07: what an op writes into an arena is read before it is overwritten or the replay ends.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

class WrittenValuesAreRead : public ValueObserver {
 public:
  explicit WrittenValuesAreRead(Facts& facts) : facts_(facts) {}

  void end() override {
    const Schedule& schedule = facts_.schedule;
    for (const std::vector<uint32_t>& order : facts_.engine.order) {
      for (uint32_t op : order) {
        if (!facts_.judges(op)) continue;
        const Op& full = schedule.ops[op];
        for (uint32_t operand = full.first_operand; operand < full.first_operand + full.operand_count; ++operand) {
          Access access = static_cast<Access>(schedule.operands[operand].access);
          if (access != Access::kWrite && access != Access::kUpdate) continue;
          if (!schedule.is_arena(schedule.operands[operand].base) || facts_.is_empty(operand)) continue;
          if (facts_.is_read(operand) || !facts_.findings.wants("M07")) continue;
          facts_.findings.add("M07", Level::kFaithful, {op},
                              facts_.name(op) + " writes " + facts_.value_text(operand) + " to " +
                                  facts_.place_text(operand) + ", and nothing reads it there");
        }
      }
    }
  }

 private:
  Facts& facts_;
};

}  // namespace

const FaithfulRule kWrittenValuesAreRead = {
    {"M07", Level::kFaithful, "every value written to an arena is read there",
     "A value that no op reads before it is overwritten, or before the replay ends, is a leak: it was moved or "
     "computed "
     "for nothing, or its reader looks elsewhere. So nothing is live in an arena when a replay ends. Reading any part "
     "of the value is enough."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<WrittenValuesAreRead>(facts); }};

}  // namespace rondo::proof
