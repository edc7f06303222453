// Runs are in copy/run.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/copy/run.h"
#include "kernels/gather/gather.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

void gather_any_avx2(const KernelArgs& args) { walk_gather(args, copy_run<Avx2>); }
void scatter_any_avx2(const KernelArgs& args) { walk_scatter(args, copy_run<Avx2>); }

}  // namespace rondo::kernels
