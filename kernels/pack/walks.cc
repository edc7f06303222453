#include "kernels/pack/pack.h"

namespace rondo::kernels {

void walk_pack(const KernelArgs& args, PackPanel pack) {
  const View& src = *args.view[0];
  const View& dst = *args.view[1];
  const int64_t n = src.extent[1];
  const int64_t width = dst.block_columns;
  for (int64_t panel = 0; panel < dst.extent[0]; ++panel) {
    const int64_t first = panel * width;
    const int64_t left = n > first ? n - first : 0;
    pack({.src = args.data[0] + first * src.stride_bytes[1],
          .src_k_bytes = src.stride_bytes[0],
          .src_n_bytes = src.stride_bytes[1],
          .dst = args.data[1] + panel * dst.stride_bytes[0],
          .dst_k_bytes = dst.stride_bytes[1],
          .k = src.extent[0],
          .columns = left < width ? left : width,
          .width = width});
  }
}

}  // namespace rondo::kernels
