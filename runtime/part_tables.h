// What an executor reads of one part of a program: the verified tables themselves
// and the base table, which turns (base, offset) into a pointer. Executors add nothing
// to an op; `run_op` is the one place where operands become kernel arguments.
#pragma once
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

struct PartTables {
  const Op* ops = nullptr;
  const Operand* operands = nullptr;
  const uint32_t* order = nullptr;  // op indices, canonical
  uint64_t op_count = 0;            // of `order`
  const ResolvedKernel* kernels = nullptr;
  std::byte* const* bases = nullptr;
  const View* views = nullptr;
  // What the scalars add to the offset of operands of each view; null without scalars.
  const uint64_t* view_offsets = nullptr;
};

// Runs one op that is not `sync`. `args` is room that is used again from op to op;
// kScalars says that `view_offsets` is not null.
template <bool kScalars>
inline void run_op(const PartTables& part, const Op& op, kernels::KernelArgs& args) {
  const ResolvedKernel& kernel = part.kernels[op.kernel];
  const Operand* operand = part.operands + op.first_operand;
  uint32_t i = 0;
  for (; i < op.operand_count; ++i) {
    args.data[i] = part.bases[operand[i].base] + operand[i].offset_bytes;
    if constexpr (kScalars) args.data[i] += part.view_offsets[operand[i].view];
    args.view[i] = part.views + operand[i].view;
  }
  for (; i < kernel.operand_count; ++i) args.data[i] = nullptr;
  args.params = op.params;
  args.flags = op.flags;
  kernel.run(args);
}

}  // namespace rondo::runtime
