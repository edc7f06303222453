// How much memory the machine has.
#pragma once
#include <cstdint>

namespace rondo::runtime {

// Bytes; 2^62 where the system does not say.
uint64_t physical_memory_bytes();

}  // namespace rondo::runtime
