#include "runtime/bind.h"

#include <algorithm>
#include "runtime/log.h"
#include "runtime/requirements.h"

namespace rondo::runtime {
namespace {

uint64_t address_of(const void* data) { return reinterpret_cast<uintptr_t>(data); }

Error refuse(std::string message) { return make_error(ErrorCode::kInvalidArgument, std::move(message)); }

std::string bytes_text(uint64_t bytes) { return std::to_string(bytes) + " B"; }

}  // namespace

uint64_t overlap_bytes(const Region& a, const Region& b) {
  const uint64_t low = std::max(address_of(a.data), address_of(b.data));
  const uint64_t high = std::min(address_of(a.data) + a.bytes, address_of(b.data) + b.bytes);
  return high > low ? high - low : 0;
}

Status check_apart(const Region& region, const std::vector<Region>& others) {
  for (const Region& other : others) {
    if (!region.written && !other.written) continue;
    const uint64_t shared = overlap_bytes(region, other);
    if (shared == 0) continue;
    return refuse("the buffer for " + region.what + " shares " + bytes_text(shared) + " with " + other.what + "; " +
                  (region.written ? region.what : other.what) + " is written and must lie apart");
  }
  return {};
}

Status check_buffer(const BindingRequirement& binding, const Buffer& buffer) {
  const std::string what = describe(binding);
  if (buffer.data == nullptr) return refuse("the buffer for " + what + " is null");
  if (buffer.dtype != binding.dtype)
    return refuse(what + " is " + shape_text(binding) + ", the buffer holds " + std::string(info(buffer.dtype).name));
  if (buffer.bytes != binding.bytes)
    return refuse(what + " is " + shape_text(binding) + " and takes " + bytes_text(binding.bytes) +
                  ", the buffer has " + bytes_text(buffer.bytes));
  if (const uint64_t beyond = address_of(buffer.data) % binding.align_bytes; beyond != 0)
    return refuse(what + " must start at a multiple of " + bytes_text(binding.align_bytes) + ", the buffer starts " +
                  bytes_text(beyond) + " beyond one");
  if (address_of(buffer.data) + buffer.bytes < buffer.bytes)
    return refuse("the buffer for " + what + " reaches beyond the address space");
  if (is_written(binding.role) && buffer.read_only) return refuse(what + " is written, the buffer is read-only");
  return {};
}

Status check_supplied(const std::vector<ArenaRequirement>& arenas, const std::vector<SuppliedArena>& supplied,
                      bool prepared) {
  std::vector<Region> earlier;
  for (const SuppliedArena& memory : supplied) {
    if (memory.arena >= arenas.size())
      return refuse("there is no arena " + std::to_string(memory.arena) + "; the schedule has " +
                    std::to_string(arenas.size()));
    const ArenaRequirement& need = arenas[memory.arena];
    const std::string what = describe(need);
    if (need.prepared != prepared)
      return refuse(what + (prepared ? " is not prepared: supply it to each session"
                                     : " is prepared: supply it when the program is made"));
    if (memory.data == nullptr) return refuse("the memory for " + what + " is null");
    if (memory.bytes < need.bytes)
      return refuse(what + " takes " + bytes_text(need.bytes) + ", the memory supplied has " +
                    bytes_text(memory.bytes));
    if (const uint64_t beyond = address_of(memory.data) % need.align_bytes; beyond != 0)
      return refuse(what + " must start at a multiple of " + bytes_text(need.align_bytes) +
                    ", the memory supplied starts " + bytes_text(beyond) + " beyond one");
    if (address_of(memory.data) + memory.bytes < memory.bytes)
      return refuse("the memory for " + what + " reaches beyond the address space");
    for (const SuppliedArena& other : supplied) {
      if (&other == &memory) break;
      if (other.arena == memory.arena) return refuse(what + " is supplied twice");
    }
    const Region region{what, memory.data, need.bytes, true};
    if (Status apart = check_apart(region, earlier); !apart) return apart;
    earlier.push_back(region);
  }
  return {};
}

void tell_of_small_pages(const Logger& logger, const std::vector<ArenaRequirement>& arenas,
                         const std::vector<SuppliedArena>& supplied) {
  for (const SuppliedArena& memory : supplied) {
    const ArenaRequirement& need = arenas[memory.arena];
    if (address_of(memory.data) % need.preferred_align_bytes != 0)
      tell(logger, LogLevel::kWarning,
           "the memory supplied for arena '%s' starts at no multiple of %llu B, where huge pages would back it",
           need.name.c_str(), static_cast<unsigned long long>(need.preferred_align_bytes));
  }
}

}  // namespace rondo::runtime
