// Offsets for buffers with known lifetimes, in scratch first and in host memory after.
#pragma once
#include <cstdint>
#include <vector>

namespace rondo::direct {

// Alive during steps [first, last], both inclusive.
struct Buffer {
  uint64_t bytes = 0;
  uint32_t first = 0, last = 0;
  // Scratch belongs to a lane: what lanes share may not lie there. What each lane has of
  // its own lies at one offset in the scratch of all, or in host memory side by side.
  bool shared = false;
  uint32_t host_copies = 1;
};

struct Place {
  bool in_scratch = false;
  uint64_t offset_bytes = 0;     // of the first copy
  uint64_t next_copy_bytes = 0;  // host: from one lane's copy to the next; 0: all lanes use the same
};

struct Placement {
  std::vector<Place> places;                   // one per buffer
  uint64_t scratch_bytes = 0, host_bytes = 0;  // highest byte used + 1 of each, of one lane's scratch
  uint64_t live_peak_bytes = 0;                // of all buffers, each once: what no placement can go below
};

// No two buffers of one space overlap both in time and in bytes; offsets are
// multiples of 64. What does not fit into `scratch_capacity_bytes`, or is shared, goes to host.
Placement place_buffers(const std::vector<Buffer>& buffers, uint64_t scratch_capacity_bytes);

}  // namespace rondo::direct
