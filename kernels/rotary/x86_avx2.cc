// Rows are in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/registry/registry.h"
#include "kernels/rotary/vector.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void rotary_f32_avx2(const KernelArgs& args) {
  walk_rotary(args, args.params[0] == 0 ? half_row<Avx2> : interleaved_row<Avx2>);
}

}  // namespace rondo::kernels
