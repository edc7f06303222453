// Two methods, the smaller result wins: by size with best fit into the gaps that
// the buffers alive at the same time leave (quadratic, so for few buffers only),
// and a walk through time with a free list (n log n).
#include "planner/direct/place_buffers.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

namespace rondo::direct {
namespace {

constexpr uint64_t kAlign = 64;
constexpr size_t kMostBySize = 1024;

uint64_t rounded(uint64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

uint64_t bytes_in(const Buffer& buffer, bool scratch) {
  return rounded(buffer.bytes) * (scratch ? 1 : buffer.host_copies);
}

bool together(const Buffer& a, const Buffer& b) { return a.first <= b.last && b.first <= a.last; }

// The smallest gap among `taken` that holds `bytes` below `capacity`.
std::optional<uint64_t> best_gap(std::vector<std::pair<uint64_t, uint64_t>>& taken, uint64_t bytes, uint64_t capacity) {
  std::sort(taken.begin(), taken.end());
  std::optional<uint64_t> best;
  uint64_t best_bytes = UINT64_MAX, at = 0;
  for (const auto& [begin, end] : taken) {
    if (begin > at && begin - at >= bytes && begin - at < best_bytes) best = at, best_bytes = begin - at;
    at = std::max(at, end);
  }
  if (best) return best;
  return at <= capacity && bytes <= capacity - at ? std::optional(at) : std::nullopt;
}

Placement place_by_size(const std::vector<Buffer>& buffers, uint64_t capacity) {
  Placement placement;
  placement.places.resize(buffers.size());
  std::vector<uint32_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<uint32_t> placed;
  std::vector<std::pair<uint64_t, uint64_t>> taken;
  for (uint32_t index : order) {
    for (const bool scratch : {true, false}) {
      if (scratch && buffers[index].shared) continue;
      const uint64_t bytes = bytes_in(buffers[index], scratch);
      taken.clear();
      for (uint32_t other : placed)
        if (placement.places[other].in_scratch == scratch && together(buffers[index], buffers[other]))
          taken.emplace_back(placement.places[other].offset_bytes,
                             placement.places[other].offset_bytes + bytes_in(buffers[other], scratch));
      const std::optional<uint64_t> offset = best_gap(taken, bytes, scratch ? capacity : UINT64_MAX);
      if (!offset) continue;
      placement.places[index] = {scratch, *offset, 0};
      uint64_t& extent = scratch ? placement.scratch_bytes : placement.host_bytes;
      extent = std::max(extent, *offset + bytes);
      break;
    }
    placed.push_back(index);
  }
  return placement;
}

// Free runs of one space, by offset and by size.
class FreeList {
 public:
  explicit FreeList(uint64_t capacity) { insert(0, capacity); }

  std::optional<uint64_t> take(uint64_t bytes) {
    const auto found = by_size_.lower_bound({bytes, 0});
    if (found == by_size_.end()) return std::nullopt;
    const auto [run, offset] = *found;
    by_size_.erase(found);
    by_offset_.erase(offset);
    if (run > bytes) insert(offset + bytes, run - bytes);
    return offset;
  }
  void give(uint64_t offset, uint64_t bytes) {
    auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == offset) {
        offset = before->first;
        bytes += before->second;
        by_size_.erase({before->second, before->first});
        by_offset_.erase(before);
      }
    }
    if (next != by_offset_.end() && offset + bytes == next->first) {
      bytes += next->second;
      by_size_.erase({next->second, next->first});
      by_offset_.erase(next);
    }
    insert(offset, bytes);
  }

 private:
  void insert(uint64_t offset, uint64_t bytes) {
    if (bytes == 0) return;
    by_offset_[offset] = bytes;
    by_size_.insert({bytes, offset});
  }
  std::map<uint64_t, uint64_t> by_offset_;
  std::set<std::pair<uint64_t, uint64_t>> by_size_;
};

std::vector<uint32_t> by_step(const std::vector<Buffer>& buffers, uint32_t Buffer::*step) {
  std::vector<uint32_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return buffers[a].*step < buffers[b].*step; });
  return order;
}

Placement place_by_time(const std::vector<Buffer>& buffers, uint64_t capacity) {
  Placement placement;
  placement.places.resize(buffers.size());
  FreeList scratch(capacity / kAlign * kAlign), host(uint64_t{1} << 62);
  const std::vector<uint32_t> starts = by_step(buffers, &Buffer::first), ends = by_step(buffers, &Buffer::last);
  size_t ended = 0;
  for (uint32_t index : starts) {
    for (; buffers[ends[ended]].last < buffers[index].first; ++ended) {
      const Place& place = placement.places[ends[ended]];
      (place.in_scratch ? scratch : host).give(place.offset_bytes, bytes_in(buffers[ends[ended]], place.in_scratch));
    }
    std::optional<uint64_t> offset;
    if (!buffers[index].shared) offset = scratch.take(rounded(buffers[index].bytes));
    const bool in_scratch = offset.has_value();
    const uint64_t bytes = bytes_in(buffers[index], in_scratch);
    if (!offset) offset = host.take(bytes);
    placement.places[index] = {in_scratch, offset.value_or(0), 0};
    uint64_t& extent = in_scratch ? placement.scratch_bytes : placement.host_bytes;
    extent = std::max(extent, offset.value_or(0) + bytes);
  }
  return placement;
}

uint64_t live_peak(const std::vector<Buffer>& buffers) {
  std::map<uint64_t, int64_t> change;
  for (const Buffer& buffer : buffers) {
    change[buffer.first] += static_cast<int64_t>(rounded(buffer.bytes));
    change[uint64_t{buffer.last} + 1] -= static_cast<int64_t>(rounded(buffer.bytes));
  }
  int64_t live = 0, peak = 0;
  for (const auto& [step, bytes] : change) peak = std::max(peak, live += bytes);
  return static_cast<uint64_t>(peak);
}

}  // namespace

Placement place_buffers(const std::vector<Buffer>& buffers, uint64_t scratch_capacity_bytes) {
  Placement best = place_by_time(buffers, scratch_capacity_bytes);
  if (buffers.size() <= kMostBySize) {
    Placement other = place_by_size(buffers, scratch_capacity_bytes);
    const auto cost = [](const Placement& placement) {
      return std::pair(placement.host_bytes, placement.scratch_bytes);
    };
    if (cost(other) < cost(best)) best = std::move(other);
  }
  for (size_t index = 0; index < buffers.size(); ++index)
    if (!best.places[index].in_scratch && buffers[index].host_copies > 1)
      best.places[index].next_copy_bytes = rounded(buffers[index].bytes);
  best.live_peak_bytes = live_peak(buffers);
  return best;
}

}  // namespace rondo::direct
