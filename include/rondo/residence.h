// Where bindings lie, as the tables of a schedule say it.
//
// In a schedule with a space of kind `device`, constants, states and tables lie in that
// space: they stay there between replays, and kernels of compute streams may use them
// where they are. Inputs and outputs are memory of the host in every schedule, and
// without such a space so is everything else. Source: docs/decisions/0048.
//
// Thread safety: pure functions.
#pragma once
#include <cstdint>
#include "rondo/schedule.h"

namespace rondo {

// The first space of that kind, or 0xffff.
inline uint16_t first_space_of(const Schedule& schedule, SpaceKind kind) {
  for (uint32_t space = 0; space < schedule.spaces.size(); ++space)
    if (schedule.spaces[space].kind == static_cast<uint8_t>(kind)) return static_cast<uint16_t>(space);
  return 0xffff;
}

// The space that a binding counts as, or 0xffff where the schedule has none of its kind.
inline uint16_t space_of(const Schedule& schedule, const Binding& binding) {
  const auto role = static_cast<Role>(binding.role);
  if (role == Role::kConstant || role == Role::kState || role == Role::kTable)
    if (const uint16_t device = first_space_of(schedule, SpaceKind::kDevice); device != 0xffff) return device;
  return first_space_of(schedule, SpaceKind::kHost);
}

}  // namespace rondo
