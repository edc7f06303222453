#include "runtime/state.h"

#include <algorithm>
#include <cstring>
#include "runtime/backends/device_replayer.h"
#include "runtime/log.h"
#include "runtime/requirements.h"

namespace rondo {
namespace runtime {

namespace {

Error in_use() { return make_error(ErrorCode::kFailedPrecondition, "the state is in use by a replay"); }

// The state binding of that name.
Result<uint32_t> find_state(const StateData& state, std::string_view name) {
  std::vector<std::string> names;
  for (const BindingRequirement& binding : state.program->needs.bindings) {
    if (binding.role != Role::kState) continue;
    if (binding.name == name) return binding.binding;
    names.push_back(quoted(binding.name));
  }
  return make_error(ErrorCode::kNotFound, "there is no state " + quoted(name) + "; the schedule has " + join(names));
}

// Carries bytes [begin, begin + bytes) of a state to or from the host, which `move` does.
template <class Move>
Status transfer(StateData& state, std::string_view name, uint64_t begin, uint64_t bytes, Move move) {
  const Result<uint32_t> binding = find_state(state, name);
  if (!binding) return binding.error();
  const BindingRequirement& need = state.program->needs.bindings[*binding];
  if (begin > need.bytes || bytes > need.bytes - begin)
    return make_error(ErrorCode::kInvalidArgument, describe(need) + " has " + std::to_string(need.bytes) + " B; " +
                                                       std::to_string(bytes) + " B from byte " + std::to_string(begin) +
                                                       " on go beyond them");
  if (bytes == 0) return {};
  if (state.in_flight.exchange(true, std::memory_order_acquire)) return in_use();
  move(state.data_of(*binding) + begin);
  state.in_flight.store(false, std::memory_order_release);
  return {};
}

}  // namespace

Result<std::shared_ptr<StateData>> make_state(const std::shared_ptr<const ProgramData>& program) {
  auto state = std::make_shared<StateData>();
  state->program = program;
  const size_t bindings = program->needs.bindings.size();
  const bool on_device = states_lie_on_device(*program);
  if (on_device)
    state->device_blocks.resize(bindings);
  else if (Status fits = check_memory(*program->core, program->needs.state_bytes, "a state"); !fits)
    return fits.error();
  else
    state->blocks.resize(bindings);
  for (const BindingRequirement& binding : program->needs.bindings) {
    if (binding.role != Role::kState) continue;
    const uint64_t align_bytes = std::max(binding.align_bytes, kOwnAlignBytes);
    if (on_device) {
      Result<DeviceBlock> block = program->device->device->allocate(binding.bytes, align_bytes, describe(binding));
      if (!block) return block.error();
      state->device_blocks[binding.binding] = std::move(*block);
    } else {
      Result<Block> block = allocate(program->core, binding.bytes, align_bytes, describe(binding));
      if (!block) return block.error();
      state->blocks[binding.binding] = std::move(*block);
    }
  }
  if (Status cleared = clear_state(*state); !cleared) return cleared.error();
  tell(program->core->options.logger, LogLevel::kDebug, "program %u: a state of %llu B%s", program->serial,
       static_cast<unsigned long long>(program->needs.state_bytes), on_device ? " on the device" : "");
  return state;
}

Status clear_state(StateData& state) {
  if (state.in_flight.exchange(true, std::memory_order_acquire)) return in_use();
  for (const Block& block : state.blocks)
    if (block.bytes() != 0) std::memset(block.data(), 0, block.bytes());
  for (const DeviceBlock& block : state.device_blocks)
    if (block.bytes() != 0) state.program->device->transfers->fill(block.data(), std::byte{0}, block.bytes());
  state.interrupted.store(false, std::memory_order_relaxed);
  state.in_flight.store(false, std::memory_order_release);
  return {};
}

}  // namespace runtime

Status State::clear() {
  return runtime::without_exceptions([&] { return runtime::clear_state(*data_); });
}

Result<std::span<std::byte>> State::bytes(std::string_view name) {
  return runtime::without_exceptions([&]() -> Result<std::span<std::byte>> {
    const Result<uint32_t> binding = runtime::find_state(*data_, name);
    if (!binding) return binding.error();
    if (!data_->device_blocks.empty())
      return make_error(ErrorCode::kUnavailable, "state " + runtime::quoted(name) + " lies on the device of backend " +
                                                     runtime::quoted(data_->program->device->device->traits().backend) +
                                                     ", which the host does not reach; read and write copy it");
    const runtime::Block& block = data_->blocks[*binding];
    return std::span<std::byte>(block.data(), block.bytes());
  });
}

Status State::read(std::string_view name, std::span<std::byte> to, uint64_t begin_byte) const {
  return runtime::without_exceptions([&] {
    return runtime::transfer(*data_, name, begin_byte, to.size(), [&](const std::byte* from) {
      if (data_->device_blocks.empty())
        std::memcpy(to.data(), from, to.size());
      else
        data_->program->device->transfers->copy(to.data(), from, to.size());
    });
  });
}

Status State::write(std::string_view name, std::span<const std::byte> from, uint64_t begin_byte) {
  return runtime::without_exceptions([&] {
    return runtime::transfer(*data_, name, begin_byte, from.size(), [&](std::byte* to) {
      if (data_->device_blocks.empty())
        std::memcpy(to, from.data(), from.size());
      else
        data_->program->device->transfers->copy(to, from.data(), from.size());
    });
  });
}

bool State::interrupted() const { return data_->interrupted.load(std::memory_order_relaxed); }

}  // namespace rondo
