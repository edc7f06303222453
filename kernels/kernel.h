// What a kernel is to the runtime: one function over resolved operands.
//
// A kernel never sees a schedule. It gets pointers, views and parameters of one
// op that the verifier has proven against the contract, so it checks nothing:
// sizes come from the views' extents only. It touches no byte outside the boxes,
// not even a gap between rows; it is total over all data; its result depends on
// bytes and parameters, not on addresses, thread or floating-point mode.
#pragma once
#include <cstddef>
#include <cstdint>
#include "rondo/contract.h"
#include "rondo/schedule.h"

namespace rondo::kernels {

// In the order of the contract; an absent optional operand has data == nullptr.
struct KernelArgs {
  std::byte* data[kMaxOperands];
  const View* view[kMaxOperands];
  const uint32_t* params;  // four words
  uint32_t flags;          // OpFlag bits
};

using KernelFn = void (*)(const KernelArgs&);

// Ordered by preference: a higher value is tried first.
enum class Isa : uint8_t { kReference = 0, kAvx2 = 1, kAvx512 = 2 };
const char* name_of(Isa isa);

// The best instruction set of this CPU (cpuid, and the OS saves its registers).
Isa detect_isa();

struct KernelEntry {
  const char* name;  // "matmul_f32_avx512": contract, type, instruction set
  const char* contract;
  Isa isa;
  KernelFn fn;
};

// All kernels of this build, whatever the CPU; the tests walk it.
struct KernelList {
  const KernelEntry* begin_;
  const KernelEntry* end_;
  const KernelEntry* begin() const { return begin_; }
  const KernelEntry* end() const { return end_; }
};
KernelList all_kernels();

// The kernel for a contract of the highest instruction set not above `limit`;
// nullptr only for a name that is not in the contract list.
const KernelEntry* find_kernel(const Contract& contract, Isa limit);

}  // namespace rondo::kernels
