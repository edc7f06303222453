// Runs are in copy/run.h; only this folder's x86_avx512.cc gets the instruction set's flags.
#include "kernels/copy/run.h"
#include "kernels/gather/gather.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx512.h"

namespace rondo::kernels {

void gather_any_avx512(const KernelArgs& args) { walk_gather(args, copy_run<Avx512>); }
void scatter_any_avx512(const KernelArgs& args) { walk_scatter(args, copy_run<Avx512>); }

}  // namespace rondo::kernels
