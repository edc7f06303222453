#include "tests/verify/oracle/reachable_states.h"

#include <algorithm>
#include <array>
#include <vector>

namespace rondo::oracle {
namespace {

constexpr uint32_t kMaxOps = 20;
constexpr uint32_t kMaxBytes = 128;
constexpr double kMaxSettings = 64;
// One bit a byte of memory that can change.
using Bytes = unsigned __int128;

// The bases whose bytes can be written or start undefined, laid out one after another.
struct Memory {
  std::vector<int> first_bit;  // per base; -1: constant, always defined
  uint32_t bits = 0;
  Bytes defined_at_start = 0;  // of a replay, prepared arenas excluded
  Bytes outputs = 0;
  Bytes prepared = 0;
};

// clamp(scale * s + bias, 0, extent): what it is, or least and most.
struct Clamped {
  uint64_t least = 0, most = 0;
};
Clamped clamped(const Schedule& schedule, const Setting& setting, uint32_t scalar, int64_t scale, int64_t bias,
                uint64_t extent) {
  const auto at = [&](int64_t value) {
    return static_cast<uint64_t>(std::clamp<int64_t>(scale * value + bias, 0, static_cast<int64_t>(extent)));
  };
  if (setting.kind == Setting::Kind::kExactly) return {at(setting.values[scalar]), at(setting.values[scalar])};
  Clamped all{extent, 0};
  for (int64_t value = schedule.scalars[scalar].min; value <= schedule.scalars[scalar].max; ++value)
    all = {std::min(all.least, at(value)), std::max(all.most, at(value))};
  return all;
}

Memory lay_out(const Schedule& schedule, const Setting& setting) {
  Memory memory;
  auto give = [&](uint64_t bytes) {
    memory.first_bit.push_back(static_cast<int>(memory.bits));
    Bytes mask = 0;
    for (uint64_t i = 0; i < bytes && memory.bits < kMaxBytes; ++i) mask |= Bytes{1} << memory.bits++;
    return mask;
  };
  for (const Arena& arena : schedule.arenas) {
    Bytes mask = give(arena.bytes);
    if (arena.prepared != 0) memory.prepared |= mask;
  }
  for (const Binding& binding : schedule.bindings) {
    Role role = static_cast<Role>(binding.role);
    if (role == Role::kOutput) {
      memory.outputs |= give(bytes_of(binding));
    } else if (role == Role::kState) {
      const uint32_t first = memory.bits;
      Bytes whole = give(bytes_of(binding));
      if (binding.filled_scalar != kNone) {
        const uint64_t rows = clamped(schedule, setting, binding.filled_scalar, binding.filled_scale,
                                      binding.filled_bias, binding.shape[0])
                                  .least;
        whole = 0;
        for (uint64_t i = 0; i < rows * (bytes_of(binding) / binding.shape[0]); ++i) whole |= Bytes{1} << (first + i);
      }
      memory.defined_at_start |= whole;
    } else {
      memory.first_bit.push_back(-1);
    }
  }
  return memory;
}

Bytes bytes_of_box(const View& view, int first, uint64_t offset, int bounded_axis, uint64_t bounded) {
  uint64_t extent[kMaxRank] = {1, 1, 1, 1};
  for (uint32_t axis = 0; axis < view.rank; ++axis) extent[axis] = view.extent[axis];
  if (bounded_axis >= 0) extent[bounded_axis] = bounded;
  uint64_t element = size_of(static_cast<DType>(view.dtype));
  Bytes bytes = 0;
  for (uint64_t i = 0; i < extent[0]; ++i)
    for (uint64_t j = 0; j < extent[1]; ++j)
      for (uint64_t k = 0; k < extent[2]; ++k)
        for (uint64_t l = 0; l < extent[3]; ++l) {
          uint64_t at = offset + i * static_cast<uint64_t>(view.stride_bytes[0]) +
                        j * static_cast<uint64_t>(view.stride_bytes[1]) +
                        k * static_cast<uint64_t>(view.stride_bytes[2]) +
                        l * static_cast<uint64_t>(view.stride_bytes[3]);
          for (uint64_t byte = 0; byte < element; ++byte)
            bytes |= Bytes{1} << (static_cast<uint64_t>(first) + at + byte);
        }
  return bytes;
}

// Bytes that an operand touches in this setting, and those that it touches whatever the
// scalars are.
struct Touched {
  Bytes some = 0, always = 0;
};
Touched bytes_of_operand(const Schedule& schedule, const Memory& memory, const Operand& operand,
                         const Setting& setting) {
  const View& view = schedule.views[operand.view];
  const int first = memory.first_bit[operand.base];
  if (first < 0) return {};
  if (view.scalar == kNone) {
    const Bytes bytes = bytes_of_box(view, first, operand.offset_bytes, -1, 0);
    return {bytes, bytes};
  }
  int axis = -1;
  Clamped bound;
  if (view.extent_axis < view.rank) {
    axis = view.extent_axis;
    bound = clamped(schedule, setting, view.scalar, view.extent_scale, view.extent_bias, view.extent[axis]);
  }
  Touched touched{0, ~Bytes{0}};
  const auto at = [&](int64_t steps) {
    const uint64_t offset = operand.offset_bytes + static_cast<uint64_t>(steps * view.offset_step_bytes);
    touched.some |= bytes_of_box(view, first, offset, axis, bound.most);
    touched.always &= bytes_of_box(view, first, offset, axis, bound.least);
  };
  const Scalar& scalar = schedule.scalars[view.scalar];
  const auto step_at = [&](int64_t value) {
    return (view.offset_scale * value + view.offset_bias) % view.offset_modulus;
  };
  if (view.offset_step_bytes == 0) {
    at(0);
  } else if (setting.kind == Setting::Kind::kExactly) {
    at(step_at(setting.values[view.scalar]));
  } else {
    bool wraps = false;
    int64_t least = view.offset_modulus, most = 0, last = -1;
    for (int64_t value = scalar.min; value <= scalar.max; ++value) {
      const int64_t round = (view.offset_scale * value + view.offset_bias) / view.offset_modulus;
      wraps = wraps || (last >= 0 && round != last);
      last = round;
      least = std::min(least, step_at(value)), most = std::max(most, step_at(value));
    }
    if (wraps) least = 0, most = view.offset_modulus - 1;
    for (int64_t steps = least; steps <= most; ++steps) at(steps);
    if (least != most) touched.always = 0;  // as rule R01 has it, though boxes may meet wherever they are moved
  }
  return touched;
}

struct SmallOp {
  uint32_t stream = 0;
  uint32_t position = 0;
  Bytes reads = 0, writes = 0, defines = 0;
  bool has_read_signal = false;
  // Masks over ops of the part: conflicts while this op runs and the other one runs /
  // has done reading; and while this one has done reading and the other one has too.
  uint32_t both_running = 0, other_done_reading = 0, both_done_reading = 0;
  // Ops of which at least `need` must have given their signal, for each wait.
  struct Need {
    std::array<uint32_t, 2> done_by{};  // [kind]: ops signalling that way once
    std::vector<uint32_t> more;         // further signals of ops that signal the token twice, by op and kind
    uint32_t count = 0;
  };
  std::vector<Need> needs;
};

struct SmallStream {
  std::vector<uint32_t> ops;
  uint32_t in_flight = 1;
};

// Two bits an op: 0 idle, 1 running, 2 done reading, 3 completed.
using State = uint64_t;
uint32_t phase_of(State state, uint32_t op) { return static_cast<uint32_t>(state >> (2 * op)) & 3; }

// An open-addressing set that is emptied by raising its generation.
class StateSet {
 public:
  StateSet() : slots_(1u << 12), stamps_(1u << 12, 0) {}
  void clear() {
    ++generation_;
    size_ = 0;
  }
  bool insert(State state) {
    if (2 * size_ >= slots_.size()) grow();
    return place(state);
  }

 private:
  bool place(State state) {
    size_t mask = slots_.size() - 1;
    for (size_t at = (state * 0x9e3779b97f4a7c15ull) >> 20 & mask;; at = (at + 1) & mask) {
      if (stamps_[at] != generation_) {
        stamps_[at] = generation_;
        slots_[at] = state;
        ++size_;
        return true;
      }
      if (slots_[at] == state) return false;
    }
  }
  void grow() {
    std::vector<State> kept;
    for (size_t i = 0; i < slots_.size(); ++i)
      if (stamps_[i] == generation_) kept.push_back(slots_[i]);
    slots_.assign(2 * slots_.size(), 0);
    stamps_.assign(slots_.size(), 0);
    generation_ = 1;
    size_ = 0;
    for (State state : kept) place(state);
  }
  std::vector<State> slots_;
  std::vector<uint64_t> stamps_;
  uint64_t generation_ = 1;
  size_t size_ = 0;
};

class PartExplorer {
 public:
  PartExplorer(const Schedule& schedule, const Memory& memory, Part part, const Setting& setting) {
    for (const Stream& stream : schedule.streams) {
      if (stream.part != static_cast<uint8_t>(part)) continue;
      SmallStream small;
      small.in_flight = stream.in_flight;
      for (uint32_t i = 0; i < stream.op_count; ++i) {
        small.ops.push_back(static_cast<uint32_t>(ops_.size()));
        ids_.push_back(stream.first_op + i);
        SmallOp op;
        op.stream = static_cast<uint32_t>(streams_.size());
        op.position = i;
        ops_.push_back(op);
      }
      streams_.push_back(std::move(small));
    }
    for (uint32_t i = 0; i < ops_.size(); ++i) read_tables(schedule, memory, i, setting);
    for (uint32_t i = 0; i < ops_.size(); ++i) find_conflicts(i);
    find_signallers(schedule);
  }

  // Adds to `verdict`; returns the bytes that are defined when the part has ended.
  Bytes explore(Bytes defined_at_start, Verdict& verdict) {
    static thread_local StateSet seen;
    static thread_local std::vector<State> work;
    seen.clear();
    work.clear();
    work.push_back(0);
    seen.insert(0);
    Bytes defined_at_end = defined_at_start;
    while (!work.empty()) {
      State state = work.back();
      work.pop_back();
      ++verdict.states;
      uint32_t running = 0, done_reading = 0, completed = 0;
      for (uint32_t op = 0; op < ops_.size(); ++op) {
        uint32_t phase = phase_of(state, op);
        running |= static_cast<uint32_t>(phase == 1) << op;
        done_reading |= static_cast<uint32_t>(phase == 2) << op;
        completed |= static_cast<uint32_t>(phase == 3) << op;
      }
      look_for_races(running, done_reading, verdict);
      if (!verdict.unordered_signallers) {
        for (auto [earlier, later] : counted_signallers_)
          if (phase_of(state, later) != 0 && phase_of(state, earlier) != 3) verdict.unordered_signallers = true;
      }
      // Steps of ops that have begun.
      for (uint32_t op = 0; op < ops_.size(); ++op) {
        uint32_t phase = phase_of(state, op);
        if (phase == 0 || phase == 3) continue;
        uint32_t next = phase == 1 && ops_[op].has_read_signal ? 2 : 3;
        State after = (state & ~(State{3} << (2 * op))) | State{next} << (2 * op);
        if (seen.insert(after)) work.push_back(after);
      }
      // Ops that may begin: the first idle one of each stream.
      bool idle_left = false, may_begin = false;
      for (const SmallStream& stream : streams_) {
        uint32_t unfinished = 0, first_idle = kMaxOps;
        for (uint32_t op : stream.ops) {
          uint32_t phase = phase_of(state, op);
          if (phase == 0) {
            first_idle = op;
            break;
          }
          unfinished += phase != 3;
        }
        if (first_idle == kMaxOps) continue;
        idle_left = true;
        if (unfinished >= stream.in_flight || !waits_met(first_idle, completed, completed | done_reading)) continue;
        may_begin = true;
        if ((ops_[first_idle].reads & ~(defined_at_start | written_by(completed))) != 0) verdict.undefined_read = true;
        State after = state | State{1} << (2 * first_idle);
        if (seen.insert(after)) work.push_back(after);
      }
      if (idle_left && !may_begin && running == 0 && done_reading == 0) verdict.hang = true;
      if (!idle_left && running == 0 && done_reading == 0) defined_at_end = defined_at_start | written_by(completed);
    }
    return defined_at_end;
  }

 private:
  void read_tables(const Schedule& schedule, const Memory& memory, uint32_t index, const Setting& setting) {
    SmallOp& small = ops_[index];
    const Op& op = schedule.ops[ids_[index]];
    for (uint32_t i = 0; i < op.operand_count; ++i) {
      const Operand& operand = schedule.operands[op.first_operand + i];
      const auto [bytes, always] = bytes_of_operand(schedule, memory, operand, setting);
      Access access = static_cast<Access>(operand.access);
      if (access == Access::kRead || access == Access::kUpdate) small.reads |= bytes;
      if (access == Access::kWrite || access == Access::kUpdate) small.writes |= bytes, small.defines |= always;
    }
    for (int slot = 0; slot < 2; ++slot)
      if (op.signals[slot] != kNone && op.signal_kinds[slot] == static_cast<uint8_t>(SignalKind::kRead))
        small.has_read_signal = true;
    for (const Wait& wait : op.waits) {
      if (wait.token == kNone) continue;
      SmallOp::Need need;
      need.count = wait.count;
      for (uint32_t other = 0; other < ids_.size(); ++other) {
        const Op& signaller = schedule.ops[ids_[other]];
        for (int slot = 0; slot < 2; ++slot) {
          if (signaller.signals[slot] != wait.token) continue;
          uint32_t kind = signaller.signal_kinds[slot];
          if ((need.done_by[kind] >> other & 1) == 0)
            need.done_by[kind] |= 1u << other;
          else
            need.more.push_back(other * 2 + kind);
        }
      }
      small.needs.push_back(std::move(need));
    }
  }

  void find_conflicts(uint32_t a) {
    SmallOp& op = ops_[a];
    for (uint32_t b = 0; b < ops_.size(); ++b) {
      if (a == b) continue;
      const SmallOp& other = ops_[b];
      bool writes_meet = (op.writes & other.writes) != 0;
      bool other_writes_what_is_read = (op.reads & other.writes) != 0;
      bool other_reads_what_is_written = (op.writes & other.reads) != 0;
      if (writes_meet || other_writes_what_is_read || other_reads_what_is_written) op.both_running |= 1u << b;
      if (writes_meet || other_writes_what_is_read) op.other_done_reading |= 1u << b;
      if (writes_meet) op.both_done_reading |= 1u << b;
    }
  }

  // Pairs of consecutive signallers of tokens that are not joins.
  void find_signallers(const Schedule& schedule) {
    for (uint32_t token = 0; token < schedule.tokens.size(); ++token) {
      if (schedule.tokens[token].join != 0) continue;
      uint32_t last = kMaxOps;
      for (uint32_t op = 0; op < ids_.size(); ++op) {
        const Op& full = schedule.ops[ids_[op]];
        if (full.signals[0] != token && full.signals[1] != token) continue;
        if (last != kMaxOps) counted_signallers_.push_back({last, op});
        last = op;
      }
    }
  }

  bool waits_met(uint32_t op, uint32_t completed, uint32_t read) const {
    for (const SmallOp::Need& need : ops_[op].needs) {
      uint32_t count = static_cast<uint32_t>(__builtin_popcount(need.done_by[0] & completed) +
                                             __builtin_popcount(need.done_by[1] & read));
      for (uint32_t extra : need.more) count += ((extra & 1 ? read : completed) >> (extra / 2)) & 1;
      if (count < need.count) return false;
    }
    return true;
  }

  Bytes written_by(uint32_t completed) const {
    Bytes bytes = 0;
    for (; completed != 0; completed &= completed - 1) bytes |= ops_[__builtin_ctz(completed)].defines;
    return bytes;
  }

  void look_for_races(uint32_t running, uint32_t done_reading, Verdict& verdict) const {
    if (verdict.race) return;
    for (uint32_t left = running; left != 0; left &= left - 1) {
      const SmallOp& op = ops_[__builtin_ctz(left)];
      if ((op.both_running & running) != 0 || (op.other_done_reading & done_reading) != 0) verdict.race = true;
    }
    for (uint32_t left = done_reading; left != 0; left &= left - 1)
      if ((ops_[__builtin_ctz(left)].both_done_reading & done_reading) != 0) verdict.race = true;
  }

  std::vector<uint32_t> ids_;  // op index in the schedule
  std::vector<SmallOp> ops_;
  std::vector<SmallStream> streams_;
  std::vector<std::pair<uint32_t, uint32_t>> counted_signallers_;
};

}  // namespace

bool fits(const Schedule& schedule) {
  uint32_t ops[2] = {0, 0};
  for (const Stream& stream : schedule.streams) ops[stream.part & 1] += stream.op_count;
  uint64_t bytes = 0;
  for (const Arena& arena : schedule.arenas) bytes += arena.bytes;
  for (const Binding& binding : schedule.bindings)
    if (binding.role == static_cast<uint8_t>(Role::kOutput) || binding.role == static_cast<uint8_t>(Role::kState))
      bytes += bytes_of(binding);
  double settings = 1;
  for (const Scalar& scalar : schedule.scalars) settings *= static_cast<double>(scalar.max - scalar.min + 1);
  return ops[0] <= kMaxOps && ops[1] <= kMaxOps && bytes <= kMaxBytes && settings <= kMaxSettings;
}

std::vector<Setting> settings_of(const Schedule& schedule) {
  std::vector<Setting> settings(1);
  for (const Scalar& scalar : schedule.scalars) {
    std::vector<Setting> longer;
    for (const Setting& setting : settings)
      for (int64_t value = scalar.min; value <= scalar.max; ++value) {
        longer.push_back(setting);
        longer.back().values.push_back(value);
      }
    settings = std::move(longer);
  }
  return settings;
}

namespace {

bool trespasses(const Schedule& schedule) {
  for (const Stream& stream : schedule.streams)
    for (uint32_t i = stream.first_op; i < stream.first_op + stream.op_count; ++i)
      for (uint32_t slot = 0; slot < schedule.ops[i].operand_count; ++slot) {
        const Operand& operand = schedule.operands[schedule.ops[i].first_operand + slot];
        if (operand.base >= schedule.arenas.size()) continue;
        const Arena& arena = schedule.arenas[operand.base];
        uint32_t lane = 0, end = UINT32_MAX;
        if (arena.owner_kind == static_cast<uint8_t>(OwnerKind::kLane)) lane = arena.owner, end = lane + 1;
        if (arena.owner_kind == static_cast<uint8_t>(OwnerKind::kGroup)) {
          lane = schedule.groups[arena.owner].first_lane;
          end = lane + schedule.groups[arena.owner].lane_count;
        }
        if (stream.lane < lane || stream.lane >= end) return true;
      }
  return false;
}

}  // namespace

Verdict explore(const Schedule& schedule, const Setting& setting) {
  Verdict verdict;
  verdict.trespass = trespasses(schedule);
  Memory memory = lay_out(schedule, setting);
  Bytes prepared = PartExplorer(schedule, memory, Part::kPrepare, setting).explore(0, verdict) & memory.prepared;
  if (verdict.hang) return verdict;
  Bytes at_end =
      PartExplorer(schedule, memory, Part::kReplay, setting).explore(memory.defined_at_start | prepared, verdict);
  if (!verdict.hang && (memory.outputs & ~at_end) != 0) verdict.undefined_output = true;
  return verdict;
}

}  // namespace rondo::oracle
