// Words about arenas and bindings that every message of the runtime shares.
#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "rondo/runtime.h"

namespace rondo::runtime {

const char* word_of(Role role);                             // "input", "output", "constant", "state", "table"
std::string describe(const BindingRequirement& binding);    // "input 'x'"
std::string describe(const ArenaRequirement& arena);        // "arena 'scratch'"
std::string shape_text(const BindingRequirement& binding);  // "f32[128, 784]"
std::string quoted(std::string_view name);                  // "'x'"
// "a", "a and b", "a, b and c"; `none` for an empty list.
std::string join(const std::vector<std::string>& words, std::string_view none = "none");

// Memory that a role lets a replay write.
constexpr bool is_written(Role role) { return role == Role::kOutput || role == Role::kState; }

// Bases that some op of the part names, of any member.
std::vector<bool> bases_used(const VerifiedSchedule& verified, Part part);

// Of state and table memory, whose size and alignment the runtime chooses.
inline constexpr uint64_t kOwnAlignBytes = 64;

}  // namespace rondo::runtime
