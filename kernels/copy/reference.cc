// Plain and in order: what the vector kernels are compared with. It takes no part
// in the walk's shapes: four loops over the box as the view states it.
#include <cstring>
#include "kernels/registry/registry.h"

namespace rondo::kernels {

namespace {

void copy_elements(const KernelArgs& args) {
  const View& src = *args.view[0];
  const View& dst = *args.view[1];
  const size_t size = size_of(static_cast<DType>(dst.dtype));
  int64_t extent[kMaxRank] = {1, 1, 1, 1};
  for (uint32_t axis = 0; axis < dst.rank; ++axis) extent[axis] = dst.extent[axis];
  for (int64_t i = 0; i < extent[0]; ++i)
    for (int64_t j = 0; j < extent[1]; ++j)
      for (int64_t k = 0; k < extent[2]; ++k)
        for (int64_t l = 0; l < extent[3]; ++l)
          std::memcpy(args.data[1] + i * dst.stride_bytes[0] + j * dst.stride_bytes[1] + k * dst.stride_bytes[2] +
                          l * dst.stride_bytes[3],
                      args.data[0] + i * src.stride_bytes[0] + j * src.stride_bytes[1] + k * src.stride_bytes[2] +
                          l * src.stride_bytes[3],
                      size);
}

}  // namespace

void copy_any_reference(const KernelArgs& args) { copy_elements(args); }
void assign_any_reference(const KernelArgs& args) { copy_elements(args); }

}  // namespace rondo::kernels
