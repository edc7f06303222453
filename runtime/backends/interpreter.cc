#include "runtime/backends/interpreter.h"

#include <algorithm>
#include <thread>
#include "rondo/contracts.h"
#include "runtime/floating_point.h"
#include "runtime/roofline/op_cost.h"
#include "runtime/trace/ticks.h"

namespace rondo::runtime {
namespace {

// Larger copies are done in one step: their staging would double the memory of a launch.
constexpr uint64_t kMostStagedBytes = uint64_t{1} << 20;
constexpr uint64_t kStagingAlign = 64;
// Sweeps over the streams that may come to nothing because some were passed over,
// before a thread sleeps. Not measured: each further one is half as likely.
constexpr uint32_t kFruitlessSweeps = 16;

uint64_t next_random(uint64_t& state) {  // xorshift64*
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}

bool has_signal(const Op& op, SignalKind kind) {
  for (int slot = 0; slot < 2; ++slot)
    if (op.signals[slot] != kNone && op.signal_kinds[slot] == static_cast<uint8_t>(kind)) return true;
  return false;
}

View dense(const View& view) {
  View made;
  made.rank = view.rank;
  made.dtype = view.dtype;
  int64_t stride = static_cast<int64_t>(size_of(static_cast<DType>(view.dtype)));
  for (uint32_t axis = view.rank; axis-- > 0;) {
    made.extent[axis] = view.extent[axis];
    made.stride_bytes[axis] = stride;
    stride *= view.extent[axis];
  }
  return made;
}

}  // namespace

void Interpreter::note_kernels(const Schedule& schedule) {
  is_copy_.resize(std::max(is_copy_.size(), schedule.kernels.size()));
  for (size_t i = 0; i < schedule.kernels.size(); ++i) {
    const Contract* contract = find_contract(schedule.name(schedule.kernels[i].name));
    is_copy_[i] = contract != nullptr && contract->family == Family::kCopy && contract->operand_count == 2;
  }
}

uint64_t Interpreter::staged_bytes(uint32_t op_index) const {
  if (!options_.staged_copies) return 0;
  const Schedule& schedule = *launch_.tables.schedule;
  const Op& op = schedule.ops[op_index];
  if (op.kernel == kNoKernel || is_copy_[op.kernel] == 0) return 0;
  // The verified view: a scalar only makes it smaller.
  const View& view = schedule.views[schedule.operands[op.first_operand + 1].view];
  if (view.layout != static_cast<uint8_t>(Layout::kRows)) return 0;
  const uint64_t bytes = block_count(view) * block_bytes(view);
  return bytes <= kMostStagedBytes ? bytes : 0;
}

void Interpreter::note_costs(const Schedule& schedule) {
  cost_ticks_.clear();
  if (options_.ticks_per_cost <= 0 || schedule.costs.empty()) return;
  std::vector<const Cost*> known(schedule.kernels.size(), nullptr);
  for (const Cost& cost : schedule.costs) known[cost.kernel] = &cost;
  for (const Op& op : schedule.ops) {
    double units = 0;
    if (const Cost* cost = op.kernel == kNoKernel ? nullptr : known[op.kernel]; cost != nullptr) {
      const OpCost work = cost_of(schedule, op);
      units = cost->fixed + cost->per_flop * static_cast<double>(work.flops.value_or(0)) +
              cost->per_byte * static_cast<double>(work.bytes.value_or(0));
    }
    cost_ticks_.push_back(static_cast<uint64_t>(units * options_.ticks_per_cost));
  }
  for (const Stream& stream : schedule.streams)
    if (time_of(stream) == nullptr) {
      EngineTime& made = engines_.emplace_back();
      made.lane = stream.lane;
      made.engine = stream.engine;
    }
}

Interpreter::EngineTime* Interpreter::time_of(const Stream& stream) {
  for (EngineTime& time : engines_)
    if (time.lane == stream.lane && time.engine == stream.engine) return &time;
  return nullptr;
}

void Interpreter::reserve(const Launch& launch) {
  launch_ = launch;
  const Schedule& schedule = *launch.tables.schedule;
  note_kernels(schedule);
  note_costs(schedule);
  if (most_staged_.size() < schedule.streams.size()) most_staged_.resize(schedule.streams.size(), 0);
  size_t slots = 0;
  uint64_t bytes = kStagingAlign;
  for (const StreamRange& range : launch.ranges) {
    uint64_t& most = most_staged_[range.stream];
    for (uint32_t op = range.first_op; op < range.first_op + range.op_count; ++op)
      most = std::max(most, (staged_bytes(op) + kStagingAlign - 1) / kStagingAlign * kStagingAlign);
    slots += slots_of(schedule.streams[range.stream]);
  }
  // A launch reserved earlier gives each stream what a later one made its most.
  for (size_t stream = 0; stream < schedule.streams.size(); ++stream)
    bytes += slots_of(schedule.streams[stream]) * most_staged_[stream];
  if (machines_.size() < launch.ranges.size()) machines_.resize(launch.ranges.size());
  if (slots_.size() < slots) slots_.resize(slots);
  if (staging_.size() < bytes) staging_.resize(bytes);
}

void Interpreter::begin(const Launch& launch) {
  launch_ = launch;
  ++launches_;
  const Schedule& schedule = *launch.tables.schedule;
  note_kernels(schedule);
  uint32_t slot = 0;
  const auto beyond = reinterpret_cast<uintptr_t>(staging_.data()) % kStagingAlign;
  std::byte* room = staging_.data() + (beyond == 0 ? 0 : kStagingAlign - beyond);
  for (size_t i = 0; i < launch.ranges.size(); ++i) {
    const StreamRange& range = launch.ranges[i];
    Machine& machine = machines_[i];
    machine.stream = &schedule.streams[range.stream];
    machine.next = range.first_op;
    machine.end = range.first_op + range.op_count;
    machine.first_slot = slot;
    machine.slots = slots_of(*machine.stream);
    machine.unfinished = 0;
    machine.time = cost_ticks_.empty() ? nullptr : time_of(*machine.stream);
    const uint64_t most = most_staged_[range.stream];
    for (uint32_t j = 0; j < machine.slots; ++j, room += most) slots_[slot++].staging = most != 0 ? room : nullptr;
  }
}

bool Interpreter::may_begin(const Op& op) const {
  const LaunchTables& tables = launch_.tables;
  for (const Wait& wait : op.waits)
    if (wait.token != kNone && tables.tokens->read(wait.token) - tables.counts_before[wait.token] < wait.count)
      return false;
  return true;
}

void Interpreter::signal(uint32_t op_index, bool reads, bool done) {
  if (options_.faults != nullptr && options_.faults->mute_op.load(std::memory_order_relaxed) == op_index) return;
  const Op& op = launch_.tables.schedule->ops[op_index];
  for (int slot = 0; slot < 2; ++slot) {
    if (op.signals[slot] == kNone) continue;
    const bool of_reads = op.signal_kinds[slot] == static_cast<uint8_t>(SignalKind::kRead);
    if (of_reads ? reads : done) launch_.tables.tokens->signal(op.signals[slot], 1);
  }
}

void Interpreter::run_kernel(const Op& op) const {
  if (op.kernel == kNoKernel) return;
  const LaunchTables& tables = launch_.tables;
  PartTables part;
  part.operands = tables.schedule->operands.data();
  part.kernels = tables.kernels;
  part.bases = tables.bases;
  part.views = tables.views;
  part.view_offsets = tables.view_offsets;
  kernels::KernelArgs args = {};
  if (tables.view_offsets != nullptr)
    run_op<true>(part, op, args);
  else
    run_op<false>(part, op, args);
}

// The kernel itself copies in both steps, each time with a dense view of the staging
// in place of the other side, so that no byte beside the boxes is touched.
void Interpreter::fill_staging(const Op& op, std::byte* staging) const {
  const LaunchTables& tables = launch_.tables;
  const Operand& source = tables.schedule->operands[op.first_operand];
  const View room = dense(tables.views[source.view]);
  kernels::KernelArgs args = {};
  args.data[0] = tables.bases[source.base] + source.offset_bytes;
  if (tables.view_offsets != nullptr) args.data[0] += tables.view_offsets[source.view];
  args.view[0] = tables.views + source.view;
  args.data[1] = staging;
  args.view[1] = &room;
  args.params = op.params;
  args.flags = op.flags;
  tables.kernels[op.kernel].run(args);
}

void Interpreter::empty_staging(const Op& op, const std::byte* staging) const {
  const LaunchTables& tables = launch_.tables;
  const Operand& result = tables.schedule->operands[op.first_operand + 1];
  const View room = dense(tables.views[result.view]);
  kernels::KernelArgs args = {};
  args.data[0] = const_cast<std::byte*>(staging);
  args.view[0] = &room;
  args.data[1] = tables.bases[result.base] + result.offset_bytes;
  if (tables.view_offsets != nullptr) args.data[1] += tables.view_offsets[result.view];
  args.view[1] = tables.views + result.view;
  args.params = op.params;
  args.flags = op.flags;
  tables.kernels[op.kernel].run(args);
}

void Interpreter::begin_op(Machine& machine) {
  const uint32_t op_index = machine.next++;
  Unfinished& slot = slots_[machine.first_slot + machine.unfinished++];
  slot.op = op_index;
  slot.staged = false;
  slot.not_before = 0;
  LaunchControl& control = *launch_.control;
  control.running.fetch_add(1, std::memory_order_relaxed);
  control.progress.fetch_add(1, std::memory_order_relaxed);
  if (launch_.times == nullptr && machine.time == nullptr) return;
  const uint64_t now = now_ticks();
  if (launch_.times != nullptr) launch_.times[op_index].begin = now;
  if (machine.time != nullptr) slot.not_before = serve(machine, op_index, now);
}

// When the engine will have served the op, behind those that began before it.
uint64_t Interpreter::serve(Machine& machine, uint32_t op, uint64_t now) {
  uint64_t free = machine.time->free.load(std::memory_order_relaxed), served;
  do served = std::max(free, now) + cost_ticks_[op];
  while (!machine.time->free.compare_exchange_weak(free, served, std::memory_order_relaxed));
  return served;
}

void Interpreter::keep(uint32_t op_index) const {
  EmulatedFaults& faults = *options_.faults;
  while (faults.stall_op.load(std::memory_order_acquire) == op_index ||
         (faults.hold_op.load(std::memory_order_acquire) == op_index &&
          !launch_.control->stop.load(std::memory_order_acquire))) {
    faults.held_op.store(op_index, std::memory_order_release);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Interpreter::advance(Machine& machine, uint32_t position) {
  Unfinished& slot = slots_[machine.first_slot + position];
  const uint32_t op_index = slot.op;
  const Op& op = launch_.tables.schedule->ops[op_index];
  LaunchControl& control = *launch_.control;
  if (options_.faults != nullptr) keep(op_index);
  if (!slot.staged && staged_bytes(op_index) != 0) {
    fill_staging(op, slot.staging);
    slot.staged = true;
    signal(op_index, true, false);
    return;
  }
  const bool reads_signalled = slot.staged;
  if (slot.staged)
    empty_staging(op, slot.staging);
  else
    run_kernel(op);
  if (launch_.times != nullptr) launch_.times[op_index].end = now_ticks();
  // The slot goes to the end of the unfinished ones, the staging with it.
  for (uint32_t i = position; i + 1 < machine.unfinished; ++i)
    std::swap(slots_[machine.first_slot + i], slots_[machine.first_slot + i + 1]);
  --machine.unfinished;
  control.completed.fetch_add(1, std::memory_order_relaxed);
  control.progress.fetch_add(1, std::memory_order_relaxed);
  control.running.fetch_sub(1, std::memory_order_relaxed);
  if (!reads_signalled && has_signal(op, SignalKind::kRead)) signal(op_index, true, false);
  signal(op_index, false, true);
}

Interpreter::Step Interpreter::step(Machine& machine, uint64_t& random) {
  const Schedule& schedule = *launch_.tables.schedule;
  const bool shuffled = options_.seed != 0;
  const bool more = machine.next < machine.end;
  if (!more && machine.unfinished == 0) return Step::kFinished;
  // A copy in flight lets later ones begin first, now and then.
  if (more && machine.unfinished < machine.slots &&
      (machine.unfinished == 0 || !shuffled || next_random(random) % 4 != 0) && may_begin(schedule.ops[machine.next])) {
    begin_op(machine);
    return Step::kProgress;
  }
  if (machine.unfinished == 0) return Step::kBlocked;
  const uint32_t first = shuffled ? static_cast<uint32_t>(next_random(random) % machine.unfinished) : 0;
  const uint64_t now = machine.time != nullptr ? now_ticks() : 0;
  for (uint32_t i = 0; i < machine.unfinished; ++i) {
    const uint32_t position = (first + i) % machine.unfinished;
    const Unfinished& slot = slots_[machine.first_slot + position];
    // The source of a copy is read at once, its destination written when the engine has served it.
    if (slot.not_before > now && (slot.staged || staged_bytes(slot.op) == 0)) continue;
    advance(machine, position);
    return Step::kProgress;
  }
  return Step::kLater;
}

void Interpreter::work(uint32_t worker, uint32_t workers) {
  const FloatingPointGuard guard;
  uint64_t random = (options_.seed + launches_) * 0x9e3779b97f4a7c15ull + worker * 0xbf58476d1ce4e5b9ull + 1;
  const auto count = static_cast<uint32_t>(launch_.ranges.size());
  const uint32_t own = count > worker ? (count - worker - 1) / workers + 1 : 0;
  uint32_t fruitless = 0;
  while (true) {
    const uint64_t seen = bell_->changes();
    uint32_t finished = 0;
    bool progress = false, later = false, passed_over = false;
    const uint32_t first = options_.seed != 0 && own != 0 ? static_cast<uint32_t>(next_random(random) % own) : 0;
    for (uint32_t i = 0; i < own; ++i) {
      if (launch_.control->stop.load(std::memory_order_acquire)) return;
      Machine& machine = machines_[worker + (first + i) % own * workers];
      const bool ended = machine.next == machine.end && machine.unfinished == 0;
      // Now and then a stream falls some steps behind the others.
      if (options_.seed != 0 && !ended && next_random(random) % 2 == 0) {
        passed_over = true;
        continue;
      }
      switch (step(machine, random)) {
        case Step::kProgress:
          progress = true;
          break;
        case Step::kLater:
          later = true;
          break;
        case Step::kFinished:
          ++finished;
          break;
        case Step::kBlocked:
          break;
      }
    }
    if (finished == own) return;
    fruitless = progress ? 0 : fruitless + 1;
    if (progress || (passed_over && fruitless < kFruitlessSweeps)) continue;
    if (later)
      std::this_thread::yield();
    else
      bell_->sleep(seen);
  }
}

void Interpreter::end() {
  LaunchControl& control = *launch_.control;
  for (size_t i = 0; i < launch_.ranges.size(); ++i) {
    Machine& machine = machines_[i];
    control.running.fetch_sub(machine.unfinished, std::memory_order_relaxed);
    machine.unfinished = 0;
    if (machine.next >= machine.end || control.waiting_op.load(std::memory_order_relaxed) != kNone) continue;
    const Op& op = launch_.tables.schedule->ops[machine.next];
    for (uint32_t slot = 0; slot < 2; ++slot) {
      const Wait& wait = op.waits[slot];
      if (wait.token == kNone ||
          launch_.tables.tokens->read(wait.token) - launch_.tables.counts_before[wait.token] >= wait.count)
        continue;
      control.waiting_slot.store(slot, std::memory_order_relaxed);
      control.waiting_op.store(machine.next, std::memory_order_release);
      break;
    }
  }
}

}  // namespace rondo::runtime
