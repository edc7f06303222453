#include "kernels/rotary/rotary.h"
#include "kernels/walk/walk.h"

namespace rondo::kernels {

void walk_rotary(const KernelArgs& args, RotaryRow row) {
  const int64_t count = args.view[0]->extent[args.view[0]->rank - 1];
  if (count == 0) return;
  const BoxWalk walk = plan_walk(args.view, 4, 3, 1);
  std::byte* const data[4] = {args.data[0], args.data[1], args.data[2], args.data[3]};
  for_each_row(walk, data, [&](std::byte** at) {
    for (int64_t i = 0; i < walk.row_extent(); ++i) {
      const auto floats = [&](uint32_t operand) {
        return reinterpret_cast<float*>(at[operand] + i * walk.row_stride_bytes(operand));
      };
      row(floats(0), floats(1), floats(2), floats(3), count);
    }
  });
}

}  // namespace rondo::kernels
