// The kernel is in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/matmul/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void matmul_f32_avx2(const KernelArgs& args) {
  const MatmulShape shape = shape_of(args);
  Matmul<Avx2>{shape}.run();
}

}  // namespace rondo::kernels
