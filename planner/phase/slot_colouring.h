// Interval colouring: the lowest free slot, in the order of birth.
#pragma once
#include <cstdint>
#include <vector>

namespace rondo::phase {

// Wants a slot during [start, end).
struct SlotWish {
  int64_t start = 0;
  int64_t end = 0;
  uint32_t value = 0;
};

// The slots of `wishes`, by value among `values` (-1: no wish). Wishes with the same
// start are served in the order of their values. Uses as many slots as wishes overlap at
// most, which no colouring beats.
std::vector<int32_t> colour_slots(std::vector<SlotWish> wishes, uint32_t values);

}  // namespace rondo::phase
