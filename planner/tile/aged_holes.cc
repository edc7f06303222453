#include "planner/tile/aged_holes.h"

#include <algorithm>

namespace rondo::tiling {

std::optional<uint64_t> AgedHoles::take(uint64_t bytes) {
  size_t best_first = 0, best_last = 0;
  std::optional<uint64_t> best_age;
  for (size_t first = 0; first < holes_.size(); ++first) {
    uint64_t size = 0, age = 0;
    for (size_t last = first; last < holes_.size(); ++last) {
      if (last > first && holes_[last - 1].offset + holes_[last - 1].bytes != holes_[last].offset) break;
      size += holes_[last].bytes;
      age = std::max(age, holes_[last].freed);
      if (best_age && age >= *best_age) break;
      if (size < bytes) continue;
      best_age = age;
      best_first = first;
      best_last = last;
      break;
    }
  }
  if (!best_age) return std::nullopt;
  const uint64_t offset = holes_[best_first].offset;
  Hole& last = holes_[best_last];
  const uint64_t end = last.offset + last.bytes;
  const bool whole = offset + bytes == end;
  last.offset = offset + bytes;
  last.bytes = end - last.offset;
  holes_.erase(holes_.begin() + static_cast<ptrdiff_t>(best_first),
               holes_.begin() + static_cast<ptrdiff_t>(best_last + (whole ? 1 : 0)));
  extent_ = std::max(extent_, offset + bytes);
  return offset;
}

void AgedHoles::give(uint64_t offset, uint64_t bytes) {
  const auto at = std::lower_bound(holes_.begin(), holes_.end(), offset,
                                   [](const Hole& hole, uint64_t value) { return hole.offset < value; });
  holes_.insert(at, {offset, bytes, ++clock_});
}

}  // namespace rondo::tiling
