// pack: the right operand of a matmul, from any strides into panels of nr columns.
// Bits are moved, never computed with, so every instruction set gives the same.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

// One panel: dst row r, r < k, is src(r, 0 .. columns - 1), then zeros up to `width`.
struct PanelShape {
  const std::byte* src;
  int64_t src_k_bytes;  // stride of src along k
  int64_t src_n_bytes;  // and along n
  std::byte* dst;
  int64_t dst_k_bytes;
  int64_t k;
  int64_t columns;  // in [0, width]
  int64_t width;    // nr: a multiple of 8
};
using PackPanel = void (*)(const PanelShape& panel);

void walk_pack(const KernelArgs& args, PackPanel pack);

}  // namespace rondo::kernels
