// Plain and in order, products in f64: what the vector kernels are compared with.
#include "kernels/registry/registry.h"
#include "kernels/rotary/rotary.h"

namespace rondo::kernels {
namespace {

void turn(const float* x, const float* cos, const float* sin, float* y, int64_t a, int64_t b) {
  const double xa = x[a], xb = x[b];
  y[a] = static_cast<float>(xa * cos[a] - xb * sin[a]);
  y[b] = static_cast<float>(xb * cos[b] + xa * sin[b]);
}

void half_row(const float* x, const float* cos, const float* sin, float* y, int64_t count) {
  for (int64_t i = 0; i < count / 2; ++i) turn(x, cos, sin, y, i, i + count / 2);
  if (count % 2 != 0) y[count - 1] = x[count - 1];
}

void interleaved_row(const float* x, const float* cos, const float* sin, float* y, int64_t count) {
  for (int64_t i = 0; i < count / 2; ++i) turn(x, cos, sin, y, 2 * i, 2 * i + 1);
  if (count % 2 != 0) y[count - 1] = x[count - 1];
}

}  // namespace

void rotary_f32_reference(const KernelArgs& args) {
  walk_rotary(args, args.params[0] == 0 ? half_row : interleaved_row);
}

}  // namespace rondo::kernels
