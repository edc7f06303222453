#include "planner/tile/rotate_slots.h"

#include <algorithm>
#include <deque>
#include <optional>
#include "planner/tile/aged_holes.h"

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
