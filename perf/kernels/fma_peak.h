// The machine's own ceiling: fused multiply-adds from registers, one thread.
#pragma once
#include "kernels/kernel.h"

namespace rondo::perf {

// Runs `rounds` rounds of kFmaPeakFlops operations each with the widest vectors
// of the instruction set. isa is not above detect_isa(), and not the reference.
inline constexpr double kFmaPeakFlops512 = 16 * 16 * 2, kFmaPeakFlops256 = 12 * 8 * 2;
void run_fma(kernels::Isa isa, long rounds);
double fma_flops(kernels::Isa isa, long rounds);

}  // namespace rondo::perf
