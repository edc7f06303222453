// Which lane computes which box of which group's output: the result of dealing.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/direct/emit/box.h"

namespace rondo::direct {

// Boxes of one group do not meet and together are its whole output.
struct Share {
  uint32_t lane = 0;
  Box box;
};

struct Deal {
  uint32_t lanes = 1;                      // lanes that have any work, from 0 on
  std::vector<std::vector<Share>> shares;  // by group; of a blocked segment, each lane's share of the rows

  // By tensor, by lane: the box that lies in a place of the lane's own, because only
  // this lane writes and reads it. Empty for what lanes share, and with one lane.
  std::vector<std::vector<Box>> held;

  bool is_held(uint32_t tensor) const { return tensor < held.size() && !held[tensor].empty(); }
};

inline bool is_empty(const Box& box, size_t rank) {
  for (size_t axis = 0; axis < rank; ++axis)
    if (box.extent[axis] == 0) return true;
  return false;
}

// `inner` lies within `outer`; an empty box lies within any.
inline bool contains(const Box& outer, const Box& inner, size_t rank) {
  if (is_empty(inner, rank)) return true;
  for (size_t axis = 0; axis < rank; ++axis)
    if (inner.low[axis] < outer.low[axis] ||
        uint64_t{inner.low[axis]} + inner.extent[axis] > uint64_t{outer.low[axis]} + outer.extent[axis])
      return false;
  return true;
}

}  // namespace rondo::direct
