// M09: a value that is copied into an arena is not read from two places of it in turns.
#include "schedules/verify/faithful/rule_list.h"

#include <algorithm>

namespace rondo::proof {
namespace {

struct Home {
  uint32_t operand = 0;
  uint32_t written = 0, first_read = 0, last_read = 0;  // positions
};

class ValuesHaveOneHome : public ValueObserver {
 public:
  explicit ValuesHaveOneHome(Facts& facts) : facts_(facts) {}

  void end() override {
    const Schedule& schedule = facts_.schedule;
    std::vector<Home> homes;
    for (uint32_t op : facts_.engine.order[static_cast<int>(Part::kReplay)]) {
      const Op& full = schedule.ops[op];
      for (uint32_t operand = full.first_operand; operand < full.first_operand + full.operand_count; ++operand) {
        if (facts_.value(operand) == nullptr || !writes(schedule.operands[operand].access)) continue;
        if (!schedule.is_arena(schedule.operands[operand].base) || facts_.first_read[operand] == kNone) continue;
        homes.push_back({operand, facts_.position[op], facts_.first_read[operand], facts_.last_read[operand]});
      }
    }
    auto key = [&](const Home& home) {
      const Operand& at = schedule.operands[home.operand];
      return std::pair(at.base, schedule.labels[home.operand].value);
    };
    std::stable_sort(homes.begin(), homes.end(), [&](const Home& a, const Home& b) { return key(a) < key(b); });
    for (size_t i = 1; i < homes.size(); ++i) {
      const Home &first = homes[i - 1], &second = homes[i];
      if (key(first) != key(second)) continue;
      const Operand &at = schedule.operands[first.operand], &also_at = schedule.operands[second.operand];
      if (at.offset_bytes == also_at.offset_bytes || at.view != also_at.view) continue;
      uint32_t second_op = facts_.engine.op_of(second.operand);
      if (!facts_.is_copy(second_op) || first.last_read <= second.first_read) continue;
      if (!facts_.findings.wants("M09")) continue;
      uint32_t first_op = facts_.engine.op_of(first.operand);
      uint32_t reader = facts_.engine.order[static_cast<int>(Part::kReplay)][first.last_read];
      facts_.findings.add("M09", Level::kFaithful, {second_op, first_op, reader},
                          facts_.name(second_op) + " copies " + facts_.value_text(second.operand) + " to " +
                              facts_.place_text(second.operand) + " while it lives at byte " +
                              with_commas(at.offset_bytes) + ", where " + facts_.name(reader) + " still reads it");
    }
  }

 private:
  Facts& facts_;
};

}  // namespace

const FaithfulRule kValuesHaveOneHome = {
    {"M09", Level::kFaithful, "a value that is copied has one home in an arena at a time",
     "A copy does not bring a value into an arena where the same box of it lies already in the same form, if both "
     "places are then read in turns. Reading the old place out while the new one is filled is a legal hand-over; to "
     "recompute a value, to keep it in another layout or in another arena, to chain and to work in place are legal "
     "too."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<ValuesHaveOneHome>(facts); }};

}  // namespace rondo::proof
