// A box of a tensor: what one call of an emitter computes of its group's output.
#pragma once
#include <cstdint>
#include <vector>

#include "rondo/view.h"

namespace rondo::direct {

// By tensor axis; axes beyond the tensor's rank stay 0.
struct Box {
  uint32_t low[kMaxRank] = {};
  uint32_t extent[kMaxRank] = {};

  bool operator==(const Box&) const = default;
};

inline Box whole_box(const std::vector<uint32_t>& shape) {
  Box box;
  for (size_t axis = 0; axis < shape.size(); ++axis) box.extent[axis] = shape[axis];
  return box;
}

// Entries [row, row + rows) along axis 0, everything along the others.
inline Box rows_box(const std::vector<uint32_t>& shape, uint32_t row, uint32_t rows) {
  Box box = whole_box(shape);
  box.low[0] = row;
  box.extent[0] = rows;
  return box;
}

}  // namespace rondo::direct
