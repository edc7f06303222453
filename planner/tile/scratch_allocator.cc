#include "planner/tile/scratch_allocator.h"

#include <algorithm>
#include "planner/tile/tile_form.h"

namespace rondo::tiling {

ScratchAllocator::ScratchAllocator(uint64_t bytes, Fit fit)
    : aged_(fit == Fit::kLongestFree ? bytes / kScratchAlign * kScratchAlign : 0), fit_(fit) {
  const uint64_t usable = bytes / kScratchAlign * kScratchAlign;
  if (usable != 0 && fit != Fit::kLongestFree) holes_[0] = usable;
}

std::optional<uint64_t> ScratchAllocator::allocate(uint64_t bytes) {
  bytes = align_up(bytes);
  const std::optional<uint64_t> offset = fit_ == Fit::kLongestFree ? aged_.take(bytes) : take(bytes);
  if (!offset) return std::nullopt;
  live_ += bytes;
  peak_ = std::max(peak_, live_);
  extent_ = std::max(extent_, *offset + bytes);
  return offset;
}

std::optional<uint64_t> ScratchAllocator::take(uint64_t bytes) {
  auto chosen = holes_.end();
  for (auto hole = holes_.begin(); hole != holes_.end(); ++hole) {
    if (hole->second < bytes || (chosen != holes_.end() && chosen->second <= hole->second)) continue;
    chosen = hole;
    if (fit_ == Fit::kFirst || hole->second == bytes) break;
  }
  if (chosen == holes_.end()) return std::nullopt;
  const auto [offset, size] = *chosen;
  holes_.erase(chosen);
  if (size > bytes) holes_[offset + bytes] = size - bytes;
  return offset;
}

void ScratchAllocator::release(uint64_t offset, uint64_t bytes) {
  bytes = align_up(bytes);
  live_ -= bytes;
  if (fit_ == Fit::kLongestFree) return aged_.give(offset, bytes);
  auto hole = holes_.emplace(offset, bytes).first;
  if (const auto next = std::next(hole); next != holes_.end() && hole->first + hole->second == next->first) {
    hole->second += next->second;
    holes_.erase(next);
  }
  if (hole == holes_.begin()) return;
  if (const auto previous = std::prev(hole); previous->first + previous->second == hole->first) {
    previous->second += hole->second;
    holes_.erase(hole);
  }
}

}  // namespace rondo::tiling
