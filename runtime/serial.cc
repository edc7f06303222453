#include "runtime/serial.h"

#include <algorithm>
#include "runtime/floating_point.h"
#include "runtime/trace/ticks.h"

namespace rondo::runtime {
namespace {

// Scalars, stopping and stamps are chosen once per replay: without them the loop
// has no branch that asks for them.
template <bool kScalars, bool kStops, bool kStamps>
uint64_t run_ops(const SerialWork& work) {
  kernels::KernelArgs args = {};
  uint64_t begin = 0;
  if constexpr (kStamps) begin = now_ticks();
  for (uint64_t position = 0; position < work.op_count; ++position) {
    if constexpr (kStops)
      if (work.stop->load(std::memory_order_relaxed)) {
        if constexpr (kStamps) std::fill(work.stamps + position, work.stamps + work.op_count, OpStamps());
        return position;
      }
    const Op& op = work.ops[work.order[position]];
    if (op.kernel != kNoKernel) run_op<kScalars>(work, op, args);  // sync: in this order there is nothing to wait for
    if constexpr (kStamps) {
      const uint64_t end = now_ticks();
      work.stamps[position] = {begin, end};
      begin = end;
    }
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
