// What makes host memory fit a binding, and apart from other memory.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "rondo/runtime.h"

namespace rondo::runtime {

// Memory that a replay touches, for the overlap check.
struct Region {
  std::string what;  // "input 'x'", "arena 'scratch'"
  const void* data = nullptr;
  uint64_t bytes = 0;
  bool written = false;
};

// Bytes that both contain.
uint64_t overlap_bytes(const Region& a, const Region& b);
// Regions that are both only read may overlap; others not: kInvalidArgument naming both sides.
Status check_apart(const Region& region, const std::vector<Region>& others);

// Size, element type, alignment, and that nothing written is read-only.
Status check_buffer(const BindingRequirement& binding, const Buffer& buffer);
// Arena index, size and alignment; `prepared` says which kind the call takes.
Status check_supplied(const std::vector<ArenaRequirement>& arenas, const std::vector<SuppliedArena>& supplied,
                      bool prepared);
// A warning for supplied memory that huge pages cannot back where they would help.
void tell_of_small_pages(const Logger& logger, const std::vector<ArenaRequirement>& arenas,
                         const std::vector<SuppliedArena>& supplied);

}  // namespace rondo::runtime
