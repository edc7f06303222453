// M05: the bytes an operand reads hold the value it names.
#include "schedules/verify/faithful/rule_list.h"

namespace rondo::proof {
namespace {

bool is_data(const Operand& operand) {
  Access access = static_cast<Access>(operand.access);
  return access != Access::kWork && access != Access::kHint;
}

class ReadersGetTheirValue : public ValueObserver {
 public:
  explicit ReadersGetTheirValue(Facts& facts) : facts_(facts) {}

  void op(uint32_t op) override {
    const Op& full = facts_.schedule.ops[op];
    bool labelled = true;
    for (uint32_t operand = full.first_operand; operand < full.first_operand + full.operand_count; ++operand) {
      if (!is_data(facts_.schedule.operands[operand])) continue;
      const Value* value = facts_.value(operand);
      if (value == nullptr) {
        labelled = false;
        facts_.refute(operand);
        if (facts_.findings.wants("M05"))
          facts_.findings.add("M05", Level::kFaithful, {op},
                              facts_.name(op) + " names no value for its operand " +
                                  operand_name(op, operand - full.first_operand) + " in " + facts_.place_text(operand));
        continue;
      }
      std::string fault =
          label_fault(facts_.schedule, facts_.engine.view_of(facts_.schedule.operands[operand]), *value);
      if (fault.empty()) continue;
      labelled = false;
      mark_bad_label(facts_, operand);
      if (facts_.findings.wants("M05"))
        facts_.findings.add("M05", Level::kFaithful, {op},
                            facts_.name(op) + " cannot hold " + facts_.value_text(operand) + " in its operand " +
                                operand_name(op, operand - full.first_operand) + ": " + fault);
    }
    if (labelled) check_result(op, full);
  }

  void reading(const Reading& reading) override {
    if (reading.agreement == Agreement::kYes) return;
    facts_.refute(reading.operand);
    if (!facts_.findings.wants("M05")) return;
    std::string message = facts_.name(reading.op) + " reads " + wanted(reading) + " from " +
                          facts_.place_text(reading.operand) + ", which holds ";
    if (reading.writer == kNone) {
      message += "what it held at the start";
      facts_.findings.add("M05", Level::kFaithful, {reading.op}, message);
      return;
    }
    uint32_t writer = facts_.engine.op_of(reading.writer);
    message += facts_.value_text(reading.writer);
    if (reading.agreement == Agreement::kOtherAddress) message += " at other addresses";
    message += ", written by " + facts_.name(writer);
    facts_.findings.add("M05", Level::kFaithful, {reading.op, writer}, message);
  }

  void changing(const Change& change) override {
    facts_.refute(change.operand);
    if (!facts_.findings.wants("M05")) return;
    uint32_t reader = facts_.engine.op_of(change.reader);
    facts_.findings.add("M05", Level::kFaithful, {change.op, reader},
                        facts_.name(change.op) + " writes " + facts_.value_text(change.operand) + " to " +
                            facts_.place_text(change.operand) + ", where " + facts_.name(reader) + " has read " +
                            facts_.value_text(change.reader) + " as the replay found it");
  }

 private:
  std::string operand_name(uint32_t op, uint32_t slot) const {
    const Contract* contract = facts_.contract(op);
    if (contract == nullptr || slot >= contract->operand_count) return std::to_string(slot);
    return std::string(contract->operands[slot].name);
  }

  // An update names what it writes and reads the step before.
  std::string wanted(const Reading& reading) const {
    bool update = facts_.schedule.operands[reading.operand].access == static_cast<uint8_t>(Access::kUpdate);
    return update ? "the step before " + facts_.value_text(reading.operand) : facts_.value_text(reading.operand);
  }

  // What the contract makes of its sources has to be what the result is labelled with.
  void check_result(uint32_t op, const Op& full) {
    const Contract* contract = facts_.contract(op);
    if (contract == nullptr) return;
    if (contract->values == ValueRule::kSame && full.operand_count >= 2) {
      uint32_t from = full.first_operand, to = from + 1;
      if (same_value(*facts_.value(from), *facts_.value(to)) && same_axes(*contract, from, to)) {
        if (same_motion(facts_.schedule, from, to)) return;
        facts_.refute(to);
        if (facts_.findings.wants("M05"))
          facts_.findings.add("M05", Level::kFaithful, {op},
                              facts_.name(op) + " copies " + facts_.value_text(from) + " and calls it " +
                                  facts_.value_text(to) +
                                  ", but a scalar does not move both boxes alike: what moves is no copy");
        return;
      }
      facts_.refute(to);
      if (facts_.findings.wants("M05"))
        facts_.findings.add("M05", Level::kFaithful, {op},
                            facts_.name(op) + " copies " + facts_.value_text(from) + " and calls it " +
                                facts_.value_text(to) +
                                (same_value(*facts_.value(from), *facts_.value(to)) ? " along other axes" : ""));
    }
    if (contract->values != ValueRule::kMap) return;
    for (uint32_t operand = full.first_operand; operand < full.first_operand + full.operand_count; ++operand) {
      if (!writes(facts_.schedule.operands[operand].access) || facts_.value(operand)->version == 0) continue;
      facts_.refute(operand);
      if (facts_.findings.wants("M05"))
        facts_.findings.add("M05", Level::kFaithful, {op},
                            facts_.name(op) + " writes a finished value and calls it " + facts_.value_text(operand));
    }
  }

  bool same_axes(const Contract& contract, uint32_t from, uint32_t to) const {
    const Value &source = *facts_.value(from), &result = *facts_.value(to);
    const View& view = facts_.engine.view_of(facts_.schedule.operands[from]);
    bool packs = contract.family == Family::kPack;  // rows of k n become panels: n first
    for (uint32_t axis = 0; axis < view.rank && axis < kMaxRank; ++axis) {
      uint32_t other = packs && axis < 2 ? 1 - axis : axis;
      if (view.extent[axis] > 1 && source.axis[axis] != result.axis[other]) return false;
    }
    return true;
  }

  Facts& facts_;
};

}  // namespace

const FaithfulRule kReadersGetTheirValue = {
    {"M05", Level::kFaithful, "every operand holds the value it names",
     "Each operand names a box of a tensor and a version. For every byte an op reads, the operand that wrote it last "
     "(or the binding, at the start) must name the same tensor and version, walk the axes both walk with the same "
     "strides and have the same address for the same coordinate. An update names what it writes and must find the "
     "step before, of the same box. Copies and packs pass a value on unchanged; other kernels make finished values "
     "(version 0) from finished values; a box must fit the view of its operand and the type of its tensor. Where a "
     "scalar bounds or moves a write, what lay there before may show through and is asked too. A box that moves with "
     "a scalar stays within its tensor, and each step is a whole number of coordinates. What a state held at the start "
     "and what is appended to it are version 0 of one tensor, so no op reads a byte of it that is written later."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<ReadersGetTheirValue>(facts); }};

}  // namespace rondo::proof
