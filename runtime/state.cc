#include "runtime/state.h"

#include <algorithm>
#include <cstring>
#include "runtime/log.h"
#include "runtime/requirements.h"

namespace rondo {
namespace runtime {

Result<std::shared_ptr<StateData>> make_state(const std::shared_ptr<const ProgramData>& program) {
  if (Status fits = check_memory(*program->core, program->needs.state_bytes, "a state"); !fits) return fits.error();
  auto state = std::make_shared<StateData>();
  state->program = program;
  state->blocks.resize(program->needs.bindings.size());
  for (const BindingRequirement& binding : program->needs.bindings) {
    if (binding.role != Role::kState) continue;
    Result<Block> block =
        allocate(program->core, binding.bytes, std::max(binding.align_bytes, kOwnAlignBytes), describe(binding));
    if (!block) return block.error();
    state->blocks[binding.binding] = std::move(*block);
  }
  if (Status cleared = clear_state(*state); !cleared) return cleared.error();
  tell(program->core->options.logger, LogLevel::kDebug, "program %u: a state of %llu B", program->serial,
       static_cast<unsigned long long>(program->needs.state_bytes));
  return state;
}

Status clear_state(StateData& state) {
  if (state.in_flight.exchange(true, std::memory_order_acquire))
    return make_error(ErrorCode::kFailedPrecondition, "the state is in use by a replay");
  for (const Block& block : state.blocks)
    if (block.bytes() != 0) std::memset(block.data(), 0, block.bytes());
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
    std::vector<std::string> names;
    for (const BindingRequirement& binding : data_->program->needs.bindings) {
      if (binding.role != Role::kState) continue;
      const runtime::Block& block = data_->blocks[binding.binding];
      if (binding.name == name) return std::span<std::byte>(block.data(), block.bytes());
      names.push_back(runtime::quoted(binding.name));
    }
    return make_error(ErrorCode::kNotFound,
                      "there is no state " + runtime::quoted(name) + "; the schedule has " + runtime::join(names));
  });
}

bool State::interrupted() const { return data_->interrupted.load(std::memory_order_relaxed); }

}  // namespace rondo
