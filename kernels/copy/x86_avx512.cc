// Shapes are in vector.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/copy/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx512.h"

namespace rondo::kernels {

void copy_any_avx512(const KernelArgs& args) { walk_copy(args, {copy_run<Avx512>, transpose_f32}); }
void assign_any_avx512(const KernelArgs& args) { walk_copy(args, {copy_run<Avx512>, transpose_f32}); }

}  // namespace rondo::kernels
