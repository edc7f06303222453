#include "runtime/requirements.h"

#include <algorithm>
#include "runtime/memory.h"
#include "runtime/tables.h"

namespace rondo {

using runtime::saturating_add;

Requirements requirements_of(const VerifiedSchedule& verified) {
  const Schedule& schedule = verified.schedule();
  const std::vector<bool> in_prepare = runtime::bases_used(verified, Part::kPrepare);
  const std::vector<bool> in_replay = runtime::bases_used(verified, Part::kReplay);
  Requirements needs;
  for (uint32_t index = 0; index < schedule.arenas.size(); ++index) {
    const Arena& arena = schedule.arenas[index];
    ArenaRequirement need;
    need.arena = index;
    need.name = schedule.name(arena.name);
    need.bytes = arena.bytes;
    need.align_bytes = std::max<uint64_t>(arena.align_bytes, runtime::kOwnAlignBytes);
    need.preferred_align_bytes =
        arena.bytes >= runtime::kHugePageBytes ? std::max(need.align_bytes, runtime::kHugePageBytes) : need.align_bytes;
    need.prepared = arena.prepared != 0;
    uint64_t& total = need.prepared ? needs.program_bytes : needs.session_bytes;
    total = saturating_add(total, arena.bytes);
    needs.arenas.push_back(std::move(need));
  }
  for (uint32_t index = 0; index < schedule.bindings.size(); ++index) {
    const Binding& binding = schedule.bindings[index];
    const uint32_t base = static_cast<uint32_t>(schedule.arenas.size()) + index;
    BindingRequirement need;
    need.binding = index;
    need.name = schedule.name(binding.name);
    need.role = static_cast<Role>(binding.role);
    need.dtype = static_cast<DType>(binding.dtype);
    need.shape.assign(binding.shape, binding.shape + binding.rank);
    need.bytes = bytes_of(binding);
    need.align_bytes = binding.align_bytes;
    need.read_in_prepare = in_prepare[base];
    need.used_in_replay = in_replay[base];
    if (need.role == Role::kState) needs.state_bytes = saturating_add(needs.state_bytes, need.bytes);
    if (need.role == Role::kTable)
      needs.session_bytes = saturating_add(needs.session_bytes, runtime::table_bytes(binding));
    needs.bindings.push_back(std::move(need));
  }
  std::vector<bool> scalars(schedule.scalars.size(), false);
  for (uint32_t member = 0; member < verified.member_count(); ++member)
    for (const uint32_t index : verified.order(Part::kReplay, member)) {
      const Op& op = schedule.ops[index];
      for (uint32_t i = 0; i < op.operand_count; ++i)
        if (const View& view = schedule.views[schedule.operands[op.first_operand + i].view]; view.scalar != kNone)
          scalars[view.scalar] = true;
    }
  for (uint32_t index = 0; index < schedule.bindings.size(); ++index)
    if (const Binding& binding = schedule.bindings[index];
        binding.filled_scalar != kNone && needs.bindings[index].used_in_replay)
      scalars[binding.filled_scalar] = true;
  for (uint32_t index = 0; index < schedule.scalars.size(); ++index) {
    const Scalar& scalar = schedule.scalars[index];
    needs.scalars.push_back({index, std::string(schedule.name(scalar.name)), scalar.min, scalar.max, scalars[index]});
  }
  return needs;
}

namespace runtime {

const char* word_of(Role role) {
  constexpr const char* kWords[] = {"input", "output", "constant", "state", "table"};
  return kWords[static_cast<uint8_t>(role)];
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string describe(const BindingRequirement& binding) {
  return std::string(word_of(binding.role)) + " " + quoted(binding.name);
}

std::string describe(const ArenaRequirement& arena) { return "arena " + quoted(arena.name); }

std::string shape_text(const BindingRequirement& binding) {
  std::string text(info(binding.dtype).name);
  text += '[';
  for (size_t axis = 0; axis < binding.shape.size(); ++axis)
    text += (axis == 0 ? "" : ", ") + std::to_string(binding.shape[axis]);
  return text + "]";
}

std::string join(const std::vector<std::string>& words, std::string_view none) {
  if (words.empty()) return std::string(none);
  std::string text = words[0];
  for (size_t i = 1; i < words.size(); ++i) text += (i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

std::vector<bool> bases_used(const VerifiedSchedule& verified, Part part) {
  const Schedule& schedule = verified.schedule();
  std::vector<bool> used(schedule.base_count(), false);
  for (uint32_t member = 0; member < verified.member_count(); ++member)
    for (const uint32_t index : verified.order(part, member)) {
      const Op& op = schedule.ops[index];
      for (uint32_t i = 0; i < op.operand_count; ++i) used[schedule.operands[op.first_operand + i].base] = true;
    }
  return used;
}

}  // namespace runtime
}  // namespace rondo
