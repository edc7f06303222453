#include "kernels/registry/registry.h"

#include <iterator>

namespace rondo::kernels {
namespace {

constexpr KernelEntry kEntries[] = {
#define RONDO_KERNEL(contract, type, isa, rank) \
  {#contract "_" #type "_" #isa, #contract, rank, contract##_##type##_##isa},
#include "kernels/registry/kernels.inc"
#undef RONDO_KERNEL
};

}  // namespace

KernelList all_kernels() { return {std::begin(kEntries), std::end(kEntries)}; }

const KernelEntry* find_kernel(const Contract& contract, Isa limit) {
  const KernelEntry* best = nullptr;
  for (const KernelEntry& entry : all_kernels())
    if (contract.name == entry.contract && entry.isa <= limit && (best == nullptr || entry.isa > best->isa))
      best = &entry;
  return best;
}

}  // namespace rondo::kernels
