// Blocks are in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/attention/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void attention_f32_avx2(const KernelArgs& args) { Attention<Avx2>{shape_of_attention(args)}.run(); }
void attention_indexed_f32_avx2(const KernelArgs& args) { Attention<Avx2>{shape_of_attention_indexed(args)}.run(); }

}  // namespace rondo::kernels
