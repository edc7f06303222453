// Declares the function of every line of kernels.inc, for the files that define
// them. Users of kernels read kernels/kernel.h.
#pragma once
#include "kernels/kernel.h"

#if defined(RONDO_X86_KERNELS)
#define RONDO_KERNEL_X86 RONDO_KERNEL
#else
#define RONDO_KERNEL_X86(contract, type, isa, rank)
#endif

namespace rondo::kernels {

#define RONDO_KERNEL(contract, type, isa, rank) void contract##_##type##_##isa(const KernelArgs& args);
#include "kernels/registry/kernels.inc"
#undef RONDO_KERNEL

}  // namespace rondo::kernels
