// The kernel is in vector.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/matmul/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"
#include "kernels/vector/avx512.h"

namespace rondo::kernels {

void matmul_f32_avx512(const KernelArgs& args) {
  const MatmulShape shape = shape_of(args);
  // A panel of 8 columns is half a vector of 16: eight lanes serve it.
  if (shape.width == 8)
    Matmul<Avx2>{shape}.run();
  else
    Matmul<Avx512>{shape}.run();
}

}  // namespace rondo::kernels
