#include "planner/tile/rotate_slots.h"

#include <algorithm>
#include <deque>
#include <optional>

namespace rondo::tiling {
namespace {

// Free places of one size, in the order in which they became free.
class SlotQueue {
 public:
  SlotQueue(uint64_t slot_bytes, uint64_t slots) : slot_bytes_(slot_bytes) {
    for (uint64_t slot = 0; slot < slots; ++slot) free_.push_back(slot * slot_bytes);
  }
  std::optional<uint64_t> take(uint64_t) {
    if (free_.empty()) return std::nullopt;
    const uint64_t offset = free_.front();
    free_.pop_front();
    extent_ = std::max(extent_, offset + slot_bytes_);
    return offset;
  }
  void give(uint64_t offset, uint64_t) { free_.push_back(offset); }
  uint64_t extent() const { return extent_; }

 private:
  uint64_t slot_bytes_;
  uint64_t extent_ = 0;
  std::deque<uint64_t> free_;
};

// Free ranges with the time each was freed; takes the window that has been free
// longest, judged by its youngest part.
class AgedHoles {
 public:
  explicit AgedHoles(uint64_t bytes) { holes_.push_back({0, bytes, 0}); }

  std::optional<uint64_t> take(uint64_t bytes) {
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
  void give(uint64_t offset, uint64_t bytes) {
    const auto at = std::lower_bound(holes_.begin(), holes_.end(), offset,
                                     [](const Hole& hole, uint64_t value) { return hole.offset < value; });
    holes_.insert(at, {offset, bytes, ++clock_});
  }
  uint64_t extent() const { return extent_; }

 private:
  struct Hole {
    uint64_t offset, bytes, freed;
  };
  std::vector<Hole> holes_;  // by offset
  uint64_t clock_ = 0, extent_ = 0;
};

// Walks the ops, taking a place at a stay's first op and giving it back after its last.
template <class Places>
bool place_again(const PlacedProgram& program, const std::vector<uint32_t>& last_op, Places places,
                 std::vector<uint64_t>& offsets, uint64_t& extent) {
  constexpr uint64_t kUnplaced = ~uint64_t{0};
  offsets.assign(program.allocations.size(), kUnplaced);
  std::vector<uint32_t> touched;
  for (uint32_t i = 0; i < program.ops.size(); ++i) {
    const uint32_t end =
        i + 1 < program.ops.size() ? program.ops[i + 1].first_place : static_cast<uint32_t>(program.places.size());
    touched.assign(program.places.begin() + program.ops[i].first_place, program.places.begin() + end);
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    if (!touched.empty() && touched.back() == kInMemory) touched.pop_back();
    for (uint32_t stay : touched) {
      if (offsets[stay] != kUnplaced) continue;
      const auto offset = places.take(program.allocations[stay].bytes);
      if (!offset) return false;
      offsets[stay] = *offset;
    }
    for (uint32_t stay : touched)
      if (last_op[stay] == i) places.give(offsets[stay], program.allocations[stay].bytes);
  }
  extent = places.extent();
  return true;
}

}  // namespace

PlacedProgram rotate_slots(PlacedProgram program, uint64_t bytes) {
  std::vector<uint32_t> last_op(program.allocations.size(), 0);
  uint64_t slot_bytes = 0;
  for (const Allocation& stay : program.allocations) slot_bytes = std::max(slot_bytes, stay.bytes);
  for (uint32_t i = 0; i < program.ops.size(); ++i) {
    const uint32_t end =
        i + 1 < program.ops.size() ? program.ops[i + 1].first_place : static_cast<uint32_t>(program.places.size());
    for (uint32_t place = program.ops[i].first_place; place < end; ++place)
      if (program.places[place] != kInMemory) last_op[program.places[place]] = i;
  }
  if (slot_bytes == 0) return program;
  const uint64_t slots = std::min<uint64_t>(bytes / slot_bytes, 0xffff);
  std::vector<uint64_t> offsets;
  uint64_t extent = 0;
  if (place_again(program, last_op, SlotQueue(slot_bytes, slots), offsets, extent)) {
    program.slot_bytes = slot_bytes;
    program.slots = static_cast<uint32_t>(extent / slot_bytes);
  } else if (!place_again(program, last_op, AgedHoles(bytes / kScratchAlign * kScratchAlign), offsets, extent)) {
    return program;
  }
  for (size_t stay = 0; stay < offsets.size(); ++stay) program.allocations[stay].offset_bytes = offsets[stay];
  program.stats.extent_bytes = extent;
  return program;
}

}  // namespace rondo::tiling
