// Plain and in order, sums in f64: what the vector kernels are compared with.
#include "kernels/matmul/matmul.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {
namespace {

float at(const std::byte* p) { return *reinterpret_cast<const float*>(p); }

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::kLinear:
      return x;
    case Activation::kRelu:
      return x < 0 ? 0.0 : x;
    case Activation::kGeluErf:
      return gelu_erf_exact(x);
    case Activation::kGeluTanh:
      return gelu_tanh_exact(x);
  }
  return x;
}

}  // namespace

void matmul_f32_reference(const KernelArgs& args) {
  const MatmulShape s = shape_of(args);
  for (int64_t row = 0; row < s.m; ++row) {
    for (int64_t column = 0; column < s.n; ++column) {
      const std::byte* b =
          s.width == 0 ? s.b + column * s.b_n : s.b + column / s.width * s.b_panel + column % s.width * 4;
      float& c = *reinterpret_cast<float*>(s.c + row * s.c_row + column * 4);
      double sum = s.init ? 0.0 : c;
      for (int64_t k = 0; k < s.k; ++k)
        sum += static_cast<double>(at(s.a + row * s.a_row + k * s.a_k)) * at(b + k * s.b_k);
      if (s.bias != nullptr) sum += at(s.bias + column * s.bias_n);
      c = static_cast<float>(activate(sum, s.activation));
    }
  }
}

}  // namespace rondo::kernels
