// The bytes of an operand as runs of adjacent ones.
#pragma once
#include <algorithm>
#include <cstdint>
#include "rondo/schedule.h"

namespace rondo::runtime {

// Calls visit(begin, bytes) for each run of adjacent bytes of the box of `view` at
// `offset_bytes`, in row-major order, a row that is broadcast once; until visit returns
// false, and then returns false.
template <class Visit>
bool for_each_run(const View& view, uint64_t offset_bytes, Visit visit) {
  uint64_t run = block_bytes(view);
  uint32_t outer = std::min<uint32_t>(view.rank, kMaxRank);
  for (uint32_t axis = 0; axis < outer; ++axis)
    if (view.extent[axis] == 0) return true;
  while (outer > 0 && (view.extent[outer - 1] == 1 || view.stride_bytes[outer - 1] == static_cast<int64_t>(run)))
    run *= view.extent[--outer];
  uint32_t index[kMaxRank] = {};
  while (true) {
    uint64_t begin = offset_bytes;
    for (uint32_t axis = 0; axis < outer; ++axis) begin += index[axis] * static_cast<uint64_t>(view.stride_bytes[axis]);
    if (!visit(begin, run)) return false;
    uint32_t axis = outer;
    while (axis > 0 && (view.stride_bytes[axis - 1] == 0 || ++index[axis - 1] == view.extent[axis - 1]))
      index[--axis] = 0;
    if (axis == 0) return true;
  }
}

}  // namespace rondo::runtime
