#include "runtime/serial.h"

#include "runtime/floating_point.h"
#include "runtime/trace/ticks.h"

namespace rondo::runtime {
namespace {

// Scalars, stopping and stamps are chosen once per replay: without them the loop
// has no branch that asks for them.
template <bool kScalars, bool kStops, bool kStamps>
uint64_t run_ops(const SerialWork& work) {
  kernels::KernelArgs args = {};
  uint64_t* stamps = work.stamps;
  if constexpr (kStamps) *stamps++ = now_ticks();
  for (uint64_t position = 0; position < work.op_count; ++position) {
    if constexpr (kStops)
      if (work.stop->load(std::memory_order_relaxed)) return position;
    const Op& op = work.ops[work.order[position]];
    if (op.kernel == kNoKernel) {  // sync: in this order there is nothing to wait for
      if constexpr (kStamps) *stamps++ = now_ticks();
      continue;
    }
    const ResolvedKernel& kernel = work.kernels[op.kernel];
    const Operand* operand = work.operands + op.first_operand;
    uint32_t i = 0;
    for (; i < op.operand_count; ++i) {
      args.data[i] = work.bases[operand[i].base] + operand[i].offset_bytes;
      if constexpr (kScalars) args.data[i] += work.view_offsets[operand[i].view];
      args.view[i] = work.views + operand[i].view;
    }
    for (; i < kernel.operand_count; ++i) args.data[i] = nullptr;
    args.params = op.params;
    args.flags = op.flags;
    kernel.run(args);
    if constexpr (kStamps) *stamps++ = now_ticks();
  }
  return work.op_count;
}

template <bool kScalars, bool kStops>
uint64_t run_ops(const SerialWork& work) {
  return work.stamps != nullptr ? run_ops<kScalars, kStops, true>(work) : run_ops<kScalars, kStops, false>(work);
}

}  // namespace

uint64_t run_serial(const SerialWork& work) {
  const FloatingPointGuard guard;
  if (work.view_offsets != nullptr)
    return work.stop != nullptr ? run_ops<true, true>(work) : run_ops<true, false>(work);
  return work.stop != nullptr ? run_ops<false, true>(work) : run_ops<false, false>(work);
}

}  // namespace rondo::runtime
