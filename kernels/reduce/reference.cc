// Plain, in order, sums in f64: what the vector kernels are compared with.
#include "kernels/reduce/reduce.h"

#include <limits>
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

double reduced(const std::byte* x, int64_t step, int64_t count, Reduction reduction) {
  double sum = 0, largest = -std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < count; ++i) {
    const double value = *reinterpret_cast<const float*>(x + i * step);
    sum += value;
    if (value > largest || value != value) largest = value;
    if (largest != largest) break;  // NaN stays; the sum is NaN too
  }
  if (reduction == Reduction::kMax) return largest;
  return reduction == Reduction::kMean && count > 0 ? sum / static_cast<double>(count) : sum;
}

void reduce(const KernelArgs& args, Reduction reduction) {
  const View &x = *args.view[0], &y = *args.view[1];
  int64_t extent[kMaxRank] = {1, 1, 1, 1};
  for (uint32_t axis = 0; axis < y.rank; ++axis) extent[axis] = y.extent[axis];
  const int64_t count = x.extent[y.rank], step = x.stride_bytes[y.rank];
  const auto offset = [&](const View& view, int64_t i, int64_t j, int64_t k) {
    const int64_t index[kMaxRank] = {i, j, k, 0};
    int64_t sum = 0;
    for (uint32_t axis = 0; axis < y.rank; ++axis) sum += index[axis] * view.stride_bytes[axis];
    return sum;
  };
  for (int64_t i = 0; i < extent[0]; ++i)
    for (int64_t j = 0; j < extent[1]; ++j)
      for (int64_t k = 0; k < extent[2]; ++k)
        *reinterpret_cast<float*>(args.data[1] + offset(y, i, j, k)) =
            static_cast<float>(reduced(args.data[0] + offset(x, i, j, k), step, count, reduction));
}

}  // namespace

void reduce_sum_f32_reference(const KernelArgs& args) { reduce(args, Reduction::kSum); }
void reduce_max_f32_reference(const KernelArgs& args) { reduce(args, Reduction::kMax); }
void reduce_mean_f32_reference(const KernelArgs& args) { reduce(args, Reduction::kMean); }

}  // namespace rondo::kernels
