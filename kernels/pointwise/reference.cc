// Plain and in order: what the vector kernels are compared with.
#include <cmath>
#include <limits>
#include "kernels/pointwise/pointwise.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

// Of two numbers, in the three forms.
template <float (*kOf)(float, float)>
struct Binary {
  static void over(const BinaryBlock& block, int64_t a_step, int64_t b_step) {
    for (int64_t row = 0; row < block.rows; ++row) {
      const auto* a = reinterpret_cast<const float*>(block.a + row * block.a_row);
      const auto* b = reinterpret_cast<const float*>(block.b + row * block.b_row);
      auto* y = reinterpret_cast<float*>(block.y + row * block.y_row);
      for (int64_t i = 0; i < block.count; ++i) y[i] = kOf(a[i * a_step], b[i * b_step]);
    }
  }
  static void rows(const BinaryBlock& block) { over(block, 1, 1); }
  static void number_left(const BinaryBlock& block) { over(block, 0, 1); }
  static void number_right(const BinaryBlock& block) { over(block, 1, 0); }
  static constexpr BinaryForms kForms = {rows, number_left, number_right};
};

float sum_of(float a, float b) { return a + b; }
float difference_of(float a, float b) { return a - b; }
float product_of(float a, float b) { return a * b; }
float quotient_of(float a, float b) { return a / b; }

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
void add_f32_reference(const KernelArgs& args) { walk_binary(args, Binary<sum_of>::kForms); }
void mul_f32_reference(const KernelArgs& args) { walk_binary(args, Binary<product_of>::kForms); }
void sub_f32_reference(const KernelArgs& args) { walk_binary(args, Binary<difference_of>::kForms); }
void div_f32_reference(const KernelArgs& args) { walk_binary(args, Binary<quotient_of>::kForms); }
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
