// H03: a copy into an arena is read or waited for by someone.
#include "schedules/verify/faithful/rule_list.h"

#include <algorithm>

namespace rondo::proof {
namespace {

class CopiesAreWaitedFor : public ValueObserver {
 public:
  explicit CopiesAreWaitedFor(Facts& facts) : facts_(facts) {}

  void end() override {
    const Schedule& schedule = facts_.schedule;
    std::vector<uint32_t> wanted(schedule.tokens.size(), 0);  // the highest count waited for
    for (const Op& op : schedule.ops)
      for (const Wait& wait : op.waits)
        if (wait.token != kNone) wanted[wait.token] = std::max(wanted[wait.token], wait.count);
    std::vector<uint32_t> given(schedule.tokens.size(), 0);
    for (const Stream& stream : schedule.streams) {
      // Ops known to be completed through a signal of their own or of a later op.
      std::vector<uint8_t> awaited(stream.op_count, 0);
      for (uint32_t i = 0; i < stream.op_count; ++i) {
        const Op& op = schedule.ops[stream.first_op + i];
        for (int slot = 0; slot < 2; ++slot) {
          if (op.signals[slot] == kNone) continue;
          uint32_t ordinal = ++given[op.signals[slot]];
          bool done = op.signal_kinds[slot] == static_cast<uint8_t>(SignalKind::kDone);
          bool join = schedule.tokens[op.signals[slot]].join != 0;
          if (done && wanted[op.signals[slot]] >= (join ? 1 : ordinal)) awaited[i] = 1;
        }
      }
      if (stream.in_flight == 1)
        for (uint32_t i = stream.op_count; i-- > 1;) awaited[i - 1] |= awaited[i];
      for (uint32_t i = 0; i < stream.op_count; ++i)
        if (awaited[i] == 0) check(stream.first_op + i);
    }
  }

 private:
  void check(uint32_t op) {
    const Op& full = facts_.schedule.ops[op];
    if (!facts_.is_copy(op) || full.operand_count < 2 || !facts_.judges(op)) return;
    uint32_t result = full.first_operand + 1;
    if (!facts_.schedule.is_arena(facts_.schedule.operands[result].base) || facts_.is_empty(result)) return;
    if (facts_.is_read(result) || !facts_.findings.wants("H03")) return;
    facts_.findings.add("H03", Level::kFaithful, {op},
                        facts_.name(op) + " copies " + facts_.value_text(result) + " to " + facts_.place_text(result) +
                            ", and nobody waits for it");
  }

  Facts& facts_;
};

}  // namespace

const FaithfulRule kCopiesAreWaitedFor = {
    {"H03", Level::kFaithful, "every copy into an arena is waited for",
     "A copy whose value nobody reads and whose completion nobody waits for was issued for nothing, as the load-ahead "
     "of a last iteration is. Copies into bindings are waited for by the end of the replay."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<CopiesAreWaitedFor>(facts); }};

}  // namespace rondo::proof
