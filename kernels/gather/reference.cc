// Plain and in order: what the vector kernels are compared with.
#include <cstring>
#include "kernels/gather/gather.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {

void gather_any_reference(const KernelArgs& args) {
  const View &src = *args.view[1], &dst = *args.view[2];
  const size_t size = size_of(static_cast<DType>(dst.dtype));
  const RowIndices rows(args.data[0], *args.view[0], src.extent[0]);
  for (int64_t i = 0; i < dst.extent[0]; ++i)
    for (int64_t j = 0; j < dst.extent[1]; ++j) {
      std::byte* to = args.data[2] + i * dst.stride_bytes[0] + j * dst.stride_bytes[1];
      if (src.extent[0] == 0)
        std::memset(to, 0, size);
      else
        std::memcpy(to, args.data[1] + rows.at(i) * src.stride_bytes[0] + j * src.stride_bytes[1], size);
    }
}

void scatter_any_reference(const KernelArgs& args) {
  const View &src = *args.view[1], &dst = *args.view[2];
  const size_t size = size_of(static_cast<DType>(dst.dtype));
  const RowIndices rows(args.data[0], *args.view[0], dst.extent[0]);
  if (dst.extent[0] == 0) return;
  for (int64_t i = 0; i < src.extent[0]; ++i)
    for (int64_t j = 0; j < src.extent[1]; ++j)
      std::memcpy(args.data[2] + rows.at(i) * dst.stride_bytes[0] + j * dst.stride_bytes[1],
                  args.data[1] + i * src.stride_bytes[0] + j * src.stride_bytes[1], size);
}

}  // namespace rondo::kernels
