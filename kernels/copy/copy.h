// copy and assign: any element type, any strides. An instruction set supplies the two shapes
// that matter (dense runs, and the transposition of 4-byte elements); the walk
// brings boxes to them and moves whatever is left element by element.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

struct CopyShapes {
  // bytes >= 0, no overlap.
  void (*run)(const std::byte* src, std::byte* dst, int64_t bytes);
  // dst[i][j] = src[j][i], 4-byte elements dense along i in src and along j in dst.
  void (*transpose)(const std::byte* src, int64_t src_stride_bytes, std::byte* dst, int64_t dst_stride_bytes,
                    int64_t dst_rows, int64_t dst_columns);
};

void walk_copy(const KernelArgs& args, const CopyShapes& shapes);

}  // namespace rondo::kernels
