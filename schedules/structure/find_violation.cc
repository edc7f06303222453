// The structural check: every index in range, every enum known, every reserved
// field zero, every size small enough to add. What the rest of the library may
// assume of a schedule that it has not verified is exactly what stands here.
#include "schedules/structure/violation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include "rondo/contracts.h"
#include "rondo/footprint.h"
#include "rondo/load.h"
#include "schedules/structure/names.h"
#include "schedules/structure/sentence.h"

namespace rondo {
namespace {

using Found = std::optional<Violation>;

template <class... Words>
Found found(Table table, size_t record, const Words&... words) {
  return Violation{table, static_cast<uint32_t>(record), sentence(words...)};
}

// Does scale * s + bias stay within 62 bits for every value of the scalar?
bool stays_small(const Scalar& scalar, int64_t scale, int64_t bias) {
  constexpr auto kLimit = static_cast<__int128>(1) << 62;
  for (const int64_t end : {scalar.min, scalar.max}) {
    const __int128 result = static_cast<__int128>(scale) * end + bias;
    if (result > kLimit || result < -kLimit) return false;
  }
  return true;
}

// Bytes of a dense tensor, or nothing above the size limit. Dims are >= 1.
std::optional<uint64_t> dense_bytes(uint8_t dtype, const uint32_t* shape, uint32_t rank) {
  unsigned __int128 bytes = size_of(static_cast<DType>(dtype));
  for (uint32_t axis = 0; axis < rank; ++axis) {
    bytes *= shape[axis];
    if (bytes >= kSizeLimit) return std::nullopt;
  }
  return static_cast<uint64_t>(bytes);
}

class Checker {
 public:
  explicit Checker(const Schedule& schedule) : s_(schedule) {}

  Found run() {
    using Step = Found (Checker::*)();
    constexpr Step kSteps[] = {&Checker::target,       &Checker::names,    &Checker::spaces,   &Checker::groups,
                               &Checker::arenas,       &Checker::bindings, &Checker::scalars,  &Checker::tokens,
                               &Checker::unique_names, &Checker::kernels,  &Checker::policies, &Checker::phases,
                               &Checker::cuts,         &Checker::members,  &Checker::views,    &Checker::streams,
                               &Checker::ops,          &Checker::tensors,  &Checker::values,   &Checker::labels,
                               &Checker::rings,        &Checker::claims,   &Checker::costs};
    for (const Step step : kSteps)
      if (Found violation = (this->*step)()) return violation;
    return std::nullopt;
  }

 private:
  const Schedule& s_;
  std::vector<uint8_t> param_counts_;  // per kernel reference

  bool is_name(NameId id) const { return id < s_.names.size(); }
  // "arena 3 'scratch'", for messages; the name is already known to be in range.
  std::string called(std::string_view what, size_t record, NameId id) const {
    return s_.name(id).empty() ? sentence(what, " ", record) : sentence(what, " ", record, " '", s_.name(id), "'");
  }

  template <class Record>
  Found named(Table table, std::string_view what, const std::vector<Record>& records, size_t limit) const {
    if (records.size() > limit)
      return found(table, limit, records.size(), " records of ", what, ", the most is ", limit);
    for (size_t i = 0; i < records.size(); ++i)
      if (!is_name(records[i].name))
        return found(table, i, what, " ", i, " has name ", records[i].name, ", the file holds ", s_.names.size(),
                     " names");
    return std::nullopt;
  }

  Found target() {
    const std::pair<std::string_view, const std::string*> texts[] = {
        {"producer", &s_.producer}, {"source", &s_.source}, {"backend", &s_.backend}, {"machine", &s_.machine}};
    for (const auto& [what, text] : texts) {
      if (text->size() > kMaxNameBytes)
        return found(Table::kTarget, kNone, what, " is ", text->size(), " bytes long, the most is ", kMaxNameBytes);
      if (!is_plain_text(*text)) return found(Table::kTarget, kNone, what, " is not UTF-8 text on one line");
    }
    if (s_.lane_count == 0 || s_.lane_count > kMaxLanes)
      return found(Table::kTarget, kNone, "lane count ", s_.lane_count, " is not in [1, ", kMaxLanes, "]");
    return std::nullopt;
  }

  Found names() {
    if (s_.names.empty() || !s_.names[0].empty()) return found(Table::kNames, 0, "name 0 must be the empty string");
    if (s_.names.size() >= kNone) return found(Table::kNames, kNone, "more than 2^32 - 2 names");
    for (size_t i = 1; i < s_.names.size(); ++i) {
      const std::string& name = s_.names[i];
      if (name.empty() || name.size() > kMaxNameBytes)
        return found(Table::kNames, i, "name ", i, " is ", name.size(), " bytes long, allowed are 1 to ",
                     kMaxNameBytes);
      if (!is_plain_text(name)) return found(Table::kNames, i, "name ", i, " is not UTF-8 text on one line");
    }
    std::vector<uint32_t> order(s_.names.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      const int compared = s_.names[a].compare(s_.names[b]);
      return compared != 0 ? compared < 0 : a < b;
    });
    for (size_t i = 1; i < order.size(); ++i)
      if (s_.names[order[i]] == s_.names[order[i - 1]])
        return found(Table::kNames, order[i], "name ", order[i], " repeats name ", order[i - 1], ", '",
                     s_.names[order[i]], "'");
    return std::nullopt;
  }

  Found spaces() {
    if (Found f = named(Table::kSpaces, "space", s_.spaces, kMaxSpaces)) return f;
    for (size_t i = 0; i < s_.spaces.size(); ++i) {
      const Space& space = s_.spaces[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kSpaces, i, called("space", i, space.name), " ", words...);
      };
      if (space.kind > static_cast<uint8_t>(SpaceKind::kDevice)) return bad("has unknown kind ", space.kind);
      if (space.reserved0[0] | space.reserved0[1] | space.reserved0[2] | space.reserved1)
        return bad("has a reserved field that is not zero");
      if (!std::has_single_bit(space.align_bytes))
        return bad("has alignment ", space.align_bytes, ", not a power of two");
      if (space.capacity_bytes >= kSizeLimit)
        return bad("has a capacity of ", space.capacity_bytes, " bytes, allowed is less than 2^47");
    }
    return std::nullopt;
  }

  Found groups() {
    if (Found f = named(Table::kGroups, "group", s_.groups, kMaxGroups)) return f;
    for (size_t i = 0; i < s_.groups.size(); ++i) {
      const Group& group = s_.groups[i];
      if (group.reserved0 != 0)
        return found(Table::kGroups, i, called("group", i, group.name), " has a reserved field that is not zero");
      if (group.lane_count == 0 || uint64_t{group.first_lane} + group.lane_count > s_.lane_count)
        return found(Table::kGroups, i, called("group", i, group.name), " spans ", group.lane_count,
                     " lanes from lane ", group.first_lane, ", the schedule has ", s_.lane_count);
    }
    return std::nullopt;
  }

  Found arenas() {
    if (Found f = named(Table::kArenas, "arena", s_.arenas, kMaxBases)) return f;
    for (size_t i = 0; i < s_.arenas.size(); ++i) {
      const Arena& arena = s_.arenas[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kArenas, i, called("arena", i, arena.name), " ", words...);
      };
      if (arena.name == 0) return bad("has no name");
      if (arena.space >= s_.spaces.size())
        return bad("lies in space ", arena.space, ", the file holds ", s_.spaces.size());
      const Space& space = s_.spaces[arena.space];
      if (arena.prepared > 1) return bad("has prepared = ", arena.prepared, ", allowed are 0 and 1");
      if (arena.reserved0 != 0) return bad("has a reserved field that is not zero");
      if (!std::has_single_bit(arena.align_bytes) || arena.align_bytes < space.align_bytes)
        return bad("has alignment ", arena.align_bytes, ", not a power of two of at least its space's ",
                   space.align_bytes);
      if (arena.bytes >= kSizeLimit) return bad("has ", arena.bytes, " bytes, allowed is less than 2^47");
      switch (static_cast<OwnerKind>(arena.owner_kind)) {
        case OwnerKind::kLane:
          if (arena.owner >= s_.lane_count)
            return bad("belongs to lane ", arena.owner, ", the schedule has ", s_.lane_count);
          break;
        case OwnerKind::kGroup:
          if (arena.owner >= s_.groups.size())
            return bad("belongs to group ", arena.owner, ", the file holds ", s_.groups.size());
          break;
        case OwnerKind::kEveryone:
          if (arena.owner != 0) return bad("belongs to everyone and has owner ", arena.owner, ", which must be 0");
          break;
        default:
          return bad("has unknown owner kind ", arena.owner_kind);
      }
    }
    return std::nullopt;
  }

  Found bindings() {
    if (Found f = named(Table::kBindings, "binding", s_.bindings, kMaxBases)) return f;
    if (s_.arenas.size() + s_.bindings.size() > kMaxBases)
      return found(Table::kBindings, kNone, s_.arenas.size(), " arenas and ", s_.bindings.size(),
                   " bindings, the most together is ", kMaxBases);
    for (size_t i = 0; i < s_.bindings.size(); ++i) {
      const Binding& binding = s_.bindings[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kBindings, i, called("binding", i, binding.name), " ", words...);
      };
      if (binding.name == 0) return bad("has no name");
      if (binding.role > static_cast<uint8_t>(Role::kTable)) return bad("has unknown role ", binding.role);
      if (!is_dtype(binding.dtype)) return bad("has unknown dtype ", binding.dtype);
      if (binding.reserved0 != 0) return bad("has a reserved field that is not zero");
      if (binding.rank > kMaxRank) return bad("has rank ", binding.rank, ", the most is ", kMaxRank);
      for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
        if (axis < binding.rank && binding.shape[axis] == 0) return bad("has size 0 on axis ", axis);
        if (axis >= binding.rank && binding.shape[axis] != 0)
          return bad("has rank ", binding.rank, " and size ", binding.shape[axis], " on axis ", axis,
                     ", which must be 0");
      }
      if (!dense_bytes(binding.dtype, binding.shape, binding.rank)) return bad("has 2^47 bytes or more");
      const uint64_t element = size_of(static_cast<DType>(binding.dtype));
      if (!std::has_single_bit(binding.align_bytes) || binding.align_bytes < element)
        return bad("has alignment ", binding.align_bytes, ", not a power of two of at least its element's ", element);
      const auto role = static_cast<Role>(binding.role);
      if (role == Role::kTable) {
        const auto dtype = static_cast<DType>(binding.dtype);
        if (dtype != DType::kI32 && dtype != DType::kI64)
          return bad("is a table of ", info(dtype).name, ", allowed are i32 and i64");
        if (binding.index_limit == 0) return bad("is a table with index limit 0: no entry would be legal");
        if (binding.distinct > 1) return bad("has distinct = ", binding.distinct, ", allowed are 0 and 1");
      } else if (binding.index_limit != 0 || binding.distinct != 0) {
        return bad("has an index limit or distinct entries, which only a table has");
      }
      if (binding.filled_scalar == kNone) {
        if (binding.filled_scale != 0 || binding.filled_bias != 0) return bad("has a filled part without a scalar");
      } else {
        if (role != Role::kState) return bad("has a filled part, which only state has");
        if (binding.rank == 0) return bad("has a filled part and rank 0: there are no rows");
        if (binding.filled_scalar >= s_.scalars.size())
          return bad("is filled up to scalar ", binding.filled_scalar, ", the file holds ", s_.scalars.size());
        if (!stays_small(s_.scalars[binding.filled_scalar], binding.filled_scale, binding.filled_bias))
          return bad("is filled up to a row beyond 2^62");
      }
    }
    return std::nullopt;
  }

  Found scalars() {
    if (Found f = named(Table::kScalars, "scalar", s_.scalars, kMaxScalars)) return f;
    for (size_t i = 0; i < s_.scalars.size(); ++i) {
      const Scalar& scalar = s_.scalars[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kScalars, i, called("scalar", i, scalar.name), " ", words...);
      };
      constexpr auto kLimit = static_cast<int64_t>(kSizeLimit);
      if (scalar.name == 0) return bad("has no name");
      if (scalar.reserved0 != 0) return bad("has a reserved field that is not zero");
      if (scalar.min > scalar.max) return bad("has min ", scalar.min, " above max ", scalar.max);
      if (scalar.min <= -kLimit || scalar.max >= kLimit)
        return bad("has range [", scalar.min, ", ", scalar.max, "], allowed is within +-2^47");
    }
    return std::nullopt;
  }

  Found tokens() {
    if (Found f = named(Table::kTokens, "token", s_.tokens, kNone - 1)) return f;
    for (size_t i = 0; i < s_.tokens.size(); ++i) {
      const Token& token = s_.tokens[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kTokens, i, called("token", i, token.name), " ", words...);
      };
      if (token.scope > static_cast<uint8_t>(TokenScope::kSystem)) return bad("has unknown scope ", token.scope);
      if (token.join > 1) return bad("has join = ", token.join, ", allowed are 0 and 1");
      if (token.part > static_cast<uint8_t>(Part::kReplay)) return bad("has unknown part ", token.part);
      if (token.reserved0 != 0 || token.reserved1 != 0) return bad("has a reserved field that is not zero");
    }
    return std::nullopt;
  }

  // Where the host or an op line says a name, one thing must have it.
  Found unique_names() {
    std::vector<uint8_t> used(s_.names.size());
    for (size_t i = 0; i < s_.arenas.size(); ++i)
      if (used[s_.arenas[i].name]++)
        return found(Table::kArenas, i, "arena ", i, " repeats the name '", s_.name(s_.arenas[i].name), "'");
    for (size_t i = 0; i < s_.bindings.size(); ++i)
      if (used[s_.bindings[i].name]++)
        return found(Table::kBindings, i, "binding ", i, " repeats the name '", s_.name(s_.bindings[i].name),
                     "' of an arena or binding");
    std::fill(used.begin(), used.end(), uint8_t{0});
    for (size_t i = 0; i < s_.scalars.size(); ++i)
      if (used[s_.scalars[i].name]++)
        return found(Table::kScalars, i, "scalar ", i, " repeats the name '", s_.name(s_.scalars[i].name), "'");
    return std::nullopt;
  }

  Found kernels() {
    if (Found f = named(Table::kKernels, "kernel", s_.kernels, kContracts.size())) return f;
    param_counts_.assign(s_.kernels.size(), 0);
    for (size_t i = 0; i < s_.kernels.size(); ++i) {
      const KernelRef& kernel = s_.kernels[i];
      const std::string_view name = s_.name(kernel.name);
      if (kernel.reserved0 != 0)
        return found(Table::kKernels, i, "kernel ", i, " has a reserved field that is not zero");
      const Contract* contract = find_contract(name);
      if (contract == nullptr)
        return found(Table::kKernels, i, "kernel '", name, "' is not one this build knows: re-plan with this version");
      if (kernel.contract_hash != hash_of(*contract))
        return found(Table::kKernels, i, "kernel '", name, "': this build knows it with contract hash ",
                     hex(hash_of(*contract)), ", the file was planned for ", hex(kernel.contract_hash),
                     ": re-plan with this version");
      for (size_t j = 0; j < i; ++j)
        if (s_.kernels[j].name == kernel.name) return found(Table::kKernels, i, "kernel '", name, "' is listed twice");
      while (param_counts_[i] < contract->params.size() && contract->params[param_counts_[i]].kind != ParamKind::kNone)
        ++param_counts_[i];
    }
    return std::nullopt;
  }

  Found policies() {
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

  Found phases() { return named(Table::kPhases, "phase", s_.phases, kMaxPhases); }

  Found cuts() {
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

  Found members() {
    if (s_.members.size() != 1)
      return found(Table::kMembers, kNone, s_.members.size(), " members, format version ", kFormatVersion,
                   " holds exactly 1");
    if (Found f = named(Table::kMembers, "member", s_.members, 1)) return f;
    const Member& member = s_.members[0];
    if (member.guard_scalar != kNone || member.guard_min != 0 || member.guard_max != 0)
      return found(Table::kMembers, 0, "member 0 is guarded, format version ", kFormatVersion,
                   " knows unguarded ones only");
    return std::nullopt;
  }

  Found views() {
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

  Found scalar_of(const View& view, size_t i) const {
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
    if (view.scalar >= s_.scalars.size())
      return bad("uses scalar ", view.scalar, ", the file holds ", s_.scalars.size());
    if (!bounds && !shifts)
      return bad("names scalar '", s_.name(s_.scalars[view.scalar].name), "' and does not use it");
    const Scalar& scalar = s_.scalars[view.scalar];
    if (!stays_small(scalar, view.extent_scale, view.extent_bias))
      return bad("has an extent formula that exceeds 2^62");
    if (!shifts) return std::nullopt;
    if (!stays_small(scalar, view.offset_scale, view.offset_bias))
      return bad("has an offset formula that exceeds 2^62");
    if (view.offset_step_bytes < 0 || view.offset_modulus <= 0)
      return bad("has offset step ", view.offset_step_bytes, " and modulus ", view.offset_modulus,
                 ", both must be above 0");
    if (static_cast<unsigned __int128>(view.offset_step_bytes) * static_cast<uint64_t>(view.offset_modulus) >=
        kSizeLimit)
      return bad("shifts by up to 2^47 bytes or more");
    return std::nullopt;
  }

  Found streams() {
    if (Found f = named(Table::kStreams, "stream", s_.streams, kMaxStreams)) return f;
    uint64_t next_op = 0;
    for (size_t i = 0; i < s_.streams.size(); ++i) {
      const Stream& stream = s_.streams[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kStreams, i, called("stream", i, stream.name), " ", words...);
      };
      if (stream.lane >= s_.lane_count)
        return bad("belongs to lane ", stream.lane, ", the schedule has ", s_.lane_count);
      if (stream.engine > static_cast<uint8_t>(Engine::kCopyOut)) return bad("has unknown engine ", stream.engine);
      if (stream.part > static_cast<uint8_t>(Part::kReplay)) return bad("has unknown part ", stream.part);
      if (stream.in_flight == 0) return bad("has in_flight 0, the least is 1");
      if (stream.member >= s_.members.size())
        return bad("belongs to member ", stream.member, ", the file holds ", s_.members.size());
      if (stream.reserved0 != 0) return bad("has a reserved field that is not zero");
      if (stream.first_op != next_op)
        return bad("starts at op ", stream.first_op, ", the one before it ends at ", next_op);
      next_op += stream.op_count;
      if (next_op > s_.ops.size()) return bad("ends at op ", next_op, ", the file holds ", s_.ops.size());
    }
    if (next_op != s_.ops.size())
      return found(Table::kOps, next_op, "the streams hold ", next_op, " ops, the file ", s_.ops.size());
    return std::nullopt;
  }

  Found ops() {
    if (s_.ops.size() >= kNone || s_.operands.size() >= kNone)
      return found(Table::kOps, kNone, s_.ops.size(), " ops and ", s_.operands.size(),
                   " operands, allowed are less than 2^32 - 1");
    uint64_t next_operand = 0;
    for (size_t i = 0; i < s_.ops.size(); ++i) {
      const Op& op = s_.ops[i];
      const auto bad = [&](const auto&... words) { return found(Table::kOps, i, "op ", i, " ", words...); };
      if (op.operand_count > kMaxOperands)
        return bad("has ", op.operand_count, " operands, the most is ", kMaxOperands);
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
        if (op.kernel >= s_.kernels.size())
          return bad("has kernel ", op.kernel, ", the file holds ", s_.kernels.size());
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

  Found operand_of(const Op& op, size_t i, uint32_t slot) const {
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

  Found tensors() {
    if (Found f = named(Table::kTensors, "tensor", s_.tensors, kNone - 1)) return f;
    for (size_t i = 0; i < s_.tensors.size(); ++i) {
      const Tensor& tensor = s_.tensors[i];
      const auto bad = [&](const auto&... words) {
        return found(Table::kTensors, i, called("tensor", i, tensor.name), " ", words...);
      };
      if (!is_dtype(tensor.dtype)) return bad("has unknown dtype ", tensor.dtype);
      if (tensor.rank > kMaxRank) return bad("has rank ", tensor.rank, ", the most is ", kMaxRank);
      if (tensor.reserved0 != 0 || tensor.reserved1 != 0) return bad("has a reserved field that is not zero");
      for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
        if (axis < tensor.rank && tensor.shape[axis] == 0) return bad("has size 0 on axis ", axis);
        if (axis >= tensor.rank && tensor.shape[axis] != 0)
          return bad("has rank ", tensor.rank, " and size ", tensor.shape[axis], " on axis ", axis,
                     ", which must be 0");
      }
      if (!dense_bytes(tensor.dtype, tensor.shape, tensor.rank)) return bad("has 2^47 bytes or more");
      if (tensor.base != kNone && tensor.base >= s_.base_count())
        return bad("has base ", tensor.base, ", the file holds ", s_.base_count(), " arenas and bindings");
    }
    return std::nullopt;
  }

  Found values() {
    if (s_.values.size() >= kNone) return found(Table::kValues, kNone, "more than 2^32 - 2 values");
    for (size_t i = 0; i < s_.values.size(); ++i) {
      const Value& value = s_.values[i];
      const auto bad = [&](const auto&... words) { return found(Table::kValues, i, "value val", i, " ", words...); };
      if (value.tensor >= s_.tensors.size())
        return bad("is of tensor ", value.tensor, ", the file holds ", s_.tensors.size());
      if (value.reserved0 != 0) return bad("has a reserved field that is not zero");
      const Tensor& tensor = s_.tensors[value.tensor];
      for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
        if (uint64_t{value.low[axis]} + value.extent[axis] > tensor.shape[axis])
          return bad("reaches ", uint64_t{value.low[axis]} + value.extent[axis], " on axis ", axis, ", its tensor has ",
                     tensor.shape[axis]);
        if (value.axis[axis] != 0xff && value.axis[axis] >= tensor.rank)
          return bad("walks axis ", value.axis[axis], ", its tensor has rank ", tensor.rank);
      }
    }
    return std::nullopt;
  }

  Found labels() {
    if (s_.labels.empty()) return std::nullopt;
    if (s_.labels.size() != s_.operands.size())
      return found(Table::kLabels, kNone, s_.labels.size(), " labels for ", s_.operands.size(),
                   " operands: there is one each, or none");
    if (std::find_if(s_.labels.begin(), s_.labels.end(),
                     [](const OperandLabel& label) { return label != OperandLabel{}; }) == s_.labels.end())
      return found(Table::kLabels, kNone, s_.labels.size(), " labels that say nothing: such a file has none");
    for (size_t i = 0; i < s_.ops.size(); ++i) {
      for (uint32_t slot = 0; slot < s_.ops[i].operand_count; ++slot) {
        const OperandLabel& label = s_.labels[s_.ops[i].first_operand + slot];
        const auto bad = [&](const auto&... words) {
          return found(Table::kLabels, i, "op ", i, " operand ", slot, " ", words...);
        };
        if (label.value != kNone && label.value >= s_.values.size())
          return bad("holds val", label.value, ", the file holds ", s_.values.size(), " values");
        if (label.ring == 0xffff) {
          if (label.slot != 0) return bad("is in slot ", label.slot, " of no ring");
          continue;
        }
        if (label.ring >= s_.rings.size())
          return bad("is in ring r", label.ring, ", the file holds ", s_.rings.size(), " rings");
        if (label.slot >= s_.rings[label.ring].depth)
          return bad("is in slot ", label.slot, " of ring r", label.ring, ", which has ", s_.rings[label.ring].depth);
      }
    }
    return std::nullopt;
  }

  Found rings() {
    if (s_.rings.size() > kMaxRings)
      return found(Table::kRings, kMaxRings, s_.rings.size(), " rings, the most is ", kMaxRings);
    for (size_t i = 0; i < s_.rings.size(); ++i) {
      const Ring& ring = s_.rings[i];
      const auto bad = [&](const auto&... words) { return found(Table::kRings, i, "ring r", i, " ", words...); };
      if (ring.base >= s_.base_count())
        return bad("has base ", ring.base, ", the file holds ", s_.base_count(), " arenas and bindings");
      if (ring.depth == 0) return bad("has depth 0, the least is 1");
      if (ring.reserved0 != 0) return bad("has a reserved field that is not zero");
      if (ring.offset_bytes >= kSizeLimit || ring.stride_bytes >= kSizeLimit ||
          ring.offset_bytes + static_cast<unsigned __int128>(ring.stride_bytes) * ring.depth >= kSizeLimit)
        return bad("reaches 2^47 bytes or more");
    }
    return std::nullopt;
  }

  Found claims() {
    if (s_.claims.size() > kMaxClaims)
      return found(Table::kClaims, kMaxClaims, s_.claims.size(), " claims, the most is ", kMaxClaims);
    for (size_t i = 0; i < s_.claims.size(); ++i) {
      const Claim& claim = s_.claims[i];
      const auto bad = [&](const auto&... words) { return found(Table::kClaims, i, "claim ", i, " ", words...); };
      if (!is_name(claim.method))
        return bad("has method ", claim.method, ", the file holds ", s_.names.size(), " names");
      if (claim.reserved0 != 0 || claim.reserved1 != 0) return bad("has a reserved field that is not zero");
      switch (static_cast<ClaimKind>(claim.kind)) {
        case ClaimKind::kBytesMoved:
          for (const uint16_t space : {claim.a, claim.b})
            if (space != 0xffff && space >= s_.spaces.size())
              return bad("is of space ", space, ", the file holds ", s_.spaces.size());
          break;
        case ClaimKind::kExtentPeak:
        case ClaimKind::kLivePeak:
          if (claim.a >= s_.arenas.size()) return bad("is of arena ", claim.a, ", the file holds ", s_.arenas.size());
          if (claim.b != 0) return bad("has b = ", claim.b, ", which must be 0");
          break;
        case ClaimKind::kMakespan:
        case ClaimKind::kLowerBound:
          if (!std::isfinite(std::bit_cast<double>(claim.value))) return bad("is no finite number");
          [[fallthrough]];
        case ClaimKind::kOps:
        case ClaimKind::kCopies:
        case ClaimKind::kFlops:
        case ClaimKind::kPrepareOps:
        case ClaimKind::kLoadsEliminated:
          if (claim.a != 0 || claim.b != 0) return bad("has a = ", claim.a, " and b = ", claim.b, ", which must be 0");
          break;
        default:
          return bad("has unknown kind ", claim.kind);
      }
    }
    return std::nullopt;
  }

  Found costs() {
    if (s_.costs.size() > s_.kernels.size())
      return found(Table::kCosts, s_.kernels.size(), s_.costs.size(), " costs for ", s_.kernels.size(), " kernels");
    std::vector<uint8_t> used(s_.kernels.size());
    for (size_t i = 0; i < s_.costs.size(); ++i) {
      const Cost& cost = s_.costs[i];
      const auto bad = [&](const auto&... words) { return found(Table::kCosts, i, "cost ", i, " ", words...); };
      if (cost.kernel >= s_.kernels.size())
        return bad("is of kernel ", cost.kernel, ", the file holds ", s_.kernels.size());
      if (cost.reserved0 != 0 || cost.reserved1 != 0) return bad("has a reserved field that is not zero");
      if (used[cost.kernel]++) return bad("repeats kernel '", s_.name(s_.kernels[cost.kernel].name), "'");
      for (const double number : {cost.fixed, cost.per_flop, cost.per_byte})
        if (!std::isfinite(number) || std::signbit(number)) return bad("is not made of finite numbers of at least 0");
    }
    return std::nullopt;
  }
};

}  // namespace

std::optional<Violation> find_violation(const Schedule& schedule) { return Checker(schedule).run(); }

Status check_structure(const Schedule& schedule) {
  const auto violation = find_violation(schedule);
  if (!violation) return {};
  Place place{schedule.file, 0, 0};
  const bool of_op =
      violation->table == Table::kOps || violation->table == Table::kOperands || violation->table == Table::kLabels;
  if (of_op && violation->record < schedule.op_lines.size()) place.line = schedule.op_lines[violation->record];
  return make_error(ErrorCode::kInvalidSchedule, violation->message, std::move(place));
}

}  // namespace rondo
