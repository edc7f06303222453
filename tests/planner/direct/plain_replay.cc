#include "tests/planner/direct/plain_replay.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "kernels/kernel.h"
#include "planner/claims/derive_claims.h"
#include "rondo/contracts.h"

namespace rondo {
namespace {

// 64-byte aligned memory that starts as NaN.
struct Memory {
  std::unique_ptr<std::byte[]> block;
  std::byte* data = nullptr;

  explicit Memory(uint64_t bytes) : block(new std::byte[bytes + 64]) {
    std::memset(block.get(), 0xff, bytes + 64);
    void* aligned = block.get();
    size_t space = bytes + 64;
    data = static_cast<std::byte*>(std::align(64, bytes, aligned, space));
  }
};

}  // namespace

Data plain_replay(const Schedule& schedule, const Data& inputs) {
  std::vector<Memory> bases;
  for (const Arena& arena : schedule.arenas) bases.emplace_back(arena.bytes);
  for (const Binding& binding : schedule.bindings) {
    bases.emplace_back(bytes_of(binding));
    const auto found = inputs.find(schedule.name(binding.name));
    if (static_cast<Role>(binding.role) == Role::kOutput) continue;
    EXPECT_TRUE(found != inputs.end() && found->second.size() * 4 == bytes_of(binding)) << schedule.name(binding.name);
    if (found != inputs.end()) std::memcpy(bases.back().data, found->second.data(), bytes_of(binding));
  }
  for (const Part part : {Part::kPrepare, Part::kReplay})
    for (uint32_t index : canonical_order(schedule, part)) {
      const Op& op = schedule.ops[index];
      if (op.kernel == kNoKernel) continue;
      kernels::KernelArgs args{};
      for (uint32_t i = 0; i < op.operand_count; ++i) {
        const Operand& operand = schedule.operands[op.first_operand + i];
        args.data[i] = bases[operand.base].data + operand.offset_bytes;
        args.view[i] = &schedule.views[operand.view];
      }
      args.params = op.params;
      args.flags = op.flags;
      const Contract* contract = find_contract(schedule.name(schedule.kernels[op.kernel].name));
      kernels::find_kernel(*contract, kernels::detect_isa())->fn(args);
    }
  Data outputs;
  for (uint32_t i = 0; i < schedule.bindings.size(); ++i) {
    const Binding& binding = schedule.bindings[i];
    if (static_cast<Role>(binding.role) != Role::kOutput) continue;
    std::vector<float>& data = outputs[std::string(schedule.name(binding.name))];
    data.resize(bytes_of(binding) / 4);
    std::memcpy(data.data(), bases[schedule.arenas.size() + i].data, bytes_of(binding));
  }
  return outputs;
}

}  // namespace rondo
