#include "tests/planner/direct/plain_replay.h"

#include <gtest/gtest.h>

#include <algorithm>
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

// The view, and what is added to the offset, at the values that the run gives its scalar.
View at_scalars(const Schedule& schedule, View view, const GraphRun& run, uint64_t& added) {
  added = 0;
  if (view.scalar == kNone) return view;
  const int64_t s = run.scalars.at(std::string(schedule.name(schedule.scalars[view.scalar].name)));
  if (view.extent_axis != 0xff) {
    uint32_t& extent = view.extent[view.extent_axis];
    extent = static_cast<uint32_t>(std::clamp<int64_t>(view.extent_scale * s + view.extent_bias, 0, extent));
  }
  if (view.offset_step_bytes != 0)
    added = static_cast<uint64_t>(view.offset_step_bytes *
                                  ((view.offset_scale * s + view.offset_bias) % view.offset_modulus));
  return view;
}

}  // namespace

Data plain_replay(const Schedule& schedule, const GraphRun& run) {
  std::vector<Memory> bases;
  for (const Arena& arena : schedule.arenas) bases.emplace_back(arena.bytes);
  for (const Binding& binding : schedule.bindings) {
    bases.emplace_back(bytes_of(binding));
    if (static_cast<Role>(binding.role) == Role::kOutput) continue;
    const std::string_view name = schedule.name(binding.name);
    const auto dtype = static_cast<DType>(binding.dtype);
    if (dtype != DType::kF32) {
      const std::vector<std::byte> entries = run.entries(name, dtype);
      std::memcpy(bases.back().data, entries.data(), entries.size());
      continue;
    }
    const auto found = run.data.find(name);
    EXPECT_TRUE(found != run.data.end() && found->second.size() * 4 == bytes_of(binding)) << name;
    if (found != run.data.end()) std::memcpy(bases.back().data, found->second.data(), bytes_of(binding));
  }
  for (const Part part : {Part::kPrepare, Part::kReplay})
    for (uint32_t index : canonical_order(schedule, part)) {
      const Op& op = schedule.ops[index];
      if (op.kernel == kNoKernel) continue;
      kernels::KernelArgs args{};
      View views[kMaxOperands];
      for (uint32_t i = 0; i < op.operand_count; ++i) {
        const Operand& operand = schedule.operands[op.first_operand + i];
        uint64_t added = 0;
        views[i] = at_scalars(schedule, schedule.views[operand.view], run, added);
        args.data[i] = bases[operand.base].data + operand.offset_bytes + added;
        args.view[i] = &views[i];
      }
      args.params = op.params;
      args.flags = op.flags;
      const Contract* contract = find_contract(schedule.name(schedule.kernels[op.kernel].name));
      kernels::find_kernel(*contract, kernels::detect_isa())->fn(args);
    }
  Data outputs;
  for (uint32_t i = 0; i < schedule.bindings.size(); ++i) {
    const Binding& binding = schedule.bindings[i];
    const auto role = static_cast<Role>(binding.role);
    if (role != Role::kOutput && role != Role::kState) continue;
    std::vector<float>& data = outputs[std::string(schedule.name(binding.name))];
    data.resize(bytes_of(binding) / 4);
    std::memcpy(data.data(), bases[schedule.arenas.size() + i].data, bytes_of(binding));
  }
  return outputs;
}

}  // namespace rondo
