// Plain and in order: what the vector kernels are compared with.
#include <cmath>
#include <limits>
#include "kernels/pointwise/pointwise.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

void add_row(const float* a, const float* b, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
}

void mul_row(const float* a, const float* b, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] * b[i];
}

void relu_row(const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = relu_exact(x[i]);
}

void gelu_erf_row(const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(gelu_erf_exact(x[i]));
}

void gelu_tanh_row(const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(gelu_tanh_exact(x[i]));
}

void fill_row(float* y, int64_t count, float value) {
  for (int64_t i = 0; i < count; ++i) y[i] = value;
}

}  // namespace

float relu_exact(float x) { return x < 0 ? 0.0f : x; }

double gelu_erf_exact(double x) {
  if (x == -std::numeric_limits<double>::infinity()) return -0.0;
  return x * 0.5 * std::erfc(-x * 0.70710678118654752440);
}

double gelu_tanh_exact(double x) {
  if (x == -std::numeric_limits<double>::infinity()) return -0.0;
  // 0.5 (1 + tanh(u)) = 1 / (1 + e^(-2u))
  return x / (1.0 + std::exp(-1.59576912160573071176 * (x + 0.044715 * x * x * x)));
}

void fill_f32_reference(const KernelArgs& args) { walk_fill(args, fill_row); }
void add_f32_reference(const KernelArgs& args) { walk_binary(args, add_row); }
void mul_f32_reference(const KernelArgs& args) { walk_binary(args, mul_row); }
void relu_f32_reference(const KernelArgs& args) { walk_unary(args, relu_row); }
void gelu_f32_reference(const KernelArgs& args) {
  walk_unary(args, args.params[0] == 0 ? gelu_erf_row : gelu_tanh_row);
}

}  // namespace rondo::kernels
