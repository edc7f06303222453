// Shapes are in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/copy/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void copy_any_avx2(const KernelArgs& args) { walk_copy(args, {copy_run<Avx2>, transpose_f32}); }
void assign_any_avx2(const KernelArgs& args) { walk_copy(args, {copy_run<Avx2>, transpose_f32}); }

}  // namespace rondo::kernels
