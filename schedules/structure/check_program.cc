// What it does: kernels, views, streams and ops.
#include "schedules/structure/table_checker.h"

#include <algorithm>
#include <bit>
#include "rondo/contracts.h"
#include "rondo/footprint.h"

namespace rondo {

using Found = TableChecker::Found;

Found TableChecker::kernels() {
  if (Found f = named(Table::kKernels, "kernel", s_.kernels, kContracts.size())) return f;
  param_counts_.assign(s_.kernels.size(), 0);
  for (size_t i = 0; i < s_.kernels.size(); ++i) {
    const KernelRef& kernel = s_.kernels[i];
    const std::string_view name = s_.name(kernel.name);
    if (kernel.reserved0 != 0) return found(Table::kKernels, i, "kernel ", i, " has a reserved field that is not zero");
    const Contract* contract = find_contract(name);
    if (contract == nullptr)
      return found(Table::kKernels, i, "kernel '", name, "' is not one this build knows: re-plan with this version");
    if (kernel.contract_hash != hash_of(*contract))
      return found(Table::kKernels, i, "kernel '", name, "': this build knows it with contract hash ",
                   hex(hash_of(*contract)), ", the file was planned for ", hex(kernel.contract_hash),
                   ": re-plan with this version");
    for (size_t j = 0; j < i; ++j)
      if (s_.kernels[j].name == kernel.name) return found(Table::kKernels, i, "kernel '", name, "' is listed twice");
    while (param_counts_[i] < contract->params.size() && contract->params[param_counts_[i]].kind != ParamKind::kAbsent)
      ++param_counts_[i];
  }
  return std::nullopt;
}

Found TableChecker::policies() {
  if (s_.policies.size() > kMaxPolicies)
    return found(Table::kPolicies, kMaxPolicies, s_.policies.size(), " policies, the most is ", kMaxPolicies);
  for (size_t i = 0; i < s_.policies.size(); ++i) {
    const NumericsPolicy& policy = s_.policies[i];
    const auto bad = [&](const auto&... words) { return found(Table::kPolicies, i, "policy ", i, " ", words...); };
    for (const uint8_t dtype : {policy.storage, policy.compute, policy.accumulate})
      if (!is_dtype(dtype)) return bad("has unknown dtype ", dtype);
    if (policy.rounding > static_cast<uint8_t>(Rounding::kTowardZero))
      return bad("has unknown rounding ", policy.rounding);
    if (policy.saturation > static_cast<uint8_t>(Saturation::kWrap))
      return bad("has unknown saturation ", policy.saturation);
    if (policy.denormals > static_cast<uint8_t>(Denormals::kFlush))
      return bad("has unknown denormals ", policy.denormals);
    if (policy.reserved0[0] | policy.reserved0[1]) return bad("has a reserved field that is not zero");
  }
  return std::nullopt;
}

Found TableChecker::phases() { return named(Table::kPhases, "phase", s_.phases, kMaxPhases); }

Found TableChecker::cuts() {
  for (size_t i = 0; i < s_.cuts.size(); ++i) {
    const uint32_t phase = s_.cuts[i].phase;
    if (phase >= s_.phases.size())
      return found(Table::kCuts, i, "cut ", i, " is before phase ", phase, ", the file holds ", s_.phases.size());
    if (i > 0 && phase <= s_.cuts[i - 1].phase)
      return found(Table::kCuts, i, "cut ", i, " is before phase ", phase, ", cut ", i - 1, " before phase ",
                   s_.cuts[i - 1].phase, ": cuts must increase");
  }
  return std::nullopt;
}

Found TableChecker::members() {
  if (s_.members.empty()) return found(Table::kMembers, kNone, "no member: a file holds at least 1 schedule");
  if (Found f = named(Table::kMembers, "member", s_.members, kMaxMembers)) return f;
  std::vector<uint8_t> used(s_.names.size());
  for (size_t i = 0; i < s_.members.size(); ++i) {
    const Member& member = s_.members[i];
    if (member.guard_scalar != kNone || member.guard_min != 0 || member.guard_max != 0)
      return found(Table::kMembers, i, "member ", i, " is guarded, format version ", kFormatVersion,
                   " knows unguarded ones only");
    if (s_.members.size() == 1) break;
    if (member.name == 0)
      return found(Table::kMembers, i, "member ", i, " has no name: it must be named, as each of several");
    if (used[member.name]++) return found(Table::kMembers, i, "member ", i, " repeats '", s_.name(member.name), "'");
  }
  return std::nullopt;
}

Found TableChecker::views() {
  if (s_.views.size() >= kNone) return found(Table::kViews, kNone, "more than 2^32 - 2 views");
  for (size_t i = 0; i < s_.views.size(); ++i) {
    const View& view = s_.views[i];
    const auto bad = [&](const auto&... words) { return found(Table::kViews, i, "view v", i, " ", words...); };
    if (view.rank > kMaxRank) return bad("has rank ", view.rank, ", the most is ", kMaxRank);
    if (!is_dtype(view.dtype)) return bad("has unknown dtype ", view.dtype);
    if (!is_layout(view.layout)) return bad("has unknown layout ", view.layout);
    if (view.reserved0 | view.reserved1[0] | view.reserved1[1]) return bad("has a reserved field that is not zero");
    for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
      if (axis >= view.rank && (view.extent[axis] != 0 || view.stride_bytes[axis] != 0))
        return bad("has rank ", view.rank, " and an extent or stride on axis ", axis, ", which must be 0");
      if (view.stride_bytes[axis] < 0)
        return bad("has stride ", view.stride_bytes[axis], " on axis ", axis, ", the least is 0");
      if (static_cast<uint64_t>(view.stride_bytes[axis]) >= kSizeLimit)
        return bad("has stride ", view.stride_bytes[axis], " on axis ", axis, ", allowed is less than 2^47");
    }
    if (static_cast<Layout>(view.layout) == Layout::kRows) {
      if (view.block_rows != 1 || view.block_columns != 1)
        return bad("has layout rows with blocks of ", view.block_rows, "x", view.block_columns, ", allowed is 1x1");
    } else {
      if (view.rank != 2) return bad("has layout panels and rank ", view.rank, ", allowed is 2");
      if (view.block_rows != 1 ||
          std::find(kPanelWidths.begin(), kPanelWidths.end(), view.block_columns) == kPanelWidths.end())
        return bad("has layout panels with blocks of ", view.block_rows, "x", view.block_columns,
                   ", allowed are 1x32, 1x16 and 1x8");
    }
    const auto span = span_bytes(view);
    if (!span || *span >= kSizeLimit) return bad("spans 2^47 bytes or more");
    const auto box = box_bytes(view);
    if (!box || *box >= kSizeLimit) return bad("has 2^47 bytes of elements or more");
    if (Found f = scalar_of(view, i)) return f;
  }
  return std::nullopt;
}

Found TableChecker::scalar_of(const View& view, size_t i) const {
  const auto bad = [&](const auto&... words) { return found(Table::kViews, i, "view v", i, " ", words...); };
  const bool bounds = view.extent_axis != 0xff, shifts = view.offset_step_bytes != 0;
  if (bounds && view.extent_axis >= view.rank)
    return bad("bounds the extent of axis ", view.extent_axis, ", its rank is ", view.rank);
  if (!bounds && (view.extent_scale != 0 || view.extent_bias != 0))
    return bad("has an extent formula and no axis for it");
  if (!shifts && (view.offset_scale != 0 || view.offset_bias != 0 || view.offset_modulus != 0))
    return bad("has an offset formula and no step for it");
  if (view.scalar == kNone) {
    if (bounds || shifts) return bad("has a formula and no scalar for it");
    return std::nullopt;
  }
  if (view.scalar >= s_.scalars.size()) return bad("uses scalar ", view.scalar, ", the file holds ", s_.scalars.size());
  if (!bounds && !shifts) return bad("names scalar '", s_.name(s_.scalars[view.scalar].name), "' and does not use it");
  const Scalar& scalar = s_.scalars[view.scalar];
  if (!stays_small(scalar, view.extent_scale, view.extent_bias)) return bad("has an extent formula that exceeds 2^62");
  if (!shifts) return std::nullopt;
  if (!stays_small(scalar, view.offset_scale, view.offset_bias)) return bad("has an offset formula that exceeds 2^62");
  if (view.offset_step_bytes < 0 || view.offset_modulus <= 0)
    return bad("has offset step ", view.offset_step_bytes, " and modulus ", view.offset_modulus,
               ", both must be above 0");
  if (static_cast<unsigned __int128>(view.offset_step_bytes) * static_cast<uint64_t>(view.offset_modulus) >= kSizeLimit)
    return bad("shifts by up to 2^47 bytes or more");
  return std::nullopt;
}

Found TableChecker::streams() {
  if (Found f = named(Table::kStreams, "stream", s_.streams, kMaxStreams)) return f;
  uint64_t next_op = 0;
  for (size_t i = 0; i < s_.streams.size(); ++i) {
    const Stream& stream = s_.streams[i];
    const auto bad = [&](const auto&... words) {
      return found(Table::kStreams, i, called("stream", i, stream.name), " ", words...);
    };
    if (stream.lane >= s_.lane_count) return bad("belongs to lane ", stream.lane, ", the schedule has ", s_.lane_count);
    if (stream.engine > static_cast<uint8_t>(Engine::kCopyOut)) return bad("has unknown engine ", stream.engine);
    if (stream.part > static_cast<uint8_t>(Part::kReplay)) return bad("has unknown part ", stream.part);
    if (stream.in_flight == 0) return bad("has in_flight 0, the least is 1");
    if (stream.member >= s_.members.size())
      return bad("belongs to member ", stream.member, ", the file holds ", s_.members.size());
    if (stream.reserved0 != 0) return bad("has a reserved field that is not zero");
    const bool prepares = stream.part == static_cast<uint8_t>(Part::kPrepare);
    if (prepares && stream.member != 0) return bad("prepares and is of member ", stream.member, ", which must be 0");
    if (i > 0 && s_.members.size() > 1) {
      const Stream& before = s_.streams[i - 1];
      if (before.part > stream.part || before.member > stream.member)
        return bad("is of ", prepares ? "prepare" : called("member", stream.member, s_.members[stream.member].name),
                   " and follows one of ", called("member", before.member, s_.members[before.member].name),
                   ": streams of prepare must be first, others by member");
    }
    if (stream.first_op != next_op)
      return bad("starts at op ", stream.first_op, ", the one before it ends at ", next_op);
    next_op += stream.op_count;
    if (next_op > s_.ops.size()) return bad("ends at op ", next_op, ", the file holds ", s_.ops.size());
  }
  if (next_op != s_.ops.size())
    return found(Table::kOps, next_op, "the streams hold ", next_op, " ops, the file ", s_.ops.size());
  return std::nullopt;
}

Found TableChecker::ops() {
  if (s_.ops.size() >= kNone || s_.operands.size() >= kNone)
    return found(Table::kOps, kNone, s_.ops.size(), " ops and ", s_.operands.size(),
                 " operands, allowed are less than 2^32 - 1");
  uint64_t next_operand = 0;
  for (size_t i = 0; i < s_.ops.size(); ++i) {
    const Op& op = s_.ops[i];
    const auto bad = [&](const auto&... words) { return found(Table::kOps, i, "op ", i, " ", words...); };
    if (op.operand_count > kMaxOperands) return bad("has ", op.operand_count, " operands, the most is ", kMaxOperands);
    if (op.first_operand != next_operand)
      return bad("has its operands from ", op.first_operand, ", the op before it ends at ", next_operand);
    next_operand += op.operand_count;
    if (next_operand > s_.operands.size())
      return bad("has operands up to ", next_operand, ", the file holds ", s_.operands.size());
    if (op.steps != 1) return bad("has steps ", op.steps, ", format version ", kFormatVersion, " knows 1 only");
    if (op.reserved0 != 0 || op.reserved1 != 0) return bad("has a reserved field that is not zero");
    if (op.phase >= s_.phases.size() && op.phase != 0)
      return bad("is in phase ", op.phase, ", the file holds ", s_.phases.size());
    if (op.policy >= s_.policies.size() && !(op.kernel == kNoKernel && op.policy == 0))
      return bad("has policy ", op.policy, ", the file holds ", s_.policies.size());
    uint32_t param_count = 0;
    if (op.kernel == kNoKernel) {
      if (op.operand_count != 0 || op.flags != 0) return bad("is a sync with operands or flags");
    } else {
      if (op.kernel >= s_.kernels.size()) return bad("has kernel ", op.kernel, ", the file holds ", s_.kernels.size());
      if (op.flags & ~(kOpInit | kOpAccumulate | kOpFinal)) return bad("has unknown flags ", hex(op.flags));
      param_count = param_counts_[op.kernel];
    }
    for (uint32_t param = param_count; param < 4; ++param)
      if (op.params[param] != 0)
        return bad("has parameter ", param, " = ", op.params[param], ", its kernel takes ", param_count);
    for (const Wait& wait : op.waits) {
      if (wait.token == kNone ? wait.count != 0 : wait.token >= s_.tokens.size())
        return wait.token == kNone ? bad("waits for ", wait.count, " signals of no token")
                                   : bad("waits for t", wait.token, ", the file holds ", s_.tokens.size(), " tokens");
    }
    for (uint32_t slot = 0; slot < 2; ++slot) {
      const uint32_t token = op.signals[slot];
      if (token != kNone && token >= s_.tokens.size())
        return bad("signals t", token, ", the file holds ", s_.tokens.size(), " tokens");
      if (op.signal_kinds[slot] > (token == kNone ? 0 : static_cast<uint8_t>(SignalKind::kRead)))
        return bad("has unknown signal kind ", op.signal_kinds[slot]);
    }
    for (uint32_t slot = 0; slot < op.operand_count; ++slot)
      if (Found f = operand_of(op, i, slot)) return f;
  }
  if (next_operand != s_.operands.size())
    return found(Table::kOperands, kNone, "the ops have ", next_operand, " operands, the file ", s_.operands.size());
  return std::nullopt;
}

Found TableChecker::operand_of(const Op& op, size_t i, uint32_t slot) const {
  const Operand& operand = s_.operands[op.first_operand + slot];
  const auto bad = [&](const auto&... words) {
    return found(Table::kOperands, i, "op ", i, " operand ", slot, " ", words...);
  };
  if (operand.view >= s_.views.size())
    return bad("has view v", operand.view, ", the file holds ", s_.views.size(), " views");
  if (operand.base >= s_.base_count())
    return bad("has base ", operand.base, ", the file holds ", s_.base_count(), " arenas and bindings");
  if (operand.offset_bytes >= kSizeLimit)
    return bad("has offset ", operand.offset_bytes, ", allowed is less than 2^47");
  if (operand.access > static_cast<uint8_t>(Access::kIndexedWrite)) return bad("has unknown access ", operand.access);
  if (operand.access < static_cast<uint8_t>(Access::kIndexedRead)) {
    if (operand.aux != 0) return bad("has aux ", operand.aux, ", which only indexed access has");
    return std::nullopt;
  }
  const uint32_t table = operand.aux & 15, axis = operand.aux >> 4;
  if (table >= op.operand_count) return bad("is indexed by operand ", table, ", the op has ", op.operand_count);
  if (axis >= s_.views[operand.view].rank)
    return bad("is indexed along axis ", axis, ", its view has rank ", s_.views[operand.view].rank);
  return std::nullopt;
}

}  // namespace rondo
