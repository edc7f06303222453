#include "schedules/builder/builder.h"

#include <bit>
#include <cstring>
#include "rondo/contracts.h"
#include "schedules/structure/name_order.h"

namespace rondo {
namespace {

template <class Record>
std::vector<uint8_t> bytes_key(const Record& record) {
  std::vector<uint8_t> key(sizeof(Record));
  std::memcpy(key.data(), &record, sizeof(Record));
  return key;
}

}  // namespace

ScheduleBuilder::ScheduleBuilder() {
  name_ids_[""] = 0;
  schedule_.policies.push_back(NumericsPolicy{});  // 0: f32 throughout, nearest even
  schedule_.members.push_back(Member{});
}

NameId ScheduleBuilder::name(std::string_view text) {
  if (const auto found = name_ids_.find(text); found != name_ids_.end()) return found->second;
  const auto id = static_cast<NameId>(schedule_.names.size());
  schedule_.names.emplace_back(text);
  name_ids_.emplace(std::string(text), id);
  return id;
}

uint16_t ScheduleBuilder::space(std::string_view space_name, SpaceKind kind, uint64_t capacity_bytes,
                                uint32_t align_bytes) {
  Space space;
  space.name = name(space_name);
  space.kind = static_cast<uint8_t>(kind);
  space.align_bytes = align_bytes;
  space.capacity_bytes = capacity_bytes;
  schedule_.spaces.push_back(space);
  return static_cast<uint16_t>(schedule_.spaces.size() - 1);
}

uint16_t ScheduleBuilder::arena(std::string_view arena_name, uint16_t space, uint64_t bytes, OwnerKind owner_kind,
                                uint32_t owner, bool prepared, uint32_t align_bytes) {
  Arena arena;
  arena.name = name(arena_name);
  arena.space = space;
  arena.owner_kind = static_cast<uint8_t>(owner_kind);
  arena.prepared = prepared;
  arena.owner = owner;
  arena.align_bytes = align_bytes;
  arena.bytes = bytes;
  schedule_.arenas.push_back(arena);
  return static_cast<uint16_t>(schedule_.arenas.size() - 1);
}

uint16_t ScheduleBuilder::binding(std::string_view binding_name, Role role, DType dtype,
                                  const std::vector<uint32_t>& shape, uint32_t align_bytes) {
  Binding binding;
  binding.name = name(binding_name);
  binding.role = static_cast<uint8_t>(role);
  binding.dtype = static_cast<uint8_t>(dtype);
  binding.rank = static_cast<uint8_t>(shape.size());
  for (size_t axis = 0; axis < shape.size() && axis < kMaxRank; ++axis) binding.shape[axis] = shape[axis];
  binding.align_bytes = align_bytes != 0 ? align_bytes : static_cast<uint32_t>(size_of(dtype));
  schedule_.bindings.push_back(binding);
  return static_cast<uint16_t>(schedule_.arenas.size() + schedule_.bindings.size() - 1);
}

uint32_t ScheduleBuilder::view(const View& view) {
  const auto [found, added] = view_ids_.emplace(bytes_key(view), static_cast<uint32_t>(schedule_.views.size()));
  if (added) schedule_.views.push_back(view);
  return found->second;
}

uint32_t ScheduleBuilder::view(DType dtype, const std::vector<uint32_t>& extent,
                               const std::vector<int64_t>& stride_bytes) {
  View box;
  box.rank = static_cast<uint8_t>(extent.size());
  box.dtype = static_cast<uint8_t>(dtype);
  for (size_t axis = 0; axis < extent.size() && axis < kMaxRank; ++axis) {
    box.extent[axis] = extent[axis];
    box.stride_bytes[axis] = stride_bytes[axis];
  }
  return view(box);
}

uint32_t ScheduleBuilder::token(bool join, Part part, TokenScope scope, uint32_t window) {
  Token token;
  token.scope = static_cast<uint8_t>(scope);
  token.join = join;
  token.part = static_cast<uint8_t>(part);
  token.window = window;
  schedule_.tokens.push_back(token);
  return static_cast<uint32_t>(schedule_.tokens.size() - 1);
}

uint16_t ScheduleBuilder::kernel(std::string_view contract_name) {
  const NameId id = name(contract_name);
  for (size_t i = 0; i < schedule_.kernels.size(); ++i)
    if (schedule_.kernels[i].name == id) return static_cast<uint16_t>(i);
  KernelRef ref;
  ref.name = id;
  if (const Contract* contract = find_contract(contract_name)) ref.contract_hash = hash_of(*contract);
  schedule_.kernels.push_back(ref);
  return static_cast<uint16_t>(schedule_.kernels.size() - 1);
}

uint16_t ScheduleBuilder::phase(std::string_view phase_name) {
  schedule_.phases.push_back(Phase{name(phase_name)});
  return static_cast<uint16_t>(schedule_.phases.size() - 1);
}

uint32_t ScheduleBuilder::tensor(std::string_view tensor_name, DType dtype, const std::vector<uint32_t>& shape,
                                 uint32_t base) {
  Tensor tensor;
  tensor.name = name(tensor_name);
  tensor.dtype = static_cast<uint8_t>(dtype);
  tensor.rank = static_cast<uint8_t>(shape.size());
  for (size_t axis = 0; axis < shape.size() && axis < kMaxRank; ++axis) tensor.shape[axis] = shape[axis];
  tensor.base = base;
  schedule_.tensors.push_back(tensor);
  return static_cast<uint32_t>(schedule_.tensors.size() - 1);
}

uint32_t ScheduleBuilder::value(const Value& value) {
  const auto [found, added] = value_ids_.emplace(bytes_key(value), static_cast<uint32_t>(schedule_.values.size()));
  if (added) schedule_.values.push_back(value);
  return found->second;
}

uint16_t ScheduleBuilder::ring(const Ring& ring) {
  schedule_.rings.push_back(ring);
  return static_cast<uint16_t>(schedule_.rings.size() - 1);
}

uint32_t ScheduleBuilder::stream(std::string_view stream_name, uint32_t lane, Engine engine, Part part,
                                 uint16_t in_flight) {
  Stream stream;
  stream.name = name(stream_name);
  stream.lane = lane;
  stream.engine = static_cast<uint8_t>(engine);
  stream.part = static_cast<uint8_t>(part);
  stream.in_flight = in_flight;
  schedule_.streams.push_back(stream);
  pending_.emplace_back();
  return static_cast<uint32_t>(schedule_.streams.size() - 1);
}

void ScheduleBuilder::append(uint32_t stream, PendingOp op) { pending_[stream].push_back(std::move(op)); }

uint32_t ScheduleBuilder::add(uint32_t stream, const OpSpec& spec) {
  size_t waits_before = 0;  // waits that go to sync ops in front
  while (spec.waits.size() - waits_before > 2) {
    PendingOp sync;
    sync.op.phase = spec.phase;
    sync.op.waits[0] = spec.waits[waits_before++];
    if (spec.waits.size() - waits_before > 2) sync.op.waits[1] = spec.waits[waits_before++];
    append(stream, std::move(sync));
  }
  PendingOp pending;
  Op& op = pending.op;
  op.kernel = spec.kernel.empty() ? kNoKernel : kernel(spec.kernel);
  op.operand_count = static_cast<uint8_t>(spec.operands.size());
  op.policy = spec.policy;
  op.flags = spec.flags;
  op.phase = spec.phase;
  std::memcpy(op.params, spec.params, sizeof op.params);
  for (size_t i = waits_before; i < spec.waits.size(); ++i) op.waits[i - waits_before] = spec.waits[i];
  for (size_t i = 0; i < spec.signals.size() && i < 2; ++i) {
    op.signals[i] = spec.signals[i].token;
    op.signal_kinds[i] = static_cast<uint8_t>(spec.signals[i].kind);
  }
  for (const OperandSpec& operand : spec.operands) {
    pending.operands.push_back(
        Operand{operand.view, operand.base, static_cast<uint8_t>(operand.access), operand.aux, operand.offset_bytes});
    pending.labels.push_back(operand.label);
    labelled_ |= operand.label.value != kNone || operand.label.ring != 0xffff;
  }
  append(stream, std::move(pending));
  const auto position = static_cast<uint32_t>(pending_[stream].size() - 1);
  for (size_t i = 2; i < spec.signals.size(); i += 2) {
    PendingOp sync;
    sync.op.phase = spec.phase;
    for (size_t j = i; j < i + 2 && j < spec.signals.size(); ++j) {
      sync.op.signals[j - i] = spec.signals[j].token;
      sync.op.signal_kinds[j - i] = static_cast<uint8_t>(spec.signals[j].kind);
    }
    append(stream, std::move(sync));
  }
  return position;
}

void ScheduleBuilder::claim(ClaimKind kind, uint64_t value, uint16_t a, uint16_t b, std::string_view method) {
  Claim claim;
  claim.kind = static_cast<uint16_t>(kind);
  claim.a = a;
  claim.b = b;
  claim.value = value;
  claim.method = name(method);
  schedule_.claims.push_back(claim);
}

void ScheduleBuilder::claim(ClaimKind kind, double value, std::string_view method) {
  claim(kind, std::bit_cast<uint64_t>(value), 0, 0, method);
}

void ScheduleBuilder::cost(std::string_view kernel_name, double fixed, double per_flop, double per_byte) {
  Cost cost;
  cost.kernel = kernel(kernel_name);
  cost.fixed = fixed;
  cost.per_flop = per_flop;
  cost.per_byte = per_byte;
  schedule_.costs.push_back(cost);
}

Schedule ScheduleBuilder::finish() {
  for (size_t stream = 0; stream < pending_.size(); ++stream) {
    schedule_.streams[stream].first_op = static_cast<uint32_t>(schedule_.ops.size());
    schedule_.streams[stream].op_count = static_cast<uint32_t>(pending_[stream].size());
    for (PendingOp& pending : pending_[stream]) {
      pending.op.first_operand = static_cast<uint32_t>(schedule_.operands.size());
      schedule_.ops.push_back(pending.op);
      schedule_.operands.insert(schedule_.operands.end(), pending.operands.begin(), pending.operands.end());
      if (labelled_) schedule_.labels.insert(schedule_.labels.end(), pending.labels.begin(), pending.labels.end());
    }
  }
  put_names_in_order_of_use(schedule_);
  return std::exchange(schedule_, Schedule{});
}

}  // namespace rondo
