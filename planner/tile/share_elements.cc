#include "planner/tile/share_elements.h"

namespace rondo::tiling {
std::vector<Run> runs_of(const std::vector<uint32_t>& shape, const Box& box) {
  std::vector<Run> runs;
  const size_t last = shape.size() - 1;
  uint32_t at[kMaxRank] = {};
  for (;;) {
    uint64_t first = 0;
    for (size_t axis = 0; axis <= last; ++axis) first = first * shape[axis] + box.low[axis] + at[axis];
    runs.push_back({first, first + box.extent[last]});
    size_t axis = last;
    while (axis > 0 && ++at[axis - 1] == box.extent[axis - 1]) at[--axis] = 0;
    if (axis == 0) return runs;
  }
}

bool boxes_overlap(const Box& a, const Box& b) {
  for (uint32_t axis = 0; axis < kMaxRank; ++axis)
    if (a.low[axis] >= b.low[axis] + b.extent[axis] || b.low[axis] >= a.low[axis] + a.extent[axis]) return false;
  return true;
}

bool share_elements(const MicroProgram& micro, const Piece& a, const Piece& b) {
  if (a.tensor != b.tensor) return false;
  if (a.label == b.label) return boxes_overlap(a.box, b.box);
  const std::vector<Run> left = runs_of(micro.label_shapes[a.label], a.box),
                         right = runs_of(micro.label_shapes[b.label], b.box);
  for (size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    if (left[i].first < right[j].end && right[j].first < left[i].end) return true;
    left[i].end < right[j].end ? ++i : ++j;
  }
  return false;
}

Piece region_of(const MicroProgram& micro, const PieceUse& use) {
  Piece region{use.tensor, use.label, use.box, 0, {}};
  if (use.shift.moves()) {
    region.box.low[use.shift_axis] = 0;
    region.box.extent[use.shift_axis] = micro.label_shapes[use.label][use.shift_axis];
  }
  return region;
}

}  // namespace rondo::tiling
