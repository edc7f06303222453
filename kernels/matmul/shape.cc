#include "kernels/matmul/matmul.h"

namespace rondo::kernels {

MatmulShape shape_of(const KernelArgs& args) {
  const View& a = *args.view[0];
  const View& b = *args.view[1];
  const View& c = *args.view[2];
  const bool panels = static_cast<Layout>(b.layout) == Layout::kPanels;
  const bool final = (args.flags & kOpFinal) != 0;
  const bool biased = final && args.data[3] != nullptr;
  return {.m = c.extent[0],
          .n = c.extent[1],
          .k = a.extent[1],
          .a = args.data[0],
          .a_row = a.stride_bytes[0],
          .a_k = a.stride_bytes[1],
          .b = args.data[1],
          .b_k = b.stride_bytes[panels ? 1 : 0],
          .b_n = panels ? 4 : b.stride_bytes[1],
          .b_panel = panels ? b.stride_bytes[0] : 0,
          .width = panels ? b.block_columns : 0,
          .c = args.data[2],
          .c_row = c.stride_bytes[0],
          .bias = biased ? args.data[3] : nullptr,
          .bias_n = biased ? args.view[3]->stride_bytes[0] : 0,
          .init = (args.flags & kOpInit) != 0,
          .activation = final ? static_cast<Activation>(args.params[0]) : Activation::kLinear};
}

}  // namespace rondo::kernels
