// The k range that an operand of a product names, in tensor coordinates.
#pragma once
#include <cstdint>
#include <optional>
#include "rondo/schedule.h"

namespace rondo::proof {

struct KRange {
  uint64_t low = 0, end = 0;
  uint64_t whole = 0;  // extent of the tensor along that axis
  uint8_t axis = 0;    // of the tensor
};

// The position of k among the axes that a value walks: panels name columns first.
inline uint32_t k_axis_of_b(const Schedule& schedule, uint32_t b) {
  const View& view = schedule.views[schedule.operands[b].view];
  return view.layout == static_cast<uint8_t>(Layout::kPanels) ? 1 : 0;
}

// Nothing where that view axis walks no axis of the tensor. Precondition: labelled.
inline std::optional<KRange> k_range(const Schedule& schedule, uint32_t operand, uint32_t view_axis) {
  const Value& value = schedule.values[schedule.labels[operand].value];
  uint8_t axis = value.axis[view_axis];
  if (axis == 0xff) return std::nullopt;
  uint64_t low = value.low[axis];
  return KRange{low, low + value.extent[axis], schedule.tensors[value.tensor].shape[axis], axis};
}

}  // namespace rondo::proof
