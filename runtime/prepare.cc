// Makes a program: resolves kernels, takes constants, packs them once.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <utility>
#include "kernels/kernel.h"
#include "rondo/contracts.h"
#include "runtime/backends/device_replayer.h"
#include "runtime/log.h"
#include "runtime/program.h"
#include "runtime/requirements.h"
#include "runtime/serial.h"

namespace rondo {
namespace runtime {
namespace {

constexpr std::string_view kBackend = "cpu";

Status check_backend(const Core& core, const Schedule& schedule) {
  if (!core.device_made) return core.device_made;
  const bool has_device = core.device != nullptr;
  if (schedule.backend == kBackend || (has_device && schedule.backend == core.device->traits().backend)) return {};
  std::vector<std::string> known = {quoted(kBackend)};
  if (has_device) known.push_back(quoted(core.device->traits().backend));
  return make_error(ErrorCode::kUnavailable, "the schedule was planned for backend " + quoted(schedule.backend) +
                                                 ", this runtime has " + join(known));
}

// Kernels compute in f32, or in f64 where their contract says so, round to nearest even and
// keep denormals; copies move bytes, and so do those who only put elements elsewhere, of any type.
Status check_numerics(const Schedule& schedule) {
  constexpr NumericsPolicy kPlain = {};  // all zero: f32 throughout
  constexpr auto kF64 = static_cast<uint8_t>(DType::kF64);
  constexpr NumericsPolicy kDouble = {.storage = kF64, .compute = kF64, .accumulate = kF64};
  for (const Op& op : schedule.ops) {
    if (op.kernel == kNoKernel) continue;
    const Contract* contract = find_contract(schedule.name(schedule.kernels[op.kernel].name));
    if (contract != nullptr && contract->values == ValueRule::kSame) continue;
    const bool wide = contract != nullptr && contract->accumulate == DType::kF64;
    const bool moves =
        contract != nullptr && (contract->family == Family::kCopy || contract->family == Family::kGather);
    if (op.policy >= schedule.policies.size()) continue;
    NumericsPolicy wanted = wide ? kDouble : kPlain;
    if (moves) wanted.storage = schedule.policies[op.policy].storage;
    if (!(schedule.policies[op.policy] == wanted))
      return make_error(ErrorCode::kUnavailable,
                        "numerics policy " + std::to_string(op.policy) + " asks for something else than kernel " +
                            quoted(schedule.name(schedule.kernels[op.kernel].name)) +
                            " of backend 'cpu' does: " + (wide ? "f64" : "f32") +
                            " storage, products and sums, rounding to nearest even, no saturation, denormals kept");
  }
  return {};
}

Status resolve_kernels(ProgramData& program, InstructionSet limit) {
  const Schedule& schedule = program.schedule();
  const auto isa = static_cast<kernels::Isa>(std::min(limit, detect_instruction_set()));
  program.instruction_set = static_cast<InstructionSet>(isa);
  for (const KernelRef& ref : schedule.kernels) {
    const Contract* contract = find_contract(schedule.name(ref.name));
    const kernels::KernelEntry* entry = contract == nullptr ? nullptr : kernels::find_kernel(*contract, isa);
    if (entry == nullptr)
      return make_error(ErrorCode::kUnavailable, "this build has no kernel " + quoted(schedule.name(ref.name)));
    program.kernels.push_back({entry->fn, contract->operand_count});
    program.kernel_names.emplace_back(entry->name);
  }
  return {};
}

// What prepare may touch: arenas and constants, at addresses no scalar moves.
Status check_prepare_part(const ProgramData& program) {
  const Schedule& schedule = program.schedule();
  for (const uint32_t index : program.verified.order(Part::kPrepare)) {
    const Op& op = schedule.ops[index];
    for (uint32_t i = 0; i < op.operand_count; ++i) {
      const Operand& operand = schedule.operands[op.first_operand + i];
      if (!schedule.is_arena(operand.base)) {
        const BindingRequirement& binding = program.needs.bindings[operand.base - schedule.arenas.size()];
        if (binding.role != Role::kConstant)
          return make_error(ErrorCode::kInvalidSchedule, "op " + std::to_string(index) + " of prepare uses " +
                                                             describe(binding) + "; prepare has only constants");
      }
      if (schedule.views[operand.view].scalar != kNone)
        return make_error(ErrorCode::kInvalidSchedule,
                          "op " + std::to_string(index) + " of prepare uses a scalar; scalars are set for replays");
    }
  }
  return {};
}

// Points the base table at every constant, for prepare.
Status take_constants(const ProgramData& program, std::span<const Constant> constants, std::vector<std::byte*>& bases) {
  std::vector<std::string> known;
  for (const BindingRequirement& binding : program.needs.bindings)
    if (binding.role == Role::kConstant) known.push_back(quoted(binding.name));
  for (const Constant& constant : constants) {
    const auto need =
        std::find_if(program.needs.bindings.begin(), program.needs.bindings.end(),
                     [&](const BindingRequirement& b) { return b.role == Role::kConstant && b.name == constant.name; });
    if (need == program.needs.bindings.end())
      return make_error(ErrorCode::kInvalidArgument,
                        "there is no constant " + quoted(constant.name) + "; the schedule has " + join(known));
    if (Status fits = check_buffer(*need, constant.buffer); !fits) return fits;
    std::byte*& base = bases[program.base_of(need->binding)];
    if (base != nullptr) return make_error(ErrorCode::kInvalidArgument, describe(*need) + " is given twice");
    // Never written: the verifier refuses writes to constants.
    base = static_cast<std::byte*>(const_cast<void*>(constant.buffer.data));
  }
  std::vector<std::string> missing;
  for (const BindingRequirement& binding : program.needs.bindings)
    if (binding.role == Role::kConstant && (binding.read_in_prepare || binding.used_in_replay) &&
        bases[program.base_of(binding.binding)] == nullptr)
      missing.push_back(quoted(binding.name));
  if (!missing.empty()) return make_error(ErrorCode::kInvalidArgument, "prepare needs the constants " + join(missing));
  return {};
}

// Prepared arenas, and room that only prepare uses (`temporary`).
Status place_arenas(ProgramData& program, const PrepareOptions& options, std::vector<std::byte*>& bases,
                    std::vector<Block>& temporary) {
  if (Status good = check_supplied(program.needs.arenas, options.arenas, true); !good) return good;
  if (Status good = check_lent_to_host(program, options.arenas); !good) return good;
  tell_of_small_pages(program.core->options.logger, program.needs.arenas, options.arenas);
  for (const SuppliedArena& memory : options.arenas) bases[memory.arena] = static_cast<std::byte*>(memory.data);
  const std::vector<bool> used = bases_used(program.verified, Part::kPrepare);
  uint64_t bytes = 0;
  for (const ArenaRequirement& arena : program.needs.arenas)
    if (bases[arena.arena] == nullptr && (arena.prepared || used[arena.arena]) && !lies_on_device(program, arena.arena))
      bytes = saturating_add(bytes, arena.bytes);
  if (Status fits = check_memory(*program.core, bytes, "the program"); !fits) return fits;
  for (const ArenaRequirement& arena : program.needs.arenas) {
    if (bases[arena.arena] != nullptr || !(arena.prepared || used[arena.arena])) continue;
    if (lies_on_device(program, arena.arena)) continue;
    Result<Block> block = allocate(program.core, arena.bytes, arena.preferred_align_bytes, describe(arena));
    if (!block) return block.error();
    bases[arena.arena] = block->data();
    (arena.prepared ? program.blocks : temporary).push_back(std::move(*block));
  }
  return {};
}

// Constants and prepared arenas that the host lends must not share a byte that prepare writes.
Status check_lent_memory(const ProgramData& program, const std::vector<std::byte*>& bases) {
  std::vector<Region> arenas;
  for (const ArenaRequirement& arena : program.needs.arenas)
    if (bases[arena.arena] != nullptr) arenas.push_back({describe(arena), bases[arena.arena], arena.bytes, true});
  for (const BindingRequirement& binding : program.needs.bindings)
    if (const std::byte* data = bases[program.base_of(binding.binding)]; data != nullptr)
      if (Status apart = check_apart({describe(binding), data, binding.bytes, false}, arenas); !apart) return apart;
  return {};
}

// Leaves in the program's base table what replays read: prepared arenas and the
// constants they take where they lie.
Status keep_for_replays(ProgramData& program, const PrepareOptions& options, const std::vector<std::byte*>& bases) {
  for (const ArenaRequirement& arena : program.needs.arenas) {
    if (!arena.prepared) continue;
    program.bases[arena.arena] = bases[arena.arena];
    program.regions.push_back({describe(arena), bases[arena.arena], arena.bytes, false});
  }
  for (const BindingRequirement& binding : program.needs.bindings) {
    if (binding.role != Role::kConstant || !binding.used_in_replay) continue;
    const uint32_t base = program.base_of(binding.binding);
    std::byte* data = bases[base];
    if (options.copy_constants) {
      Result<Block> block =
          allocate(program.core, binding.bytes, std::max(binding.align_bytes, kOwnAlignBytes), describe(binding));
      if (!block) return block.error();
      std::memcpy(block->data(), data, binding.bytes);
      data = block->data();
      program.blocks.push_back(std::move(*block));
    }
    program.bases[base] = data;
    program.regions.push_back({describe(binding), data, binding.bytes, false});
  }
  return {};
}

uint32_t next_serial() {
  static std::atomic<uint32_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

// How replays of a program are dealt, launched and recorded.
Status plan_replays(ProgramData& program) {
  const std::vector<uint32_t>& order = program.verified.order(Part::kReplay);
  program.recording.record_count = order.size();
  program.way.lanes = program.schedule().lane_count;
  if (program.device != nullptr || program.core->options.chaos_seed != 0) {
    program.recording = recording_of_streams(program.verified);
    return program.device != nullptr ? plan_device_launches(program) : Status();
  }
  if (program.core->executor.start == nullptr) return {};
  program.dealing = deal_lanes(program.schedule(), order, program.core->options.workers);
  program.recording = program.dealing->recording;
  return {};
}

// The members of a set, once the file is prepared. The first stands for the program.
Result<std::shared_ptr<const ProgramData>> make_members(std::shared_ptr<ProgramData> file) {
  auto set = std::make_shared<ProgramSet>();
  for (uint32_t index = 0; index < file->verified.member_count(); ++index) {
    auto member = std::make_unique<ProgramData>(file->verified.member(index));
    member->core = file->core;
    member->needs = requirements_of(member->verified);
    member->serial = file->serial;
    member->replay_serial = next_serial();
    member->set = set.get();
    member->instruction_set = file->instruction_set;
    member->kernels = file->kernels;
    member->kernel_names = file->kernel_names;
    member->bases = file->bases;
    member->regions = file->regions;
    if (file->device != nullptr) {
      member->device = std::make_unique<DeviceProgram>();
      member->device->device = file->device->device;  // its blocks stay with the file
      member->device->transfers = file->device->transfers;
    }
    if (Status good = plan_replays(*member); !good) return good.error();
    set->members.push_back(std::move(member));
  }
  set->file = std::move(file);
  return std::shared_ptr<const ProgramData>(set, set->members[0].get());
}

void tell_of(const ProgramData& program, std::chrono::steady_clock::duration took) {
  const Logger& logger = program.core->options.logger;
  if (!is_told(logger, LogLevel::kInfo)) return;
  const Schedule& schedule = program.schedule();
  const VerifiedSchedule& verified = program.verified;
  tell(logger, LogLevel::kInfo,
       "program %u: %zu ops prepared in %.3f ms, %zu ops a replay, %llu B held, kernels for %s", program.serial,
       verified.order(Part::kPrepare).size(), std::chrono::duration<double, std::milli>(took).count(),
       verified.order(Part::kReplay).size(), static_cast<unsigned long long>(program.needs.program_bytes),
       name_of(program.instruction_set));
  for (size_t i = 0; i < program.kernel_names.size(); ++i)
    tell(logger, LogLevel::kDebug, "program %u: kernel '%s' is %s", program.serial,
         schedule.names[schedule.kernels[i].name].c_str(), program.kernel_names[i].c_str());
}

Result<std::shared_ptr<const ProgramData>> make_program(const std::shared_ptr<Core>& core,
                                                        const VerifiedSchedule& verified,
                                                        std::span<const Constant> constants,
                                                        const PrepareOptions& options) {
  const auto begun = std::chrono::steady_clock::now();
  if (core == nullptr) return make_error(ErrorCode::kDoesNotFit, "out of memory");
  if (const Allocator& allocator = core->options.allocator;
      allocator.allocate == nullptr || allocator.release == nullptr)
    return make_error(ErrorCode::kInvalidArgument, "the allocator has one of its two functions");
  if (!core->threads) return core->threads.error();
  if (Status good = check_backend(*core, verified.schedule()); !good) return good.error();
  auto program = std::make_shared<ProgramData>(verified);
  program->core = core;
  program->serial = next_serial();
  program->replay_serial = program->serial;
  program->needs = requirements_of(verified);
  if (verified.schedule().backend != kBackend) {
    program->device = std::make_unique<DeviceProgram>();
    program->device->device = core->device;
    if (Status good = check_reach(*program); !good) return good.error();
    if (states_lie_on_device(*program) && program->needs.state_bytes != 0) {
      auto transfers = DeviceTransfers::make(*core->device);
      if (!transfers) return transfers.error();
      program->device->transfers = std::move(*transfers);
    }
  }
  if (verified.member_count() == 1)
    if (Status good = plan_replays(*program); !good) return good.error();
  program->bases.assign(verified.schedule().base_count(), nullptr);

  std::vector<std::byte*> bases(program->bases);  // what prepare sees
  std::vector<Block> temporary;
  if (Status good = check_numerics(program->schedule()); !good) return good.error();
  if (Status good = resolve_kernels(*program, core->options.limit); !good) return good.error();
  if (Status good = check_prepare_part(*program); !good) return good.error();
  if (Status good = take_constants(*program, constants, bases); !good) return good.error();
  if (Status good = place_arenas(*program, options, bases, temporary); !good) return good.error();
  if (Status good = check_lent_memory(*program, bases); !good) return good.error();

  PrepareOptions keeping = options;
  if (program->device != nullptr) {
    if (Status good = prepare_on_device(*program, bases); !good) return good.error();
    keeping.copy_constants = false;  // they are copies already
  } else {
    SerialWork work{tables_of(*program, Part::kPrepare)};
    work.bases = bases.data();
    run_serial(work);
  }

  if (Status good = keep_for_replays(*program, keeping, bases); !good) return good.error();
  tell_of(*program, std::chrono::steady_clock::now() - begun);
  if (verified.member_count() > 1) return make_members(std::move(program));
  return std::shared_ptr<const ProgramData>(std::move(program));
}

}  // namespace

PartTables tables_of(const ProgramData& program, Part part) {
  const Schedule& schedule = program.schedule();
  const std::vector<uint32_t>& order = program.verified.order(part);
  PartTables tables;
  tables.ops = schedule.ops.data();
  tables.operands = schedule.operands.data();
  tables.order = order.data();
  tables.op_count = order.size();
  tables.kernels = program.kernels.data();
  tables.views = schedule.views.data();
  return tables;
}

}  // namespace runtime

Runtime::Runtime(RuntimeOptions options) : core_(runtime::make_core(std::move(options))) {}

Result<Program> Runtime::prepare(const VerifiedSchedule& verified, std::span<const Constant> constants,
                                 const PrepareOptions& options) const {
  return runtime::without_exceptions([&]() -> Result<Program> {
    auto program = runtime::make_program(core_, verified, constants, options);
    if (!program) return program.error();
    return Program(std::move(*program));
  });
}

uint64_t Runtime::bytes_in_use() const {
  return core_ == nullptr ? 0 : core_->bytes_in_use.load(std::memory_order_relaxed);
}

}  // namespace rondo
