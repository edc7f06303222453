// Shapes are in vector.h; only this folder's x86_avx2.cc gets the instruction set's flags.
#include "kernels/reduce/vector.h"
#include "kernels/registry/registry.h"
#include "kernels/vector/avx2.h"

namespace rondo::kernels {

using Rows = ReduceRows<Avx2>;

void reduce_sum_f32_avx2(const KernelArgs& args) { walk_reduce(args, Reduction::kSum, {Rows::sum, Rows::sum_columns}); }
void reduce_max_f32_avx2(const KernelArgs& args) {
  walk_reduce(args, Reduction::kMax, {Rows::largest, Rows::largest_columns});
}
void reduce_mean_f32_avx2(const KernelArgs& args) {
  walk_reduce(args, Reduction::kMean, {Rows::sum, Rows::sum_columns});
}

}  // namespace rondo::kernels
