// What a footprint covers before it is cut: boxes of bytes repeated at strides, and which
// of them are touched for some values of a scalar only.
#pragma once
#include <array>
#include <cstdint>
#include "rondo/schedule.h"
#include "schedules/verify/cells.h"

namespace rondo::proof {

// A box before it is cut: `run` contiguous bytes, repeated along up to five axes
// (four of the view and one for a scalar's shift), smallest stride first.
struct BoxAxis {
  uint64_t extent = 0, stride_bytes = 0;
};
struct StridedBox {
  uint64_t low = 0;  // offset in the base
  uint64_t run = 0;  // 0: empty
  std::array<BoxAxis, kMaxRank + 1> axes = {};
  uint32_t axis_count = 0;

  void add(uint64_t extent, uint64_t stride_bytes) {
    if (extent == 0) run = 0;
    if (extent > 1 && stride_bytes > 0) axes[axis_count++] = {extent, stride_bytes};
  }
  // Contiguous and overlapping axes melt into the run, dense ones into each other.
  void normalise();
  uint64_t span() const;
};

// The bytes touched for every value of the scalar, and those for some values only.
struct FootprintBoxes {
  StridedBox always, sometimes;
  Guard guard;              // of `sometimes`: kRows until the region is known, then made exact
  uint64_t inner_span = 0;  // bytes of one step of the guarded axis
  bool outermost = false;   // the guarded axis has the largest stride
};

// Of an operand; `footprint` names it in a guard that compares to the same footprint only.
FootprintBoxes boxes_of_view(const Schedule& schedule, const View& view, uint64_t offset_bytes, uint32_t footprint);
// Of a whole binding, or of the part filled when a replay begins.
FootprintBoxes boxes_of_binding(const Schedule& schedule, const Binding& binding, bool filled);
FootprintBoxes boxes_of_cell(const CellBox& cell);

}  // namespace rondo::proof
