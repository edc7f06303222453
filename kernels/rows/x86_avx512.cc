// Rows are in vector.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/registry/registry.h"
#include "kernels/rows/vector.h"
#include "kernels/vector/avx512.h"

namespace rondo::kernels {

void softmax_f32_avx512(const KernelArgs& args) { walk_softmax(args, softmax_row<Avx512>); }
void layer_norm_f32_avx512(const KernelArgs& args) { walk_layer_norm(args, layer_norm_row<Avx512>); }
void rms_norm_f32_avx512(const KernelArgs& args) { walk_rms_norm(args, rms_norm_row<Avx512>); }

}  // namespace rondo::kernels
