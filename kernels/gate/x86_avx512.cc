// Loops are in vector.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/gate/vector.h"
#include "kernels/registry/registry.h"

namespace rondo::kernels {

void vecmat_f64_avx512(const KernelArgs& args) { vecmat(args); }
void reglu_f64_avx512(const KernelArgs& args) { reglu(args); }
void attention_hard_f64_avx512(const KernelArgs& args) { attention_hard(args); }

}  // namespace rondo::kernels
