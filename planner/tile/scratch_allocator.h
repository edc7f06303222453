// A free list over one block of scratch: first fit, best fit or longest free, coalescing.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include "planner/tile/aged_holes.h"

namespace rondo::tiling {

// Sizes and offsets are rounded to kScratchAlign. Deterministic.
class ScratchAllocator {
 public:
  enum class Fit : uint8_t {
    kFirst,        // lowest offset
    kBest,         // smallest hole, then lowest offset
    kLongestFree,  // aged_holes.h
  };

  ScratchAllocator(uint64_t bytes, Fit fit);

  // The offset, or nothing if no hole is large enough.
  std::optional<uint64_t> allocate(uint64_t bytes);
  // `bytes` as given to the allocate call that returned `offset`.
  void release(uint64_t offset, uint64_t bytes);

  uint64_t live_bytes() const { return live_; }
  uint64_t peak_bytes() const { return peak_; }      // most live at once
  uint64_t extent_bytes() const { return extent_; }  // highest offset used

 private:
  std::optional<uint64_t> take(uint64_t bytes);

  std::map<uint64_t, uint64_t> holes_;  // offset -> bytes; empty under kLongestFree
  AgedHoles aged_;
  Fit fit_;
  uint64_t live_ = 0, peak_ = 0, extent_ = 0;
};

}  // namespace rondo::tiling
