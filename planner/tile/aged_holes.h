// Free ranges of one block of memory, the one that has been free longest first.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace rondo::tiling {

// Where first fit reuses the place that was freed just now, and so ties the next copy
// into it to whoever used it last, this reuses the one whose last user is long done.
// Deterministic. take: at worst the square of the number of holes.
class AgedHoles {
 public:
  explicit AgedHoles(uint64_t bytes) {
    if (bytes != 0) holes_.push_back({0, bytes, 0});
  }

  // The offset of the window that has been free longest, judged by its youngest part;
  // nothing if none is large enough.
  std::optional<uint64_t> take(uint64_t bytes);
  // `bytes` as given to the take that returned `offset`.
  void give(uint64_t offset, uint64_t bytes);
  uint64_t extent() const { return extent_; }  // highest offset used

 private:
  struct Hole {
    uint64_t offset, bytes, freed;
  };
  std::vector<Hole> holes_;  // by offset
  uint64_t clock_ = 0, extent_ = 0;
};

}  // namespace rondo::tiling
