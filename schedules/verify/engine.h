// What the rules of every level see of one schedule: its contracts, its canonical
// order, its cells, and a walk over them.
//
// Built by verify() once the structure holds. The safe rules ask whether the walk
// is the same in every run; where they all pass (and only then) the faithful rules
// walk again and may take the canonical order for any order: every byte's writer
// is the same in all runs (lemma L3 of docs/verifier.md).
#pragma once
#include <cstdint>
#include <span>
#include <vector>
#include "rondo/contract.h"
#include "rondo/schedule.h"
#include "rondo/verify.h"
#include "schedules/extents/extents.h"
#include "schedules/verify/budget.h"
#include "schedules/verify/cells.h"
#include "schedules/verify/findings.h"

namespace rondo::proof {

// Who may have written the bytes of each cell last, as indices into
// Schedule::operands; kNone where no op has: a state then holds what the host gave,
// an arena or output nothing. A write that touches a cell only for some values of a
// scalar, or only some rows of it (indexed access), lies over the writers before it,
// any of which may still show through. What `prepare` wrote to prepared arenas keeps
// its writer in `replay`.
class Writers {
 public:
  struct Writer {
    uint32_t operand = kNone;
    uint32_t guard = 0;      // Cells::guard; bytes outside it show older writers
    bool indexed = false;    // older writers show through anywhere
    uint32_t older = kNone;  // the next writer below, for `at`

    bool hides_older() const { return guard == 0 && !indexed; }
    bool operator==(const Writer&) const = default;
  };

  explicit Writers(uint32_t cells) : newest_(cells, kNone) {}
  uint32_t size() const { return static_cast<uint32_t>(newest_.size()); }

  // Cells with equal ids have equal writers, all the way down.
  uint32_t newest(uint32_t cell) const { return newest_[cell]; }
  Writer at(uint32_t id) const { return is_layer(id) ? layers_[id - kFirstLayer] : Writer{.operand = id}; }
  uint32_t newest_operand(uint32_t cell) const { return at(newest_[cell]).operand; }
  // Whether more than one writer may show.
  static bool is_layer(uint32_t id) { return id >= kFirstLayer && id != kNone; }

  void forget(uint32_t cell) { newest_[cell] = kNone; }
  void take_over(const Recut& recut, const Cells& cells);
  // False when the budget is spent.
  bool write(const CellRun& run, uint32_t operand, bool indexed, const Cells& cells, Budget& budget, uint32_t op);

 private:
  static constexpr uint32_t kFirstLayer = 0x80000000u;
  std::vector<uint32_t> newest_;  // an operand, or kFirstLayer + an index into layers_
  std::vector<Writer> layers_;
};

// Told about each operand in canonical order, `prepare` before `replay`; within
// an op all reads (updates among them) before all writes (updates among them).
// When `read` is called `writers` is as the op finds it; when `write` is called
// it still names the previous writers of the runs, and is updated after.
class Walker {
 public:
  virtual ~Walker() = default;
  virtual void begin_part(Part part, const Writers& writers) { (void)part, (void)writers; }
  // An arena has other cells from the op at hand on; those that carry have their writers.
  virtual void recut(const Recut& recut) { (void)recut; }
  virtual void read(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers& writers) = 0;
  virtual void write(uint32_t op, uint32_t operand, std::span<const CellRun> runs, const Writers& writers) = 0;
  // After the last op of a part; the writers of every cell as the part leaves them.
  virtual void end_part(Part part, const Writers& writers) { (void)part, (void)writers; }
};

// What is known of the set that a schedule is a member of. Its ops of `prepare` are
// common to all members, and so are their operands, which come first.
struct SetContext {
  bool first = true, last = true;
  uint32_t prepare_ops = 0, prepare_operands = 0;
  std::vector<uint8_t> read;  // per operand of prepare: by some member up to this one
};

class Engine {
 public:
  // kernel -> contract, of every op; nullptr for sync.
  const Contract* contract(const Op& op) const { return op.kernel == kNoKernel ? nullptr : contracts[op.kernel]; }
  uint32_t op_of(uint32_t operand) const { return op_of_operand[operand]; }
  uint32_t stream_of(uint32_t op) const { return stream_of_op[op]; }
  const View& view_of(const Operand& operand) const { return schedule.views[operand.view]; }

  // Precondition: schedule is safe. Spends one unit a cell; stops when exhausted.
  // Between the parts every arena that is not prepared is forgotten.
  void walk(Walker& walker) const;

  const Schedule& schedule;
  const Cells& cells;
  Budget& budget;
  std::vector<const Contract*> contracts;  // per Schedule::kernels
  std::vector<uint32_t> op_of_operand;
  std::vector<uint32_t> stream_of_op;
  std::vector<uint32_t> order[2];  // canonical order, per Part
  SetContext* set = nullptr;       // null where the file holds one schedule
};

// Reads and writes, as an access means them.
constexpr bool reads(uint8_t access) {
  return access == static_cast<uint8_t>(Access::kRead) || access == static_cast<uint8_t>(Access::kUpdate) ||
         access == static_cast<uint8_t>(Access::kIndexedRead);
}
constexpr bool writes(uint8_t access) {
  return access == static_cast<uint8_t>(Access::kWrite) || access == static_cast<uint8_t>(Access::kUpdate) ||
         access == static_cast<uint8_t>(Access::kWork) || access == static_cast<uint8_t>(Access::kIndexedWrite);
}

}  // namespace rondo::proof
