// Hash tables that no file can make slow.
#pragma once
#include <cstdint>

namespace rondo::proof {

// Entries of a hash table looked at before something new is made instead: a file
// made to collide costs no more than this.
inline constexpr uint32_t kMostProbes = 64;

inline uint64_t mix(uint64_t value) {
  value *= 0x9e3779b97f4a7c15ull;
  return value ^ (value >> 29);
}

}  // namespace rondo::proof
