// Panels are in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/pack/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void pack_f32_avx2(const KernelArgs& args) { walk_pack(args, pack_panel<Avx2>); }

}  // namespace rondo::kernels
