// matmul: c = a b, or c += a b; under final c = act(c + bias).
//
// One op may be a whole layer: the vector kernels block for L1 and L2 inside.
// They allocate nothing; their stack buffers stay below 56 KiB. With k = 0 the
// product is 0: init writes zeros, and final still applies bias and act.
//
// Sum order: in steps of increasing k within a block of at most kMaxBlockK,
// blocks added one after another; every product is fused into its sum. It
// depends on the extents, the strides of a and b and the instruction set alone.
// Error of the linear part: at most k eps sum |a| |b|. act: see
// kernels/vector/math.h.
#pragma once
#include <cstdint>
#include "kernels/kernel.h"

namespace rondo::kernels {

enum class Activation : uint32_t { kLinear, kRelu, kGeluErf, kGeluTanh };  // as in the contract list

// The operands of one op in plain numbers. Strides are in bytes.
struct MatmulShape {
  int64_t m, n, k;
  const std::byte* a;
  int64_t a_row, a_k;
  const std::byte* b;
  int64_t b_k;      // from one k to the next
  int64_t b_n;      // rows: from column to column
  int64_t b_panel;  // panels: from panel to panel
  int64_t width;    // panels: columns of a panel; 0 for rows
  std::byte* c;
  int64_t c_row;
  const std::byte* bias;  // nullptr unless final and given
  int64_t bias_n;
  bool init;
  Activation activation;  // kLinear unless final
};

MatmulShape shape_of(const KernelArgs& args);

}  // namespace rondo::kernels
