// Rows are in vector.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/pointwise/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx512.h"

namespace rondo::kernels {

using Rows = PointwiseRows<Avx512>;

void fill_f32_avx512(const KernelArgs& args) { walk_fill(args, Rows::fill); }
void add_f32_avx512(const KernelArgs& args) { walk_binary(args, Rows::kForms<Rows::Add>); }
void sub_f32_avx512(const KernelArgs& args) { walk_binary(args, Rows::kForms<Rows::Sub>); }
void div_f32_avx512(const KernelArgs& args) { walk_binary(args, Rows::kForms<Rows::Div>); }
void mul_f32_avx512(const KernelArgs& args) { walk_binary(args, Rows::kForms<Rows::Mul>); }
void relu_f32_avx512(const KernelArgs& args) { walk_unary(args, Rows::relu); }
void tanh_f32_avx512(const KernelArgs& args) { walk_unary(args, Rows::tanh); }
void sigmoid_f32_avx512(const KernelArgs& args) { walk_unary(args, Rows::sigmoid); }
void silu_f32_avx512(const KernelArgs& args) { walk_unary(args, Rows::silu); }
void exp_f32_avx512(const KernelArgs& args) { walk_unary(args, Rows::exp); }
void sqrt_f32_avx512(const KernelArgs& args) { walk_unary(args, Rows::sqrt); }
void gelu_f32_avx512(const KernelArgs& args) {
  walk_unary(args, args.params[0] == 0 ? Rows::gelu_erf : Rows::gelu_tanh);
}

}  // namespace rondo::kernels
