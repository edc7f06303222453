// Spelling of two compiler requests that kernel code depends on.
//
// Files built with their own instruction set flags must not emit an inline
// function that the linker could choose for code of another file: everything
// shared by them lives in an unnamed namespace and is always inlined.
#pragma once

#define RONDO_KERNEL_INLINE inline __attribute__((always_inline))

// Unrolls the loop that follows completely; its arrays then live in registers.
#if defined(__clang__)
#define RONDO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RONDO_UNROLL _Pragma("GCC unroll 32")
#endif
