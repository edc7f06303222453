// Rows are in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/registry/registry.h"
#include "kernels/rows/vector.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void softmax_f32_avx2(const KernelArgs& args) { walk_softmax(args, softmax_row<Avx2>); }
void layer_norm_f32_avx2(const KernelArgs& args) { walk_layer_norm(args, layer_norm_row<Avx2>); }
void rms_norm_f32_avx2(const KernelArgs& args) { walk_rms_norm(args, rms_norm_row<Avx2>); }

}  // namespace rondo::kernels
