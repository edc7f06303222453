#include "tests/verify/oracle/reachable_states.h"

#include <algorithm>
#include <array>
#include <vector>

namespace rondo::oracle {
namespace {

constexpr uint32_t kMaxOps = 20;
constexpr uint32_t kMaxBytes = 128;
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

Memory lay_out(const Schedule& schedule) {
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
      memory.defined_at_start |= give(bytes_of(binding));
    } else {
      memory.first_bit.push_back(-1);
    }
  }
  return memory;
}

Bytes bytes_of_operand(const Schedule& schedule, const Memory& memory, const Operand& operand) {
  const View& view = schedule.views[operand.view];
  int first = memory.first_bit[operand.base];
  if (first < 0) return 0;
  uint32_t extent[kMaxRank] = {1, 1, 1, 1};
  for (uint32_t axis = 0; axis < view.rank; ++axis) extent[axis] = view.extent[axis];
  uint64_t element = size_of(static_cast<DType>(view.dtype));
  Bytes bytes = 0;
  for (uint32_t i = 0; i < extent[0]; ++i)
    for (uint32_t j = 0; j < extent[1]; ++j)
      for (uint32_t k = 0; k < extent[2]; ++k)
        for (uint32_t l = 0; l < extent[3]; ++l) {
          uint64_t at = operand.offset_bytes + i * static_cast<uint64_t>(view.stride_bytes[0]) +
                        j * static_cast<uint64_t>(view.stride_bytes[1]) +
                        k * static_cast<uint64_t>(view.stride_bytes[2]) +
                        l * static_cast<uint64_t>(view.stride_bytes[3]);
          for (uint64_t byte = 0; byte < element; ++byte)
            bytes |= Bytes{1} << (static_cast<uint64_t>(first) + at + byte);
        }
  return bytes;
}

struct SmallOp {
  uint32_t stream = 0;
  uint32_t position = 0;
  Bytes reads = 0, writes = 0;
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
  PartExplorer(const Schedule& schedule, const Memory& memory, Part part) {
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
    for (uint32_t i = 0; i < ops_.size(); ++i) read_tables(schedule, memory, i);
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
  void read_tables(const Schedule& schedule, const Memory& memory, uint32_t index) {
    SmallOp& small = ops_[index];
    const Op& op = schedule.ops[ids_[index]];
    for (uint32_t i = 0; i < op.operand_count; ++i) {
      const Operand& operand = schedule.operands[op.first_operand + i];
      Bytes bytes = bytes_of_operand(schedule, memory, operand);
      Access access = static_cast<Access>(operand.access);
      if (access == Access::kRead || access == Access::kUpdate) small.reads |= bytes;
      if (access == Access::kWrite || access == Access::kUpdate) small.writes |= bytes;
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
    for (; completed != 0; completed &= completed - 1) bytes |= ops_[__builtin_ctz(completed)].writes;
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
  return ops[0] <= kMaxOps && ops[1] <= kMaxOps && bytes <= kMaxBytes;
}

Verdict explore(const Schedule& schedule) {
  Verdict verdict;
  Memory memory = lay_out(schedule);
  Bytes prepared = PartExplorer(schedule, memory, Part::kPrepare).explore(0, verdict) & memory.prepared;
  if (verdict.hang) return verdict;
  Bytes at_end = PartExplorer(schedule, memory, Part::kReplay).explore(memory.defined_at_start | prepared, verdict);
  if (!verdict.hang && (memory.outputs & ~at_end) != 0) verdict.undefined_output = true;
  return verdict;
}

}  // namespace rondo::oracle
