// Runtimes, programs and states.
#include "runtime/c/edge.h"
#include "runtime/c/host_log.h"
#include "runtime/c/objects.h"

namespace rondo::c {

static_assert(RONDO_LAUNCH_AUTO == static_cast<int>(Launching::kAuto) &&
              RONDO_LAUNCH_PERSISTENT == static_cast<int>(Launching::kPersistent) &&
              RONDO_LAUNCH_BY_PHASES == static_cast<int>(Launching::kByPhases));
static_assert(RONDO_ISA_REFERENCE == static_cast<int>(InstructionSet::kReference) + 1 &&
              RONDO_ISA_AVX2 == static_cast<int>(InstructionSet::kAvx2) + 1 &&
              RONDO_ISA_AVX512 == static_cast<int>(InstructionSet::kAvx512) + 1);

Result<std::vector<SuppliedArena>> read_arenas(const rondo_supplied_arena* arenas, uint64_t count) {
  std::vector<SuppliedArena> list;
  if (count != 0 && arenas == nullptr) return null_argument("arenas");
  for (uint64_t i = 0; i < count; ++i) {
    if (arenas[i].reserved != 0) return refuse("arenas[" + std::to_string(i) + "].reserved is not 0");
    list.push_back({arenas[i].arena, arenas[i].data, arenas[i].bytes});
  }
  return list;
}

Result<DType> read_dtype(uint32_t number) {
  if (number >= kDTypes.size()) return refuse("there is no element type " + std::to_string(number));
  return static_cast<DType>(number);
}

namespace {

Result<std::vector<Constant>> read_constants(const rondo_constant* constants, uint64_t count) {
  std::vector<Constant> list;
  if (count != 0 && constants == nullptr) return null_argument("constants");
  for (uint64_t i = 0; i < count; ++i) {
    const std::string which = "constants[" + std::to_string(i) + "]";
    if (constants[i].name == nullptr) return null_argument(which + ".name");
    if (constants[i].data == nullptr) return null_argument(which + ".data");
    if (constants[i].reserved != 0) return refuse(which + ".reserved is not 0");
    const Result<DType> dtype = read_dtype(constants[i].dtype);
    if (!dtype) return dtype.error();
    list.push_back({constants[i].name, Buffer(constants[i].data, constants[i].bytes, *dtype)});
  }
  return list;
}

Result<DeviceOptions> read_device(const rondo_device_options* given) {
  DeviceOptions device;
  const auto known = read_options(given);
  if (!known) return known.error();
  if (known->launching > RONDO_LAUNCH_BY_PHASES)
    return refuse("there is no way to launch " + std::to_string(known->launching));
  if (given == nullptr) return device;
  if (known->backend != nullptr) device.backend = known->backend;
  device.launching = static_cast<Launching>(known->launching);
  device.emulated.memory_bytes = known->memory_bytes;
  if (known->max_resident_lanes != 0) device.emulated.max_resident_lanes = known->max_resident_lanes;
  if (known->threads != 0) device.emulated.threads = known->threads;
  device.emulated.seed = known->seed;
  return device;
}

void tell_of_instruction_set(const HostLog& log, uint32_t asked) {
  const auto has = static_cast<uint32_t>(detect_instruction_set()) + 1;
  if (asked <= has || !log.hears(RONDO_LOG_WARNING)) return;
  log.tell(RONDO_LOG_WARNING, std::string("kernels for ") + name_of(static_cast<InstructionSet>(asked - 1)) +
                                  " are asked for; this CPU has " + name_of(detect_instruction_set()));
}

}  // namespace
}  // namespace rondo::c

using namespace rondo::c;

extern "C" {

rondo_status rondo_runtime_create(const rondo_runtime_options* options, rondo_runtime** runtime,
                                  rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (runtime == nullptr) return null_argument("runtime");
    *runtime = nullptr;
    const auto known = read_options(options);
    if (!known) return known.error();
    if (known->instruction_set > RONDO_ISA_AVX512)
      return refuse("there is no instruction set " + std::to_string(known->instruction_set));
    if ((known->allocate == nullptr) != (known->release == nullptr))
      return refuse(known->allocate == nullptr ? "`release` is given without `allocate`"
                                               : "`allocate` is given without `release`");
    rondo::RuntimeOptions settings;
    if (known->instruction_set != RONDO_ISA_ANY)
      settings.limit = static_cast<rondo::InstructionSet>(known->instruction_set - 1);
    settings.allocator = {known->allocator_context, known->allocate, known->release};
    settings.memory_limit_bytes = known->memory_limit_bytes;
    if (known->workers != 0) settings.workers = known->workers;
    settings.spin_ns = known->spin_ns;
    if (known->watchdog_ns != 0) settings.watchdog_ns = known->watchdog_ns == UINT64_MAX ? 0 : known->watchdog_ns;
    if ((known->executor_concurrency == nullptr) != (known->executor_start == nullptr))
      return refuse(known->executor_start == nullptr ? "`executor_concurrency` is given without `executor_start`"
                                                     : "`executor_start` is given without `executor_concurrency`");
    settings.executor = {known->executor_context, known->executor_concurrency, known->executor_start};
    auto device = read_device(known->device);
    if (!device) return device.error();
    settings.device = *std::move(device);
    const auto log = read_log(known->log, known->log_context, known->log_level);
    if (!log) return log.error();
    if (log->log != nullptr) {
      auto kept = std::make_shared<HostLog>(*log);
      settings.logger = logger_of(kept.get());
      settings.contexts = std::move(kept);
    }
    tell_of_instruction_set(*log, known->instruction_set);
    *runtime = new rondo_runtime{rondo::Runtime(settings)};
    return {};
  });
}

void rondo_runtime_destroy(rondo_runtime* runtime) noexcept { destroy(runtime); }

rondo_status rondo_runtime_get_bytes_in_use(const rondo_runtime* runtime, uint64_t* bytes,
                                            rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (bytes == nullptr) return null_argument("bytes");
    *bytes = 0;
    if (runtime == nullptr) return null_argument("runtime");
    *bytes = runtime->runtime.bytes_in_use();
    return {};
  });
}

rondo_status rondo_program_prepare(const rondo_runtime* runtime, const rondo_schedule* schedule,
                                   const rondo_prepare_options* options, rondo_program** program,
                                   rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (program == nullptr) return null_argument("program");
    *program = nullptr;
    if (runtime == nullptr) return null_argument("runtime");
    if (schedule == nullptr) return null_argument("schedule");
    const auto known = read_options(options);
    if (!known) return known.error();
    const auto constants = read_constants(known->constants, known->constant_count);
    if (!constants) return constants.error();
    auto arenas = read_arenas(known->arenas, known->arena_count);
    if (!arenas) return arenas.error();
    rondo::PrepareOptions settings;
    settings.copy_constants = known->copy_constants != 0;
    settings.arenas = *std::move(arenas);
    auto prepared = runtime->runtime.prepare(schedule->verified, *constants, settings);
    if (!prepared) return prepared.error();
    *program = new rondo_program{*std::move(prepared)};
    return {};
  });
}

void rondo_program_destroy(rondo_program* program) noexcept { destroy(program); }

rondo_status rondo_program_get_instruction_set(const rondo_program* program, uint32_t* instruction_set,
                                               rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (instruction_set == nullptr) return null_argument("instruction_set");
    *instruction_set = 0;
    if (program == nullptr) return null_argument("program");
    *instruction_set = static_cast<uint32_t>(program->program.instruction_set()) + 1;
    return {};
  });
}

rondo_status rondo_program_get_info(const rondo_program* program, rondo_program_info* info,
                                    rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (program == nullptr) return null_argument("program");
    if (info == nullptr) return null_argument("info");
    const rondo::ReplayWay& way = program->program.way();
    rondo_program_info known = {};
    known.instruction_set = static_cast<uint32_t>(program->program.instruction_set()) + 1;
    known.workers = program->program.workers();
    known.launches = way.launches;
    known.lanes = way.lanes;
    known.resident_lanes = way.resident_lanes;
    known.backend = way.backend.c_str();
    return write_info(known, info);
  });
}

rondo_status rondo_program_find_binding(const rondo_program* program, const char* name, rondo_binding* binding,
                                        rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (binding == nullptr) return null_argument("binding");
    *binding = 0;
    if (program == nullptr) return null_argument("program");
    if (name == nullptr) return null_argument("name");
    const auto handle = program->program.binding(name);
    if (!handle) return handle.error();
    *binding = pack_handle(handle->binding, handle->program);
    return {};
  });
}

rondo_status rondo_program_find_scalar(const rondo_program* program, const char* name, rondo_scalar* scalar,
                                       rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (scalar == nullptr) return null_argument("scalar");
    *scalar = 0;
    if (program == nullptr) return null_argument("program");
    if (name == nullptr) return null_argument("name");
    const auto handle = program->program.scalar(name);
    if (!handle) return handle.error();
    *scalar = pack_handle(handle->scalar, handle->program);
    return {};
  });
}

rondo_status rondo_program_find_member(const rondo_program* program, const char* name, rondo_program** member,
                                       rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (member == nullptr) return null_argument("member");
    *member = nullptr;
    if (program == nullptr) return null_argument("program");
    if (name == nullptr) return null_argument("name");
    auto found = program->program.member(name);
    if (!found) return found.error();
    *member = new rondo_program{*std::move(found)};
    return {};
  });
}

rondo_status rondo_state_create(const rondo_program* program, rondo_state** state, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (state == nullptr) return null_argument("state");
    *state = nullptr;
    if (program == nullptr) return null_argument("program");
    auto made = program->program.state();
    if (!made) return made.error();
    *state = new rondo_state{*std::move(made)};
    return {};
  });
}

void rondo_state_destroy(rondo_state* state) noexcept { destroy(state); }

rondo_status rondo_state_clear(rondo_state* state, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (state == nullptr) return null_argument("state");
    return state->state.clear();
  });
}

rondo_status rondo_state_read(const rondo_state* state, const char* name, uint64_t begin_byte, void* to, uint64_t bytes,
                              rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (state == nullptr) return null_argument("state");
    if (name == nullptr) return null_argument("name");
    if (to == nullptr && bytes != 0) return null_argument("to");
    return state->state.read(name, {static_cast<std::byte*>(to), bytes}, begin_byte);
  });
}

rondo_status rondo_state_write(rondo_state* state, const char* name, uint64_t begin_byte, const void* from,
                               uint64_t bytes, rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (state == nullptr) return null_argument("state");
    if (name == nullptr) return null_argument("name");
    if (from == nullptr && bytes != 0) return null_argument("from");
    return state->state.write(name, {static_cast<const std::byte*>(from), bytes}, begin_byte);
  });
}

rondo_status rondo_state_get_bytes(rondo_state* state, const char* name, void** data, uint64_t* bytes,
                                   rondo_error* error) noexcept {
  return at_edge(error, [&]() -> Outcome {
    if (bytes != nullptr) *bytes = 0;
    if (data == nullptr) return null_argument("data");
    *data = nullptr;
    if (state == nullptr) return null_argument("state");
    if (name == nullptr) return null_argument("name");
    const auto memory = state->state.bytes(name);
    if (!memory) return memory.error();
    *data = memory->data();
    if (bytes != nullptr) *bytes = memory->size();
    return {};
  });
}

}  // extern "C"
