// H10: an operand that is labelled with a ring slot lies in that slot.
#include "schedules/verify/faithful/rule_list.h"

#include "rondo/footprint.h"

namespace rondo::proof {
namespace {

class RingLabelsMatchAddresses : public ValueObserver {
 public:
  explicit RingLabelsMatchAddresses(Facts& facts) : facts_(facts) {}

  void end() override {
    const Schedule& schedule = facts_.schedule;
    for (uint32_t operand = 0; operand < schedule.operands.size(); ++operand) {
      const OperandLabel& label = schedule.labels[operand];
      if (label.ring == 0xffff || facts_.is_empty(operand)) continue;
      const Ring& ring = schedule.rings[label.ring];
      const Operand& at = schedule.operands[operand];
      const View& view = schedule.views[at.view];
      uint64_t begin = at.offset_bytes;
      uint64_t end = begin + span_bytes(view).value_or(0) + max_scalar_offset_bytes(view);
      uint64_t slot_begin = ring.offset_bytes + label.slot * ring.stride_bytes;
      uint64_t slot_end = slot_begin + ring.stride_bytes;
      if (at.base == ring.base && begin >= slot_begin && end <= slot_end) continue;
      facts_.refute(operand);
      if (!facts_.findings.wants("H10")) continue;
      uint32_t op = facts_.engine.op_of(operand);
      facts_.findings.add("H10", Level::kFaithful, {op},
                          facts_.name(op) + " has an operand labelled slot " + std::to_string(label.slot) +
                              " of ring r" + std::to_string(label.ring) + ", " +
                              range_name(schedule, ring.base, slot_begin, ring.stride_bytes) + ", but at " +
                              range_name(schedule, at.base, begin, end - begin));
    }
  }

 private:
  Facts& facts_;
};

}  // namespace

const FaithfulRule kRingLabelsMatchAddresses = {
    {"H10", Level::kFaithful, "a ring label agrees with the address",
     "An operand labelled with slot s of a ring lies in the ring's base, wholly within the `stride` bytes from "
     "offset + s * stride."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<RingLabelsMatchAddresses>(facts); }};

}  // namespace rondo::proof
