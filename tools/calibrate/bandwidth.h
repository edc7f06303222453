// Loops that only move bytes: what a level of memory can give and take.
#pragma once
#include <cstddef>
#include <cstdint>
#include "kernels/kernel.h"
#include "tools/aligned_bytes.h"

namespace rondo::calibrate {

enum class Traffic : uint8_t { kRead, kWrite, kCopy };

// Memory to walk, untouched, in huge pages from their size on where the system gives them: in
// small ones, what one thread gets from a large cache is what page walks leave of it (16 MiB
// in L3 and in DRAM, 2-CPU EPYC: 15 to 24 and 17 GB/s; in huge pages 71 and 29).
cli::AlignedBytes working_set(uint64_t bytes);

// Walks `bytes` (a multiple of 4096) at `data` (64-aligned) once with the widest vectors
// of `isa`: reads it, writes it, or copies its first half onto its second.
void walk_memory(Traffic traffic, kernels::Isa isa, std::byte* data, uint64_t bytes);

}  // namespace rondo::calibrate
