// Loops that only move bytes: what a level of memory can give and take.
#pragma once
#include <cstddef>
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::calibrate {

enum class Traffic : uint8_t { kRead, kWrite, kCopy };

// Walks `bytes` (a multiple of 4096) at `data` (64-aligned) once with the widest vectors
// of `isa`: reads it, writes it, or copies its first half onto its second.
void walk_memory(Traffic traffic, kernels::Isa isa, std::byte* data, uint64_t bytes);

}  // namespace rondo::calibrate
