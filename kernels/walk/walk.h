// The order in which an element-by-element kernel visits its boxes.
//
// Operands of equal extents are walked together, row by row. Axes are sorted so
// that the leading operand moves least on the innermost one, axes of extent 1
// are dropped, and neighbours that lie densely for every operand become one:
// a dense rank-4 copy is a single row.
#pragma once
#include <cstddef>
#include <cstdint>
#include "rondo/view.h"

namespace rondo::kernels {

inline constexpr uint32_t kMaxWalked = 4;

struct BoxWalk {
  // Outermost first, right-aligned: [kMaxRank - 1] is the row. Absent axes have
  // extent 1. Empty boxes have a row of 0 elements and outer extents of 1.
  int64_t extent[kMaxRank];
  int64_t stride_bytes[kMaxWalked][kMaxRank];

  int64_t row_extent() const { return extent[kMaxRank - 1]; }
  int64_t row_stride_bytes(uint32_t operand) const { return stride_bytes[operand][kMaxRank - 1]; }
};

// Walks the first `rank - skipped_axes` axes of `count` <= kMaxWalked views with
// equal extents there; `lead` is the operand whose strides order the axes.
BoxWalk plan_walk(const View* const* views, uint32_t count, uint32_t lead, uint32_t skipped_axes = 0);

// row(pointers): called once per row with one pointer per walked operand.
template <uint32_t kCount, class Row>
void for_each_row(const BoxWalk& walk, std::byte* const (&data)[kCount], Row&& row) {
  static_assert(kCount <= kMaxWalked && kMaxRank == 4);
  if (walk.row_extent() == 0) return;
  for (int64_t i = 0; i < walk.extent[0]; ++i) {
    for (int64_t j = 0; j < walk.extent[1]; ++j) {
      for (int64_t k = 0; k < walk.extent[2]; ++k) {
        std::byte* at[kCount];
        for (uint32_t operand = 0; operand < kCount; ++operand) {
          const int64_t* stride = walk.stride_bytes[operand];
          at[operand] = data[operand] + i * stride[0] + j * stride[1] + k * stride[2];
        }
        row(at);
      }
    }
  }
}

}  // namespace rondo::kernels
