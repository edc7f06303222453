#include "kernels/walk/walk.h"

namespace rondo::kernels {

BoxWalk plan_walk(const View* const* views, uint32_t count, uint32_t lead, uint32_t skipped_axes) {
  const View& leader = *views[lead];
  const uint32_t rank = leader.rank > skipped_axes ? leader.rank - skipped_axes : 0;

  uint32_t order[kMaxRank];  // axes of extent > 1, widest stride of the lead first
  uint32_t kept = 0;
  bool empty = false;
  for (uint32_t axis = 0; axis < rank; ++axis) {
    empty |= leader.extent[axis] == 0;
    if (leader.extent[axis] <= 1) continue;
    uint32_t place = kept++;
    for (; place > 0 && leader.stride_bytes[order[place - 1]] < leader.stride_bytes[axis]; --place)
      order[place] = order[place - 1];
    order[place] = axis;
  }

  BoxWalk walk;
  for (uint32_t axis = 0; axis < kMaxRank; ++axis) {
    walk.extent[axis] = 1;
    for (uint32_t operand = 0; operand < count; ++operand) walk.stride_bytes[operand][axis] = 0;
  }
  if (empty) {
    walk.extent[kMaxRank - 1] = 0;
    return walk;
  }

  // From the innermost outwards: `filled` axes of the walk are in use.
  uint32_t filled = 0;
  for (uint32_t i = kept; i-- > 0;) {
    const uint32_t axis = order[i];
    const int64_t extent = leader.extent[axis];
    const uint32_t inner = kMaxRank - filled;  // the axis placed last
    bool merges = filled > 0;
    for (uint32_t operand = 0; merges && operand < count; ++operand)
      merges = views[operand]->stride_bytes[axis] == walk.extent[inner] * walk.stride_bytes[operand][inner];
    if (merges) {
      walk.extent[inner] *= extent;
      continue;
    }
    ++filled;
    walk.extent[kMaxRank - filled] = extent;
    for (uint32_t operand = 0; operand < count; ++operand)
      walk.stride_bytes[operand][kMaxRank - filled] = views[operand]->stride_bytes[axis];
  }
  return walk;
}

}  // namespace rondo::kernels
