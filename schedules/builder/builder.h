// Fills the tables of a Schedule: interning of names, views, kernels and values.
//
// For planners and tests. It checks nothing (that is `verify`'s work) and keeps
// the tables in the order of first use, so equal calls give equal bytes. Ops are
// added to any stream in any order; `finish` lays them out stream by stream.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/contract.h"
#include "rondo/result.h"
#include "rondo/schedule.h"

namespace rondo {

struct OperandSpec {
  uint16_t base = 0;
  uint64_t offset_bytes = 0;
  uint32_t view = 0;
  Access access = Access::kRead;
  uint8_t aux = 0;
  OperandLabel label = {};
};

struct SignalSpec {
  uint32_t token = kNone;
  SignalKind kind = SignalKind::kDone;
};

struct OpSpec {
  std::string_view kernel;  // "" for sync
  std::vector<OperandSpec> operands;
  uint16_t flags = 0;
  uint16_t phase = 0;
  uint8_t policy = 0;
  uint32_t params[4] = {};
  std::vector<Wait> waits;          // any number: extra ones become sync ops before
  std::vector<SignalSpec> signals;  // any number: extra ones become sync ops after (in_flight 1 only)
};

class ScheduleBuilder {
 public:
  ScheduleBuilder();

  NameId name(std::string_view text);
  uint16_t space(std::string_view name, SpaceKind kind, uint64_t capacity_bytes, uint32_t align_bytes = 64);
  // Returns the base. All arenas come before all bindings.
  uint16_t arena(std::string_view name, uint16_t space, uint64_t bytes, OwnerKind owner_kind = OwnerKind::kEveryone,
                 uint32_t owner = 0, bool prepared = false, uint32_t align_bytes = 64);
  uint16_t binding(std::string_view name, Role role, DType dtype, const std::vector<uint32_t>& shape,
                   uint32_t align_bytes = 0);  // 0: the element's
  uint32_t view(const View& view);
  // A plain box; strides in bytes, outermost first.
  uint32_t view(DType dtype, const std::vector<uint32_t>& extent, const std::vector<int64_t>& stride_bytes);
  uint32_t token(bool join = false, Part part = Part::kReplay, TokenScope scope = TokenScope::kLane,
                 uint32_t window = 0);
  uint16_t kernel(std::string_view contract_name);
  uint16_t phase(std::string_view name);
  uint32_t tensor(std::string_view name, DType dtype, const std::vector<uint32_t>& shape, uint32_t base = kNone);
  uint32_t value(const Value& value);
  uint16_t ring(const Ring& ring);
  uint32_t stream(std::string_view name, uint32_t lane, Engine engine, Part part = Part::kReplay,
                  uint16_t in_flight = 1);
  // Returns the position of the op within its stream (sync ops before it included).
  uint32_t add(uint32_t stream, const OpSpec& op);
  void claim(ClaimKind kind, uint64_t value, uint16_t a = 0, uint16_t b = 0, std::string_view method = {});
  void claim(ClaimKind kind, double value, std::string_view method);
  void cost(std::string_view kernel, double fixed, double per_flop, double per_byte);

  // Direct access to everything else (producer, machine, scalars, cuts, ...).
  Schedule& schedule() { return schedule_; }
  const Schedule& schedule() const { return schedule_; }
  // Labels are kept only if at least one operand has one. Names are put in the order
  // of first use, which the text form need not spell out: no NameId from before counts
  // any more. The builder is empty after.
  Schedule finish();

 private:
  struct PendingOp {
    Op op;
    std::vector<Operand> operands;
    std::vector<OperandLabel> labels;
  };
  void append(uint32_t stream, PendingOp op);

  Schedule schedule_;
  std::vector<std::vector<PendingOp>> pending_;  // per stream
  std::map<std::string, NameId, std::less<>> name_ids_;
  std::map<std::vector<uint8_t>, uint32_t> view_ids_, value_ids_;
  bool labelled_ = false;
};

}  // namespace rondo
