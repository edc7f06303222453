// Offsets for buffers with known lifetimes, in scratch first and in host memory after.
#pragma once
#include <cstdint>
#include <vector>

namespace rondo::direct {

// Alive during steps [first, last], both inclusive.
struct Buffer {
  uint64_t bytes = 0;
  uint32_t first = 0, last = 0;
};

struct Place {
  bool in_scratch = false;
  uint64_t offset_bytes = 0;
};

struct Placement {
  std::vector<Place> places;                   // one per buffer
  uint64_t scratch_bytes = 0, host_bytes = 0;  // highest byte used + 1 of each
  uint64_t live_peak_bytes = 0;                // of all buffers together: what no placement can go below
};

// No two buffers of one space overlap both in time and in bytes; offsets are
// multiples of 64. What does not fit into `scratch_capacity_bytes` goes to host.
Placement place_buffers(const std::vector<Buffer>& buffers, uint64_t scratch_capacity_bytes);

}  // namespace rondo::direct
