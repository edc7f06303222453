// Blocks are in vector.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/attention/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx512.h"

namespace rondo::kernels {

void attention_f32_avx512(const KernelArgs& args) { Attention<Avx512>{shape_of_attention(args)}.run(); }
void attention_indexed_f32_avx512(const KernelArgs& args) { Attention<Avx512>{shape_of_attention_indexed(args)}.run(); }

}  // namespace rondo::kernels
