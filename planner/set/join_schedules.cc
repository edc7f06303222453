#include "planner/set/join_schedules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "planner/claims/derive_claims.h"
#include "schedules/builder/builder.h"
#include "schedules/structure/name_order.h"

namespace rondo::sets {
namespace {

Error disagree(const std::string& what, const std::string& how) {
  return make_error(ErrorCode::kInvalidGraph, what + " is in several graphs of the set, which do not agree: " + how);
}

bool same_shape(const Binding& a, const Binding& b) {
  return a.dtype == b.dtype && a.rank == b.rank && std::equal(a.shape, a.shape + kMaxRank, b.shape);
}

// Where a run of bytes that prepare writes went: [begin, end) of the part's arena.
struct Moved {
  uint64_t end = 0, to = 0;
};

// One packing: what is read, and how it lies.
using PackKey = std::tuple<std::string, uint64_t, std::vector<uint8_t>, std::vector<uint8_t>, std::string>;

std::vector<uint8_t> bytes_of_view(const View& view) {
  const auto* first = reinterpret_cast<const uint8_t*>(&view);
  return {first, first + sizeof(View)};
}

class Joiner {
 public:
  Joiner(const std::vector<Schedule>& parts, const std::vector<std::string>& names) : parts_(parts), names_(names) {}

  Result<Schedule> run() {
    made().producer = parts_[0].producer;
    made().backend = parts_[0].backend;
    made().machine = parts_[0].machine;
    made().members.clear();
    for (size_t member = 0; member < parts_.size(); ++member) {
      made().lane_count = std::max(made().lane_count, parts_[member].lane_count);
      made().source += (member == 0 ? "" : " ") + parts_[member].source;
      Member one;
      one.name = builder_.name(names_[member]);
      made().members.push_back(one);
    }
    add_spaces();
    add_arenas();
    if (Status status = add_bindings(); !status.ok()) return status.error();
    if (Status status = add_scalars(); !status.ok()) return status.error();
    // Streams of prepare come first.
    for (const Schedule& part : parts_)
      for (const Stream& stream : part.streams)
        if (prepare_stream_ == kNone && stream.part == static_cast<uint8_t>(Part::kPrepare))
          prepare_stream_ = builder_.stream(part.name(stream.name), stream.lane, static_cast<Engine>(stream.engine),
                                            Part::kPrepare, stream.in_flight);
    for (uint32_t member = 0; member < parts_.size(); ++member) add_member(member);
    Schedule schedule = builder_.finish();
    for (uint32_t arena = 0; arena < schedule.arenas.size(); ++arena)
      if (schedule.arenas[arena].prepared != 0)
        schedule.arenas[arena].bytes = prepared_bytes_[static_cast<uint16_t>(arena)];
    add_claims(schedule);
    return schedule;
  }

 private:
  Schedule& made() { return builder_.schedule(); }
  static std::string name_in(const Schedule& part, NameId id) { return std::string(part.name(id)); }

  void add_spaces() {
    for (const Schedule& part : parts_)
      for (const Space& space : part.spaces)
        if (spaces_.count(name_in(part, space.name)) == 0)
          spaces_[name_in(part, space.name)] = builder_.space(part.name(space.name), static_cast<SpaceKind>(space.kind),
                                                              space.capacity_bytes, space.align_bytes);
  }

  // All arenas come before all bindings.
  void add_arenas() {
    base_.resize(parts_.size());
    std::map<std::tuple<std::string, uint16_t, uint8_t, uint32_t, uint8_t>, uint16_t> known;
    for (size_t member = 0; member < parts_.size(); ++member)
      for (const Arena& arena : parts_[member].arenas) {
        const Schedule& part = parts_[member];
        const uint16_t space = spaces_.at(name_in(part, part.spaces[arena.space].name));
        const auto key = std::tuple(name_in(part, arena.name), space, arena.owner_kind, arena.owner, arena.prepared);
        const auto found = known.find(key);
        const uint16_t base =
            found != known.end()
                ? found->second
                : builder_.arena(part.name(arena.name), space, 0, static_cast<OwnerKind>(arena.owner_kind), arena.owner,
                                 arena.prepared != 0, arena.align_bytes);
        known.emplace(key, base);
        Arena& whole = made().arenas[base];
        whole.bytes = std::max(whole.bytes, arena.bytes);
        whole.align_bytes = std::max(whole.align_bytes, arena.align_bytes);
        base_[member].push_back(base);
      }
  }

  Status add_bindings() {
    std::map<std::string, uint16_t> known;
    for (size_t member = 0; member < parts_.size(); ++member)
      for (const Binding& binding : parts_[member].bindings) {
        const Schedule& part = parts_[member];
        const std::string name = name_in(part, binding.name), what = "'" + name + "'";
        const auto found = known.find(name);
        if (found == known.end()) {
          const uint16_t base =
              builder_.binding(name, static_cast<Role>(binding.role), static_cast<DType>(binding.dtype),
                               {binding.shape, binding.shape + binding.rank}, binding.align_bytes);
          const NameId id = made().bindings.back().name;
          made().bindings.back() = binding;
          made().bindings.back().name = id;
          if (binding.filled_scalar != kNone)
            made().bindings.back().filled_scalar = scalar_of(part, binding.filled_scalar);
          known.emplace(name, base);
          base_[member].push_back(base);
          continue;
        }
        Binding& whole = made().bindings[found->second - made().arenas.size()];
        if (whole.role != binding.role) return disagree(what, "it has several roles");
        if (!same_shape(whole, binding)) return disagree(what, "it has several shapes or element types");
        const uint32_t filled = binding.filled_scalar == kNone ? kNone : scalar_of(part, binding.filled_scalar);
        if (whole.filled_scalar != filled || whole.filled_scale != binding.filled_scale ||
            whole.filled_bias != binding.filled_bias)
          return disagree(what, "it is filled by several rules");
        if (whole.index_limit != binding.index_limit || whole.distinct != binding.distinct)
          return disagree(what, "it has several limits");
        whole.align_bytes = std::max(whole.align_bytes, binding.align_bytes);
        base_[member].push_back(found->second);
      }
    return {};
  }

  // Scalars are numbered by name, in order of first use.
  uint32_t scalar_of(const Schedule& part, uint32_t scalar) {
    const auto [found, added] =
        scalar_ids_.emplace(name_in(part, part.scalars[scalar].name), static_cast<uint32_t>(scalar_ids_.size()));
    if (added) {
      Scalar one = part.scalars[scalar];
      one.name = builder_.name(found->first);
      made().scalars.push_back(one);
    }
    return found->second;
  }

  Status add_scalars() {
    for (const Schedule& part : parts_)
      for (uint32_t scalar = 0; scalar < part.scalars.size(); ++scalar) {
        const Scalar &one = part.scalars[scalar], &whole = made().scalars[scalar_of(part, scalar)];
        if (one.min != whole.min || one.max != whole.max)
          return disagree("scalar '" + name_in(part, one.name) + "'",
                          "it is " + std::to_string(whole.min) + " to " + std::to_string(whole.max) + " and " +
                              std::to_string(one.min) + " to " + std::to_string(one.max));
      }
    return {};
  }

  void add_member(uint32_t member) {
    const Schedule& part = parts_[member];
    add_tensors(member);
    std::vector<uint16_t> phase;
    for (const Phase& it : part.phases)
      phase.push_back(builder_.phase(it.name == 0 ? std::string_view() : part.name(it.name)));
    for (const Cut& cut : part.cuts) made().cuts.push_back({phase[cut.phase]});
    std::vector<uint32_t> token;
    for (const Token& it : part.tokens) {
      Token one = it;
      one.name = it.name == 0 ? 0 : builder_.name(part.name(it.name));
      token.push_back(static_cast<uint32_t>(made().tokens.size()));
      made().tokens.push_back(one);
    }
    for (const Cost& cost : part.costs)
      if (std::string name = name_in(part, part.kernels[cost.kernel].name); costed_.insert(name).second)
        builder_.cost(name, cost.fixed, cost.per_flop, cost.per_byte);
    for (const Claim& claim : part.claims)
      if (claim.kind == static_cast<uint16_t>(ClaimKind::kLowerBound)) {
        Claim stated = claim;
        stated.member = member;
        stated_.push_back({stated, std::string(part.name(claim.method))});
      }
    moved_.clear();
    for (const Stream& stream : part.streams) {
      const bool prepare = stream.part == static_cast<uint8_t>(Part::kPrepare);
      uint32_t target = prepare ? prepare_stream_ : kNone;
      if (target == kNone) {
        target = builder_.stream(part.name(stream.name), stream.lane, static_cast<Engine>(stream.engine),
                                 static_cast<Part>(stream.part), stream.in_flight);
        made().streams[target].member = member;
      }
      for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index) {
        const Op& op = part.ops[index];
        if (prepare && !take_packed(member, op)) continue;
        OpSpec spec = spec_of(member, op);
        spec.phase = phase[op.phase];
        for (Wait& wait : spec.waits) wait.token = token[wait.token];
        for (SignalSpec& signal : spec.signals) signal.token = token[signal.token];
        builder_.add(target, spec);
      }
    }
  }

  void add_tensors(uint32_t member) {
    const Schedule& part = parts_[member];
    tensor_.clear();
    for (const Tensor& tensor : part.tensors) {
      const std::vector<uint32_t> shape(tensor.shape, tensor.shape + tensor.rank);
      const uint32_t base = tensor.base == kNone ? kNone : base_[member][tensor.base];
      const uint32_t alias = tensor.alias_of == 0 ? 0 : 1 + tensor_[tensor.alias_of - 1];
      const std::string own = name_in(part, tensor.name);
      const auto found = tensors_.find(own);
      // An alias of a tensor that both know is known too.
      const bool shared = base != kNone || (alias != 0 && made().tensors[alias - 1].base != kNone);
      if (shared && found != tensors_.end()) {
        tensor_.push_back(found->second);
        continue;
      }
      std::string name = own;
      while (tensors_.count(name) != 0) name = names_[member] + "." + name;
      const uint32_t added = builder_.tensor(name, static_cast<DType>(tensor.dtype), shape, base);
      made().tensors[added].alias_of = alias;
      tensors_.emplace(name, added);
      tensor_.push_back(added);
    }
  }

  OpSpec spec_of(uint32_t member, const Op& op) {
    const Schedule& part = parts_[member];
    OpSpec spec;
    if (op.kernel != kNoKernel) spec.kernel = part.name(part.kernels[op.kernel].name);
    spec.flags = op.flags;
    spec.policy = op.policy;
    std::copy_n(op.params, 4, spec.params);
    for (const Wait& wait : op.waits)
      if (wait.token != kNone) spec.waits.push_back(wait);
    for (size_t i = 0; i < 2; ++i)
      if (op.signals[i] != kNone) spec.signals.push_back({op.signals[i], static_cast<SignalKind>(op.signal_kinds[i])});
    for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
      const Operand& from = part.operands[i];
      OperandSpec operand;
      operand.base = base_[member][from.base];
      operand.offset_bytes = place_of(part, from);
      View view = part.views[from.view];
      if (view.scalar != kNone) view.scalar = scalar_of(part, view.scalar);
      operand.view = builder_.view(view);
      operand.access = static_cast<Access>(from.access);
      operand.aux = from.aux;
      if (!part.labels.empty() && part.labels[i].value != kNone) {
        Value value = part.values[part.labels[i].value];
        value.tensor = tensor_[value.tensor];
        operand.label = {builder_.value(value), part.labels[i].ring, part.labels[i].slot};
      }
      spec.operands.push_back(operand);
    }
    return spec;
  }

  // Where an operand lies now: what prepare wrote may have moved.
  uint64_t place_of(const Schedule& part, const Operand& operand) const {
    if (!part.is_arena(operand.base) || part.arenas[operand.base].prepared == 0) return operand.offset_bytes;
    const auto after = moved_.upper_bound({operand.base, operand.offset_bytes});
    const auto& [key, to] = *std::prev(after);
    return to.to + (operand.offset_bytes - key.second);
  }

  // False if another member has the same constant packed the same way: its place is used.
  bool take_packed(uint32_t member, const Op& op) {
    const Schedule& part = parts_[member];
    const Operand &from = part.operands[op.first_operand], &to = part.operands[op.first_operand + 1];
    const Binding& source = part.binding_of(from.base);
    const uint16_t base = base_[member][to.base];
    const PackKey key{name_in(part, source.name), from.offset_bytes, bytes_of_view(part.views[from.view]),
                      bytes_of_view(part.views[to.view]), std::to_string(base)};
    const View& view = part.views[to.view];
    const uint64_t bytes = view.extent[0] * static_cast<uint64_t>(view.stride_bytes[0]);
    const auto [found, added] = packed_.emplace(key, prepared_bytes_[base]);
    if (added) prepared_bytes_[base] += (bytes + kPackedAlign - 1) / kPackedAlign * kPackedAlign;
    moved_[{to.base, to.offset_bytes}] = {to.offset_bytes + bytes, found->second};
    return added;
  }

  // Derived claims are those of each member on its own.
  void add_claims(Schedule& schedule) {
    schedule.claims.clear();
    for (uint32_t member = 0; member < parts_.size(); ++member) {
      Schedule alone = schedule;
      alone.streams.clear();
      alone.ops.clear();
      alone.operands.clear();
      alone.labels.clear();
      for (Stream stream : schedule.streams) {
        const bool prepare = stream.part == static_cast<uint8_t>(Part::kPrepare);
        if (!prepare && stream.member != member) continue;
        const uint32_t first = stream.first_op;
        stream.first_op = static_cast<uint32_t>(alone.ops.size());
        for (uint32_t index = first; index < first + stream.op_count; ++index) {
          Op op = schedule.ops[index];
          const auto begin = schedule.operands.begin() + op.first_operand;
          op.first_operand = static_cast<uint32_t>(alone.operands.size());
          alone.operands.insert(alone.operands.end(), begin, begin + op.operand_count);
          alone.ops.push_back(op);
        }
        alone.streams.push_back(stream);
      }
      add_derived_claims(alone);
      for (Claim claim : alone.claims) {
        if (claim.kind == static_cast<uint16_t>(ClaimKind::kPrepareOps)) {
          if (member != 0) continue;
        } else {
          claim.member = member;
        }
        schedule.claims.push_back(claim);
      }
    }
    for (auto [claim, method] : stated_) {
      auto found = std::find(schedule.names.begin(), schedule.names.end(), method);
      if (found == schedule.names.end()) found = schedule.names.insert(schedule.names.end(), method);
      claim.method = static_cast<NameId>(found - schedule.names.begin());
      schedule.claims.push_back(claim);
    }
    put_names_in_order_of_use(schedule);
  }

  static constexpr uint64_t kPackedAlign = 64;

  const std::vector<Schedule>& parts_;
  const std::vector<std::string>& names_;
  ScheduleBuilder builder_;
  std::map<std::string, uint16_t> spaces_;
  std::map<std::string, uint32_t> scalar_ids_, tensors_;
  std::vector<std::vector<uint16_t>> base_;  // by member, by base of its schedule
  std::vector<uint32_t> tensor_;             // by tensor of the member at hand
  std::set<std::string> costed_;
  std::map<PackKey, uint64_t> packed_;                    // where it lies
  std::map<uint16_t, uint64_t> prepared_bytes_;           // by arena of the set
  std::map<std::pair<uint16_t, uint64_t>, Moved> moved_;  // of the member at hand: (arena, offset)
  std::vector<std::pair<Claim, std::string>> stated_;     // and how; names are numbered anew when all is built
  uint32_t prepare_stream_ = kNone;
};

}  // namespace

Result<Schedule> join_schedules(const std::vector<Schedule>& parts, const std::vector<std::string>& names) {
  return Joiner(parts, names).run();
}

}  // namespace rondo::sets
