#include <cstring>
#include "kernels/copy/copy.h"
#include "kernels/walk/walk.h"

namespace rondo::kernels {
namespace {

template <size_t kSize>
void move_elements(const std::byte* src, int64_t src_step, std::byte* dst, int64_t dst_step, int64_t count) {
  for (int64_t i = 0; i < count; ++i) std::memcpy(dst + i * dst_step, src + i * src_step, kSize);
}

void move_elements(int64_t size, const std::byte* src, int64_t src_step, std::byte* dst, int64_t dst_step,
                   int64_t count) {
  switch (size) {
    case 1:
      return move_elements<1>(src, src_step, dst, dst_step, count);
    case 2:
      return move_elements<2>(src, src_step, dst, dst_step, count);
    case 4:
      return move_elements<4>(src, src_step, dst, dst_step, count);
    default:
      return move_elements<8>(src, src_step, dst, dst_step, count);
  }
}

// Makes `axis` the one next to the row; the order of axes is free.
void bring_inwards(BoxWalk& walk, uint32_t axis) {
  constexpr uint32_t kNext = kMaxRank - 2;
  const auto exchange = [](int64_t& a, int64_t& b) {
    const int64_t kept = a;
    a = b;
    b = kept;
  };
  exchange(walk.extent[axis], walk.extent[kNext]);
  for (uint32_t operand = 0; operand < 2; ++operand)
    exchange(walk.stride_bytes[operand][axis], walk.stride_bytes[operand][kNext]);
}

}  // namespace

void walk_copy(const KernelArgs& args, const CopyShapes& shapes) {
  const int64_t size = static_cast<int64_t>(size_of(static_cast<DType>(args.view[1]->dtype)));
  BoxWalk walk = plan_walk(args.view, 2, 1);
  std::byte* const data[2] = {args.data[0], args.data[1]};
  const int64_t count = walk.row_extent();
  const int64_t src_step = walk.row_stride_bytes(0), dst_step = walk.row_stride_bytes(1);

  if (count == 1 || (src_step == size && dst_step == size)) {
    for_each_row(walk, data, [&](std::byte** at) { shapes.run(at[0], at[1], count * size); });
    return;
  }
  if (size == 4 && dst_step == size) {
    for (uint32_t axis = 0; axis < kMaxRank - 1; ++axis) {
      if (walk.extent[axis] <= 1 || walk.stride_bytes[0][axis] != size) continue;
      bring_inwards(walk, axis);
      const int64_t rows = walk.extent[kMaxRank - 2];
      const int64_t dst_stride = walk.stride_bytes[1][kMaxRank - 2];
      walk.extent[kMaxRank - 2] = 1;
      for_each_row(walk, data,
                   [&](std::byte** at) { shapes.transpose(at[0], src_step, at[1], dst_stride, rows, count); });
      return;
    }
  }
  for_each_row(walk, data, [&](std::byte** at) { move_elements(size, at[0], src_step, at[1], dst_step, count); });
}

}  // namespace rondo::kernels
