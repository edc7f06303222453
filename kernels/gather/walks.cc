#include <cstring>
#include "kernels/gather/gather.h"

namespace rondo::kernels {
namespace {

// Rows of one op, of `count` elements with strides of their own.
struct Rows {
  int64_t count, size;
  int64_t src_step, dst_step;

  bool dense() const { return count <= 1 || (src_step == size && dst_step == size); }
};

template <size_t kSize>
void move(const Rows& rows, const std::byte* src, std::byte* dst) {
  for (int64_t i = 0; i < rows.count; ++i) std::memcpy(dst + i * rows.dst_step, src + i * rows.src_step, kSize);
}

void move_row(const Rows& rows, const std::byte* src, std::byte* dst, CopyRun run) {
  if (rows.dense()) return run(src, dst, rows.count * rows.size);
  switch (rows.size) {
    case 1:
      return move<1>(rows, src, dst);
    case 2:
      return move<2>(rows, src, dst);
    case 4:
      return move<4>(rows, src, dst);
    default:
      return move<8>(rows, src, dst);
  }
}

Rows rows_of(const View& src, const View& dst) {
  return {dst.extent[1], static_cast<int64_t>(size_of(static_cast<DType>(dst.dtype))), src.stride_bytes[1],
          dst.stride_bytes[1]};
}

}  // namespace

void walk_gather(const KernelArgs& args, CopyRun run) {
  const View &src = *args.view[1], &dst = *args.view[2];
  const Rows rows = rows_of(src, dst);
  const RowIndices indices(args.data[0], *args.view[0], src.extent[0]);
  for (int64_t i = 0; i < dst.extent[0]; ++i) {
    std::byte* to = args.data[2] + i * dst.stride_bytes[0];
    if (src.extent[0] > 0) {
      move_row(rows, args.data[1] + indices.at(i) * src.stride_bytes[0], to, run);
    } else {
      for (int64_t j = 0; j < rows.count; ++j) std::memset(to + j * rows.dst_step, 0, static_cast<size_t>(rows.size));
    }
  }
}

void walk_scatter(const KernelArgs& args, CopyRun run) {
  const View &src = *args.view[1], &dst = *args.view[2];
  if (dst.extent[0] == 0) return;
  const Rows rows = rows_of(src, dst);
  const RowIndices indices(args.data[0], *args.view[0], dst.extent[0]);
  for (int64_t i = 0; i < src.extent[0]; ++i)
    move_row(rows, args.data[1] + i * src.stride_bytes[0], args.data[2] + indices.at(i) * dst.stride_bytes[0], run);
}

}  // namespace rondo::kernels
