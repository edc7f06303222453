#include "runtime/roofline/op_cost.h"

#include <algorithm>
#include "rondo/contracts.h"
#include "schedules/extents/extents.h"

namespace rondo::runtime {
namespace {

bool varies(const OpExtents& extents) {
  for (uint32_t i = 0; i < extents.named_count; ++i)
    if (extents.named[i].scalar != kNone) return true;
  for (uint32_t i = 0; i < extents.leading_count; ++i)
    if (extents.leading[i].scalar != kNone) return true;
  return false;
}

// Every dimension as long as these values make it.
void settle(OpExtents& extents, std::span<const int64_t> scalars) {
  const auto settle_one = [&](Dim& dim) {
    if (dim.scalar == kNone || dim.scalar >= scalars.size()) return;
    dim.extent = static_cast<uint64_t>(
        std::clamp<int64_t>(dim.scale * scalars[dim.scalar] + dim.bias, 0, static_cast<int64_t>(dim.extent)));
    dim.scalar = kNone;
  };
  for (uint32_t i = 0; i < extents.named_count; ++i) settle_one(extents.named[i]);
  for (uint32_t i = 0; i < extents.leading_count; ++i) settle_one(extents.leading[i]);
}

std::string shape_of(const OpExtents& extents) {
  std::string text;
  for (uint32_t i = 0; i < extents.leading_count; ++i)
    text += (i == 0 ? "" : "x") + std::to_string(extents.leading[i].extent);
  for (uint32_t i = 0; i < extents.named_count; ++i)
    text +=
        (text.empty() ? "" : " ") + std::string(extents.named[i].name) + "=" + std::to_string(extents.named[i].extent);
  return text;
}

// Bytes of the UTF-8 sequence that `text` starts with; 0 if it is none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) >= 0xa0) || (lead == 0xf0 && byte(1) < 0x90) ||
      (lead == 0xf4 && byte(1) >= 0x90))
    return 0;
  return length;
}

}  // namespace

OpCost cost_of(const Schedule& schedule, const Op& op, std::span<const int64_t> scalars) {
  OpCost cost;
  if (op.kernel == kNoKernel) {
    cost.flops = cost.bytes = 0;
    return cost;
  }
  const Contract* contract = find_contract(schedule.name(schedule.kernels[op.kernel].name));
  auto extents = contract != nullptr ? extents_of(*contract, schedule, op) : std::nullopt;
  if (!extents) return cost;
  cost.dtype = extents->dtype;
  cost.shape = shape_of(*extents);
  cost.varies = varies(*extents);
  settle(*extents, scalars);
  if (varies(*extents)) return cost;
  cost.flops = evaluate(contract->flops, *extents, op.flags);
  cost.bytes = evaluate(contract->bytes, *extents, op.flags);
  return cost;
}

std::string_view kernel_name(const Schedule& schedule, const Op& op) {
  return op.kernel == kNoKernel ? std::string_view("sync") : schedule.name(schedule.kernels[op.kernel].name);
}

std::string_view result_tensor(const Schedule& schedule, const Op& op) {
  for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
    const auto access = static_cast<Access>(schedule.operands[i].access);
    if (access != Access::kWrite && access != Access::kUpdate && access != Access::kIndexedWrite) continue;
    if (i < schedule.labels.size() && schedule.labels[i].value < schedule.values.size()) {
      const uint32_t tensor = schedule.values[schedule.labels[i].value].tensor;
      if (tensor < schedule.tensors.size()) return schedule.name(schedule.tensors[tensor].name);
    }
  }
  return {};
}

std::string printable(std::string_view text) {
  std::string good;
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) {
      good += '?';
      text.remove_prefix(1);
    } else {
      good += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return good;
}

}  // namespace rondo::runtime
