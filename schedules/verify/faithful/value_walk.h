// One walk over a safe schedule in canonical order that tells each faithful rule
// who read whose value, what was overwritten and what was lost.
//
// A rule of this level is a ValueObserver: it hears of pairs of operands, not of bytes.
// A pair may be told more than once, where its shared cells are not adjacent.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "rondo/verify.h"
#include "schedules/verify/engine.h"
#include "schedules/verify/faithful/address_map.h"
#include "schedules/verify/findings.h"

namespace rondo::proof {

// What all rules of the level share. Positions count the ops of a part in canonical order.
class Facts {
 public:
  Facts(const Engine& engine, Findings& findings);

  const Engine& engine;
  const Schedule& schedule;
  Findings& findings;

  bool has_values() const { return !schedule.labels.empty(); }
  // What an operand is labelled with; nullptr where it names nothing.
  const Value* value(uint32_t operand) const {
    if (schedule.labels.empty() || schedule.labels[operand].value == kNone) return nullptr;
    return &schedule.values[schedule.labels[operand].value];
  }
  // The tensor whose elements a value names: what its tensor is an alias of, or itself.
  uint32_t root(const Value& value) const { return root_of(schedule.tensors[value.tensor], value.tensor); }
  // Precondition: value(operand) and label_holds(operand).
  AddressMap map(uint32_t operand) const { return address_map(schedule, schedule.operands[operand], *value(operand)); }
  // Whether the value fits the view; where it does not, M05 has said so.
  bool label_holds(uint32_t operand) const { return bad_label_[operand] == 0; }
  bool is_empty(uint32_t operand) const { return block_count(engine.view_of(schedule.operands[operand])) == 0; }
  const Contract* contract(uint32_t op) const { return engine.contract(schedule.ops[op]); }
  bool is_copy(uint32_t op) const {
    const Contract* found = contract(op);
    return found != nullptr && found->values == ValueRule::kSame;
  }
  // "op 14 (stream compute, line 31)", "'h'[0:32, 32:64]".
  std::string name(uint32_t op) const { return op_name(schedule, op); }
  std::string value_text(uint32_t operand) const {
    const Value* named = value(operand);
    return named == nullptr ? "an unnamed value" : value_name(schedule, *named);
  }
  std::string place_text(uint32_t operand) const;

  // Whether this pass judges what an op leaves behind: ops of `prepare` that several
  // members share are judged with the last of them, when all their readers are known.
  bool judges(uint32_t op) const { return engine.set == nullptr || engine.set->last || op >= engine.set->prepare_ops; }
  // Whether any op reads what `operand` writes, in this member or one before it.
  bool is_read(uint32_t operand) const {
    if (first_read[operand] != kNone) return true;
    return engine.set != nullptr && operand < engine.set->prepare_operands && engine.set->read[operand] != 0;
  }

  // The operand does not hold what it names (or may not be used so): counted once.
  void refute(uint32_t operand) { refuted[operand] = 1; }

  std::vector<uint8_t> refuted;    // per operand
  std::vector<uint32_t> position;  // per op
  // Per operand that writes: positions of the first and last op that read any byte
  // of it before it was overwritten; kNone if none did. A reader in the other part
  // counts with its own position.
  std::vector<uint32_t> first_read, last_read;

 private:
  friend void mark_bad_label(Facts& facts, uint32_t operand);
  std::vector<uint8_t> bad_label_;
};
void mark_bad_label(Facts& facts, uint32_t operand);

// `operand` of `op` reads bytes that `writer` (an operand) wrote last; kNone: what
// the base held at the start. Where `agreement` is not kYes the bytes do not hold
// the value that the reader names.
struct Reading {
  uint32_t op = 0, operand = 0;
  uint32_t writer = kNone;
  Agreement agreement = Agreement::kYes;
};

// `operand` of `op` writes over bytes that `previous` (an operand) had written.
struct Overwriting {
  uint32_t op = 0, operand = 0;
  uint32_t previous = 0;
};

// `operand` of `op` writes a tensor where `reader` (an operand) has read that tensor
// as it was at the start.
struct Change {
  uint32_t op = 0, operand = 0;
  uint32_t reader = 0;
};

// A value that `reader` names was made by `maker` where it looks for it, and
// overwritten by `destroyer` before (all operands).
struct Loss {
  uint32_t reader = 0, maker = 0, destroyer = 0;
};

class ValueObserver {
 public:
  virtual ~ValueObserver() = default;
  virtual void begin(Part) {}
  virtual void op(uint32_t) {}  // before its readings
  virtual void reading(const Reading&) {}
  virtual void overwriting(const Overwriting&) {}
  virtual void changing(const Change&) {}
  virtual void loss(const Loss&) {}
  // A value that a reader names, that no op writes and no binding holds.
  virtual void never_made(uint32_t /*reader*/) {}
  // After replay: `writer` wrote bytes of output or state `base` last (kNone: nobody
  // did), and whether they hold what a tensor based on it has there, finished.
  virtual void output(uint32_t /*base*/, uint32_t /*writer*/, Agreement) {}
  // After the walk.
  virtual void end() {}
};

// One entry of the faithful part of the rule list. `make` may be nullptr: the rule
// is then checked by another door (see check.h).
struct FaithfulRule {
  RuleInfo info;
  std::unique_ptr<ValueObserver> (*make)(Facts& facts) = nullptr;
};

void walk_values(Facts& facts, std::span<const std::unique_ptr<ValueObserver>> rules);

}  // namespace rondo::proof
