// The shapes of copy.h, written once over a vector type.
#pragma once
#include "kernels/copy/copy.h"
#include "kernels/copy/run.h"
#include "kernels/vector/transpose.h"

namespace rondo::kernels {
namespace {

void transpose_f32(const std::byte* src, int64_t src_stride_bytes, std::byte* dst, int64_t dst_stride_bytes,
                   int64_t dst_rows, int64_t dst_columns) {
  for (int64_t i = 0; i < dst_rows; i += 8) {
    const int64_t rows = dst_rows - i < 8 ? dst_rows - i : 8;
    for (int64_t j = 0; j < dst_columns; j += 8) {
      const int64_t columns = dst_columns - j < 8 ? dst_columns - j : 8;
      transpose_block(src + j * src_stride_bytes + i * 4, src_stride_bytes, columns, dst + i * dst_stride_bytes + j * 4,
                      dst_stride_bytes, rows, columns);
    }
  }
}

}  // namespace
}  // namespace rondo::kernels
