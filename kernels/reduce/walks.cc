#include "kernels/reduce/reduce.h"
#include "kernels/walk/walk.h"

namespace rondo::kernels {
namespace {

constexpr int64_t kElement = sizeof(float);

float* floats(std::byte* p) { return reinterpret_cast<float*>(p); }

float joined(float a, float b, Reduction reduction) {
  if (reduction != Reduction::kMax) return a + b;
  return b > a || b != b ? b : a;  // a NaN stays: no comparison with it holds
}

float finished(float value, int64_t count, Reduction reduction) {
  return reduction == Reduction::kMean && count > 0 ? value / static_cast<float>(count) : value;
}

// A row whose elements lie apart, kRowBuffer at a time.
float reduced_apart(const std::byte* x, int64_t step, int64_t count, Reduction reduction, const ReduceShapes& shapes) {
  float buffer[kRowBuffer];
  float value = shapes.row(buffer, 0);
  for (int64_t begin = 0; begin < count; begin += kRowBuffer) {
    const int64_t length = count - begin < kRowBuffer ? count - begin : kRowBuffer;
    for (int64_t i = 0; i < length; ++i) buffer[i] = *reinterpret_cast<const float*>(x + (begin + i) * step);
    value = joined(value, shapes.row(buffer, length), reduction);
  }
  return value;
}

}  // namespace

void walk_reduce(const KernelArgs& args, Reduction reduction, const ReduceShapes& shapes) {
  const View &x = *args.view[0], &y = *args.view[1];
  const int64_t count = x.extent[y.rank], step = x.stride_bytes[y.rank];
  // Axes are sorted by x, so that columns of x that lie side by side come innermost.
  View x_rows = x;
  x_rows.rank = y.rank;
  const View* const views[2] = {&x_rows, &y};
  const BoxWalk walk = plan_walk(views, 2, 0);
  const int64_t rows = walk.row_extent(), x_step = walk.row_stride_bytes(0), y_step = walk.row_stride_bytes(1);
  std::byte* const data[2] = {args.data[0], args.data[1]};
  const bool by_columns = count > 1 && step != kElement && rows > 1 && x_step == kElement;
  for_each_row(walk, data, [&](std::byte** at) {
    if (by_columns) {
      float buffer[kRowBuffer];
      for (int64_t begin = 0; begin < rows; begin += kRowBuffer) {
        const int64_t columns = rows - begin < kRowBuffer ? rows - begin : kRowBuffer;
        shapes.columns(at[0] + begin * kElement, step, count, buffer, columns);
        for (int64_t i = 0; i < columns; ++i)
          *floats(at[1] + (begin + i) * y_step) = finished(buffer[i], count, reduction);
      }
      return;
    }
    for (int64_t i = 0; i < rows; ++i) {
      std::byte* row = at[0] + i * x_step;
      const float value = count <= 1 || step == kElement ? shapes.row(floats(row), count)
                                                         : reduced_apart(row, step, count, reduction, shapes);
      *floats(at[1] + i * y_step) = finished(value, count, reduction);
    }
  });
}

}  // namespace rondo::kernels
