// A free list over one block of scratch: first fit or best fit, coalescing.
#pragma once
#include <cstdint>
#include <map>
#include <optional>

namespace rondo::tiling {

// Sizes and offsets are rounded to kScratchAlign. Deterministic.
class ScratchAllocator {
 public:
  enum class Fit : uint8_t { kFirst, kBest };  // lowest offset; smallest hole, then lowest offset

  ScratchAllocator(uint64_t bytes, Fit fit);

  // The offset, or nothing if no hole is large enough.
  std::optional<uint64_t> allocate(uint64_t bytes);
  // `bytes` as given to the allocate call that returned `offset`.
  void release(uint64_t offset, uint64_t bytes);

  uint64_t live_bytes() const { return live_; }
  uint64_t peak_bytes() const { return peak_; }      // most live at once
  uint64_t extent_bytes() const { return extent_; }  // highest offset used

 private:
  std::map<uint64_t, uint64_t> holes_;  // offset -> bytes
  Fit fit_;
  uint64_t live_ = 0, peak_ = 0, extent_ = 0;
};

}  // namespace rondo::tiling
