#include "runtime/backends/device_replayer.h"

#include <algorithm>
#include <cstring>
#include "rondo/residence.h"
#include "runtime/backends/emulated/emulated_device.h"
#include "runtime/requirements.h"

namespace rondo::runtime {
namespace {

constexpr std::chrono::milliseconds kPoll{1};

std::string op_text(const Schedule& schedule, uint32_t op_index) {
  const Op& op = schedule.ops[op_index];
  std::string text = "op " + std::to_string(op_index);
  text += " (" + (op.kernel == kNoKernel ? "sync" : std::string(schedule.name(schedule.kernels[op.kernel].name)));
  if (op_index < schedule.op_lines.size()) text += ", line " + std::to_string(schedule.op_lines[op_index]);
  text += ")";
  for (const Stream& stream : schedule.streams)
    if (op_index >= stream.first_op && op_index - stream.first_op < stream.op_count)
      text += " of stream " + quoted(schedule.name(stream.name));
  return text;
}

// Reads one launch after another of a plan into launches of a device.
class LaunchSeries {
 public:
  // Makes room in `queue` for all launches of `plan`, whose ranges are borrowed.
  Status take(const ProgramData& program, const LaunchPlan& plan, DeviceQueue& queue, const LaunchTables& tables,
              std::vector<ScratchRange> scratch, LaunchControl& control) {
    scratch_ = std::move(scratch);
    for (const PlannedLaunch& planned : plan.launches) {
      Launch launch;
      launch.tables = tables;
      launch.ranges = planned.ranges;
      launch.lanes = planned.lanes;
      launch.scratch = scratch_;
      launch.control = &control;
      if (Status good = queue.reserve(launch); !good) return good;
      launches_.push_back(launch);
    }
    counts_before_.resize(program.schedule().tokens.size());
    return {};
  }

  Status enqueue(DeviceQueue& queue, const LaunchTables& tables, OpStamps* times) {
    for (uint32_t token = 0; token < counts_before_.size(); ++token) counts_before_[token] = tables.tokens->read(token);
    for (Launch& launch : launches_) {
      launch.tables = tables;
      launch.tables.counts_before = counts_before_.data();
      launch.times = times;
      if (Status good = queue.launch(launch); !good) return good;
    }
    return {};
  }

  uint64_t count_before(uint32_t token) const { return counts_before_[token]; }

 private:
  std::vector<Launch> launches_;
  std::vector<ScratchRange> scratch_;
  std::vector<uint64_t> counts_before_;  // of tokens: they only grow, nothing is reset between replays
};

Result<DeviceBlock> place(const ProgramData& program, const ArenaRequirement& arena) {
  return program.device->device->allocate(arena.bytes, arena.align_bytes, describe(arena));
}

class DeviceReplayer final : public Replayer {
 public:
  DeviceReplayer(const ProgramData& program, const PartTables& tables) : program_(program), part_(tables) {}

  Status open() {
    const Schedule& schedule = program_.schedule();
    Device& device = *program_.device->device;
    bases_.assign(schedule.base_count(), nullptr);
    std::vector<ScratchRange> scratch;
    for (const ArenaRequirement& arena : program_.needs.arenas) {
      if (arena.prepared || !lies_on_device(program_, arena.arena)) continue;
      Result<DeviceBlock> block = place(program_, arena);
      if (!block) return block.error();
      bases_[arena.arena] = block->data();
      if (schedule.spaces[schedule.arenas[arena.arena].space].kind == static_cast<uint8_t>(SpaceKind::kScratch))
        scratch.push_back({block->data(), arena.bytes});
      blocks_.push_back(std::move(*block));
    }
    for (const BindingRequirement& binding : program_.needs.bindings) {
      if (binding.role != Role::kTable || !binding.used_in_replay) continue;
      Result<DeviceBlock> block =
          device.allocate(binding.bytes, std::max(binding.align_bytes, kOwnAlignBytes), describe(binding));
      if (!block) return block.error();
      tables_.push_back({program_.base_of(binding.binding), block->data(), block->bytes()});
      blocks_.push_back(std::move(*block));
    }
    own_.assign(bases_.size(), 0);
    for (size_t base = 0; base < bases_.size(); ++base) own_[base] = bases_[base] != nullptr;
    Result<std::unique_ptr<DeviceTokens>> tokens = device.make_tokens(static_cast<uint32_t>(schedule.tokens.size()));
    if (!tokens) return tokens.error();
    tokens_ = std::move(*tokens);
    Result<std::unique_ptr<DeviceQueue>> queue = device.make_queue();
    if (!queue) return queue.error();
    queue_ = std::move(*queue);
    return series_.take(program_, program_.device->launches, *queue_, launch_tables(), std::move(scratch), control_);
  }

  Status replay(const ReplayCall& call) override {
    if (Status good = start(call); !good) return good;
    return finish();
  }

  Status start(const ReplayCall& call) override {
    call_ = call;
    started_ = true;
    for (const LentState& lent : call.lent)
      if (uses(lent)) queue_->copy(lent.device, lent.host, lent.bytes);
    for (size_t base = 0; base < bases_.size(); ++base)
      if (own_[base] == 0) bases_[base] = part_.bases[base];
    for (const Table& table : tables_) {
      queue_->copy(table.data, part_.bases[table.base], table.bytes);
      bases_[table.base] = table.data;
    }
    control_.stop.store(false, std::memory_order_relaxed);
    control_.completed.store(0, std::memory_order_relaxed);
    control_.waiting_op.store(kNone, std::memory_order_relaxed);
    const RecordingLayout& layout = program_.recording;
    if (call.recording.stamps != nullptr) std::fill_n(call.recording.stamps, layout.record_count, OpStamps{});
    if (call.recording.workers != nullptr)
      for (uint32_t stream = 0; stream < layout.track_count; ++stream)
        call.recording.workers[stream] = 1 + program_.schedule().streams[stream].lane;
    Status launched = series_.enqueue(*queue_, launch_tables(), call.recording.stamps);
    for (const LentState& lent : call.lent)
      if (uses(lent)) queue_->copy(lent.host, lent.device, lent.bytes);
    if (!launched) {  // memory of the host is not left to the queue
      while (!queue_->drain(kPoll)) {
      }
      started_ = false;
    }
    return launched;
  }

  bool finished() override {
    pass_stop_on();
    return !started_ || queue_->drain(std::chrono::nanoseconds(0));
  }

  Status finish() override {
    if (!started_) return {};
    bool hung = false;
    const bool rests = wait_for_the_end(hung);
    if (!rests) {
      lost_ = true;
      return make_error(ErrorCode::kBug, "the session is lost: " + std::to_string(watchdog_ms()) +
                                             " ms after the replay was stopped " +
                                             std::to_string(control_.running.load(std::memory_order_relaxed)) +
                                             " ops of it have not completed on backend " +
                                             quoted(program_.device->device->traits().backend));
    }
    started_ = false;
    if (hung) return make_error(ErrorCode::kBug, hang_text());
    const uint64_t done = control_.completed.load(std::memory_order_relaxed);
    if (done != part_.op_count) return stopped_after(done, part_.op_count);
    return {};
  }

  bool lost() const override { return lost_; }

  ~DeviceReplayer() override {
    if (started_) control_.stop.store(true, std::memory_order_release);
  }

 private:
  struct Table {
    uint32_t base = 0;
    std::byte* data = nullptr;
    uint64_t bytes = 0;
  };

  LaunchTables launch_tables() const {
    LaunchTables tables;
    tables.schedule = &program_.schedule();
    tables.kernels = program_.kernels.data();
    tables.bases = bases_.data();
    tables.views = part_.views;
    tables.view_offsets = part_.view_offsets;
    tables.tokens = tokens_.get();
    return tables;
  }

  bool uses(const LentState& lent) const { return program_.needs.bindings[lent.binding].used_in_replay; }

  void pass_stop_on() {
    if (call_.stop != nullptr && call_.stop->load(std::memory_order_relaxed))
      control_.stop.store(true, std::memory_order_release);
  }

  uint64_t watchdog_ms() const { return program_.core->options.watchdog_ns / 1000000; }

  // False when the device did not come to rest in time after it was told to stop. `hung`:
  // nothing ran and nothing got on, so it was told to.
  bool wait_for_the_end(bool& hung) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::nanoseconds watchdog(program_.core->options.watchdog_ns);
    Clock::time_point since = Clock::now();
    uint64_t progress = control_.progress.load(std::memory_order_relaxed);
    bool stopping = false;
    while (true) {
      pass_stop_on();
      if (queue_->drain(kPoll)) return true;
      if (watchdog.count() == 0) continue;
      const Clock::time_point now = Clock::now();
      const uint64_t seen = control_.progress.load(std::memory_order_relaxed);
      const bool told = control_.stop.load(std::memory_order_relaxed);
      // Slow is not hung: an op that runs may take its time, until it is told to stop.
      const bool rests = !told && control_.running.load(std::memory_order_relaxed) != 0;
      if (seen != progress || rests || told != stopping) since = now;
      progress = seen;
      stopping = told;
      if (now - since < watchdog) continue;
      if (told) return false;
      hung = true;
      control_.stop.store(true, std::memory_order_release);
    }
  }

  std::string hang_text() const {
    const Schedule& schedule = program_.schedule();
    const uint32_t op_index = control_.waiting_op.load(std::memory_order_relaxed);
    const std::string waited = " waited " + std::to_string(watchdog_ms()) + " ms";
    if (op_index == kNone) return "the device" + waited + " and no op got on";
    const Wait& wait = schedule.ops[op_index].waits[control_.waiting_slot.load(std::memory_order_relaxed)];
    const std::string_view name = schedule.name(schedule.tokens[wait.token].name);
    return op_text(schedule, op_index) + waited + " for token " +
           (name.empty() ? std::to_string(wait.token) : quoted(name)) + " to count " + std::to_string(wait.count) +
           "; it counts " + std::to_string(tokens_->read(wait.token) - series_.count_before(wait.token)) +
           " and no op is running";
  }

  const ProgramData& program_;
  const PartTables& part_;
  bool started_ = false, lost_ = false;
  std::vector<DeviceBlock> blocks_;  // arenas and tables of the session
  std::vector<Table> tables_;
  std::vector<std::byte*> bases_;
  std::vector<uint8_t> own_;  // per base: of blocks_
  std::unique_ptr<DeviceTokens> tokens_;
  LaunchControl control_;
  ReplayCall call_;
  LaunchSeries series_;
  std::unique_ptr<DeviceQueue> queue_;  // the first to go: nothing runs while the rest goes
};

}  // namespace

Result<std::shared_ptr<Device>> make_device(const DeviceOptions& options) {
  if (options.backend.empty()) return std::shared_ptr<Device>();
  if (options.backend != "emulated")
    return make_error(ErrorCode::kUnavailable,
                      "there is no device of backend " + quoted(options.backend) + "; this build has 'emulated'");
  if (options.emulated.max_resident_lanes == 0 || options.emulated.threads == 0)
    return make_error(ErrorCode::kInvalidArgument, "an emulated device has at least 1 resident lane and 1 thread");
  std::shared_ptr<Device> device = make_emulated_device(options.emulated);
  if (device == nullptr) return make_error(ErrorCode::kDoesNotFit, "out of memory");
  return device;
}

bool lies_on_device(const ProgramData& program, uint32_t arena) {
  const Schedule& schedule = program.schedule();
  return program.device != nullptr &&
         schedule.spaces[schedule.arenas[arena].space].kind != static_cast<uint8_t>(SpaceKind::kHost);
}

bool states_lie_on_device(const ProgramData& program) {
  return program.device != nullptr && first_space_of(program.schedule(), SpaceKind::kDevice) != 0xffff;
}

Status check_lent_to_host(const ProgramData& program, const std::vector<SuppliedArena>& supplied) {
  for (const SuppliedArena& memory : supplied)
    if (lies_on_device(program, memory.arena))
      return make_error(ErrorCode::kInvalidArgument, describe(program.needs.arenas[memory.arena]) +
                                                         " lies on the device of backend " +
                                                         quoted(program.device->device->traits().backend) +
                                                         "; the host has no memory to lend for it");
  return {};
}

Status check_reach(const ProgramData& program) {
  const Schedule& schedule = program.schedule();
  const DeviceTraits& traits = program.device->device->traits();
  const std::string on_backend = "on backend " + quoted(traits.backend);
  for (uint32_t arena = 0; arena < schedule.arenas.size() && !traits.scratch_outlives_launch; ++arena)
    if (schedule.arenas[arena].prepared != 0 &&
        schedule.spaces[schedule.arenas[arena].space].kind == static_cast<uint8_t>(SpaceKind::kScratch))
      return make_error(ErrorCode::kUnavailable, describe(program.needs.arenas[arena]) +
                                                     " is prepared and lies in scratch; " + on_backend +
                                                     " scratch does not outlive a launch");
  if (!traits.only_copies_reach_host) return {};
  for (const Stream& stream : schedule.streams) {
    if (stream.engine != static_cast<uint8_t>(Engine::kCompute)) continue;
    for (uint32_t op_index = stream.first_op; op_index < stream.first_op + stream.op_count; ++op_index) {
      const Op& op = schedule.ops[op_index];
      for (uint32_t slot = 0; slot < op.operand_count; ++slot) {
        const uint32_t base = schedule.operands[op.first_operand + slot].base;
        std::string what;
        if (schedule.is_arena(base)) {
          if (!lies_on_device(program, base)) what = describe(program.needs.arenas[base]);
        } else {
          const BindingRequirement& binding = program.needs.bindings[base - schedule.arenas.size()];
          const bool state = binding.role == Role::kState && states_lie_on_device(program);
          if (binding.role != Role::kConstant && binding.role != Role::kTable && !state) what = describe(binding);
        }
        if (what.empty()) continue;
        return make_error(ErrorCode::kUnavailable, op_text(schedule, op_index) + " computes on " + what +
                                                       ", which is memory of the host; " + on_backend +
                                                       " only copy streams reach it");
      }
    }
  }
  return {};
}

Status prepare_on_device(ProgramData& program, std::vector<std::byte*>& bases) {
  const Schedule& schedule = program.schedule();
  DeviceProgram& on_device = *program.device;
  Device& device = *on_device.device;
  Result<LaunchPlan> plan = plan_launches(schedule, Part::kPrepare, device.traits());
  if (!plan) return plan.error();

  Result<std::unique_ptr<DeviceTokens>> tokens = device.make_tokens(static_cast<uint32_t>(schedule.tokens.size()));
  if (!tokens) return tokens.error();
  std::vector<DeviceBlock> temporary;
  Result<std::unique_ptr<DeviceQueue>> queue = device.make_queue();
  if (!queue) return queue.error();

  for (const BindingRequirement& binding : program.needs.bindings) {
    std::byte*& base = bases[program.base_of(binding.binding)];
    if (binding.role != Role::kConstant || base == nullptr) continue;
    if (!binding.read_in_prepare && !binding.used_in_replay) continue;
    Result<DeviceBlock> block =
        device.allocate(binding.bytes, std::max(binding.align_bytes, kOwnAlignBytes), describe(binding));
    if (!block) return block.error();
    (*queue)->copy(block->data(), base, binding.bytes);
    base = block->data();
    (binding.used_in_replay ? on_device.blocks : temporary).push_back(std::move(*block));
  }
  const std::vector<bool> used = bases_used(program.verified, Part::kPrepare);
  std::vector<ScratchRange> scratch;
  for (const ArenaRequirement& arena : program.needs.arenas) {
    if (!lies_on_device(program, arena.arena) || !(arena.prepared || used[arena.arena])) continue;
    Result<DeviceBlock> block = place(program, arena);
    if (!block) return block.error();
    bases[arena.arena] = block->data();
    if (schedule.spaces[schedule.arenas[arena.arena].space].kind == static_cast<uint8_t>(SpaceKind::kScratch))
      scratch.push_back({block->data(), arena.bytes});
    (arena.prepared ? on_device.blocks : temporary).push_back(std::move(*block));
  }

  LaunchTables tables;
  tables.schedule = &schedule;
  tables.kernels = program.kernels.data();
  tables.bases = bases.data();
  tables.views = schedule.views.data();
  tables.tokens = tokens->get();
  LaunchControl control;
  LaunchSeries series;
  while (!(*queue)->drain(kPoll)) {  // the copies of constants; `reserve` asks for an idle queue
  }
  if (Status good = series.take(program, *plan, **queue, tables, std::move(scratch), control); !good) return good;
  if (Status good = series.enqueue(**queue, tables, nullptr); !good) return good;
  while (!(*queue)->drain(kPoll)) {
  }
  return {};
}

Status plan_device_launches(ProgramData& program) {
  Result<LaunchPlan> plan = plan_launches(program.schedule(), Part::kReplay, program.device->device->traits(),
                                          program.core->options.device.launching);
  if (!plan) return plan.error();
  program.device->launches = std::move(*plan);
  program.way = program.device->launches.way;
  return {};
}

RecordingLayout recording_of_streams(const VerifiedSchedule& verified) {
  const Schedule& schedule = verified.schedule();
  RecordingLayout layout;
  layout.record_of = verified.order(Part::kReplay);
  layout.record_count = schedule.ops.size();
  layout.track_count = static_cast<uint32_t>(schedule.streams.size());
  std::vector<uint32_t> stream_of(schedule.ops.size(), 0);
  for (uint32_t stream = 0; stream < schedule.streams.size(); ++stream)
    std::fill_n(stream_of.begin() + schedule.streams[stream].first_op, schedule.streams[stream].op_count, stream);
  for (const uint32_t op : layout.record_of) layout.track_of.push_back(stream_of[op]);
  return layout;
}

Result<std::unique_ptr<Replayer>> make_device_replayer(const ProgramData& program, const PartTables& tables) {
  auto replayer = std::make_unique<DeviceReplayer>(program, tables);
  if (Status opened = replayer->open(); !opened) return opened.error();
  return std::unique_ptr<Replayer>(std::move(replayer));
}

}  // namespace rondo::runtime
