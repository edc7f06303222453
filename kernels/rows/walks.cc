#include <cstring>
#include "kernels/rows/rows.h"
#include "kernels/walk/walk.h"

namespace rondo::kernels {
namespace {

// Calls row(x, y) for every row of the last axis.
template <class Row>
void for_each_last_axis(const KernelArgs& args, uint32_t y_operand, Row row) {
  const View* const views[2] = {args.view[0], args.view[y_operand]};
  const BoxWalk walk = plan_walk(views, 2, 1, 1);
  std::byte* const data[2] = {args.data[0], args.data[y_operand]};
  for_each_row(walk, data, [&](std::byte** at) {
    for (int64_t i = 0; i < walk.row_extent(); ++i)
      row(reinterpret_cast<const float*>(at[0] + i * walk.row_stride_bytes(0)),
          reinterpret_cast<float*>(at[1] + i * walk.row_stride_bytes(1)));
  });
}

}  // namespace

void walk_softmax(const KernelArgs& args, SoftmaxRow row) {
  const int64_t count = args.view[0]->extent[args.view[0]->rank - 1];
  if (count == 0) return;
  for_each_last_axis(args, 1, [&](const float* x, float* y) { row(x, y, count); });
}

void walk_layer_norm(const KernelArgs& args, LayerNormRow row) {
  const int64_t count = args.view[0]->extent[args.view[0]->rank - 1];
  if (count == 0) return;
  const float* gamma = reinterpret_cast<const float*>(args.data[1]);
  const float* beta = reinterpret_cast<const float*>(args.data[2]);
  float eps;
  std::memcpy(&eps, &args.params[0], sizeof eps);
  for_each_last_axis(args, 3, [&](const float* x, float* y) { row(x, gamma, beta, y, count, eps); });
}

void walk_rms_norm(const KernelArgs& args, RmsNormRow row) {
  const int64_t count = args.view[0]->extent[args.view[0]->rank - 1];
  if (count == 0) return;
  const float* gamma = reinterpret_cast<const float*>(args.data[1]);
  float eps;
  std::memcpy(&eps, &args.params[0], sizeof eps);
  for_each_last_axis(args, 2, [&](const float* x, float* y) { row(x, gamma, y, count, eps); });
}

}  // namespace rondo::kernels
