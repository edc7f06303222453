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

void sub_row(const float* a, const float* b, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] - b[i];
}

void div_row(const float* a, const float* b, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] / b[i];
}

// Of a function of f64, rounded once.
template <double (*kOf)(double)>
void row_of(const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(kOf(x[i]));
}

double tanh_exact(double x) { return std::tanh(x); }
double sigmoid_exact(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double exp_exact(double x) { return std::exp(x); }
double sqrt_exact(double x) { return std::sqrt(x); }

void relu_row(const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = relu_exact(x[i]);
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

double silu_exact(double x) {
  if (x == -std::numeric_limits<double>::infinity()) return -0.0;
  return x / (1.0 + std::exp(-x));
}

void fill_f32_reference(const KernelArgs& args) { walk_fill(args, fill_row); }
void add_f32_reference(const KernelArgs& args) { walk_binary(args, add_row); }
void mul_f32_reference(const KernelArgs& args) { walk_binary(args, mul_row); }
void sub_f32_reference(const KernelArgs& args) { walk_binary(args, sub_row); }
void div_f32_reference(const KernelArgs& args) { walk_binary(args, div_row); }
void tanh_f32_reference(const KernelArgs& args) { walk_unary(args, row_of<tanh_exact>); }
void sigmoid_f32_reference(const KernelArgs& args) { walk_unary(args, row_of<sigmoid_exact>); }
void silu_f32_reference(const KernelArgs& args) { walk_unary(args, row_of<silu_exact>); }
void exp_f32_reference(const KernelArgs& args) { walk_unary(args, row_of<exp_exact>); }
void sqrt_f32_reference(const KernelArgs& args) { walk_unary(args, row_of<sqrt_exact>); }
void relu_f32_reference(const KernelArgs& args) { walk_unary(args, relu_row); }
void gelu_f32_reference(const KernelArgs& args) {
  walk_unary(args, args.params[0] == 0 ? row_of<gelu_erf_exact> : row_of<gelu_tanh_exact>);
}

}  // namespace rondo::kernels
