// The serial executor: every op of one part, one after another, in the order that
// proved the schedule.
//
// It reads the verified tables themselves; the only thing added is the base table,
// which turns (base, offset) into a pointer. In this order every wait is met by ops
// that completed earlier, so tokens cost nothing. This executor is the oracle that
// later ones are compared with. Thread safety: none needed; it owns nothing.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include "kernels/kernel.h"
#include "rondo/schedule.h"

namespace rondo::runtime {

// An entry of Schedule::kernels, resolved for one instruction set.
struct ResolvedKernel {
  kernels::KernelFn run = nullptr;
  uint32_t operand_count = 0;  // of the contract: trailing operands an op leaves out are null
};

struct SerialWork {
  const Op* ops = nullptr;
  const Operand* operands = nullptr;
  const uint32_t* order = nullptr;  // op indices
  uint64_t op_count = 0;            // of `order`
  const ResolvedKernel* kernels = nullptr;
  std::byte* const* bases = nullptr;
  const View* views = nullptr;
  // What the scalars add to the offset of operands of each view; null without scalars.
  const uint64_t* view_offsets = nullptr;
  // Looked at before every op when not null.
  const std::atomic<bool>* stop = nullptr;
  // Where stamps (trace/ticks.h) go when not null: one before the first op, one after
  // each; room for op_count + 1. Sync ops have theirs too.
  uint64_t* stamps = nullptr;
};

// The number of ops run: op_count, or fewer when stopped. Sets the floating-point
// mode and restores it.
uint64_t run_serial(const SerialWork& work);

}  // namespace rondo::runtime
