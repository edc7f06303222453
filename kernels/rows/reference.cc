// Plain, in order, sums in f64: what the vector kernels are compared with.
#include <cmath>
#include "kernels/registry/registry.h"
#include "kernels/rows/rows.h"

namespace rondo::kernels {
namespace {

void softmax_row(const float* x, float* y, int64_t count) {
  float largest = x[0];
  for (int64_t i = 1; i < count; ++i) largest = x[i] > largest ? x[i] : largest;
  // Twice the same exponentials: y may be x, and holds f32 only.
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(x[i]) - largest);
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(std::exp(static_cast<double>(x[i]) - largest) / sum);
}

void layer_norm_row(const float* x, const float* gamma, const float* beta, float* y, int64_t count, float eps) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += x[i];
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const double scale = 1.0 / std::sqrt(squares / static_cast<double>(count) + eps);
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>((x[i] - mean) * scale * gamma[i] + beta[i]);
}

void rms_norm_row(const float* x, const float* gamma, float* y, int64_t count, float eps) {
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) squares += static_cast<double>(x[i]) * x[i];
  const double scale = 1.0 / std::sqrt(squares / static_cast<double>(count) + eps);
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(x[i] * scale * gamma[i]);
}

}  // namespace

void softmax_f32_reference(const KernelArgs& args) { walk_softmax(args, softmax_row); }
void layer_norm_f32_reference(const KernelArgs& args) { walk_layer_norm(args, layer_norm_row); }
void rms_norm_f32_reference(const KernelArgs& args) { walk_rms_norm(args, rms_norm_row); }

}  // namespace rondo::kernels
