#include "planner/direct/choose_packing.h"

#include "planner/direct/tuning.h"
#include "rondo/contracts.h"

namespace rondo::direct {
namespace {

RightOperand right_operand(const SegmentedGraph& graph, const FusedGroup& group) {
  RightOperand right;
  right.tensor = group.inputs[1];
  const std::vector<uint32_t>& b = graph.shape(right.tensor);
  const auto rank = static_cast<uint8_t>(b.size());
  const bool transposed = graph.main_operator(group).transpose_b;
  right.k_axis = static_cast<uint8_t>(transposed ? rank - 1 : rank - 2);
  right.n_axis = static_cast<uint8_t>(transposed ? rank - 2 : rank - 1);
  right.k = b[right.k_axis];
  right.n = b[right.n_axis];
  for (uint8_t axis = 0; axis + 2 < rank; ++axis) right.entries *= b[axis];
  return right;
}

// The narrowest panels that hold n columns, else the widest allowed.
uint32_t width_for(uint32_t n, uint32_t panel_width) {
  uint32_t width = panel_width;
  for (uint16_t candidate : kPanelWidths)
    if (candidate <= panel_width && candidate >= n) width = candidate;
  return width;
}

// A packed matrix names both axes of its tensor, and lies still.
bool can_pack(const SegmentedGraph& graph, const RightOperand& right) {
  const TensorView& view = graph.views.of[right.tensor];
  return view.axis[right.k_axis] != kNoAxis && view.axis[right.n_axis] != kNoAxis && !view.shift.moves();
}

// For a right operand that is packed in every replay.
bool packing_pays(const SegmentedGraph& graph, const FusedGroup& group, const RightOperand& right, bool transposed) {
  const std::vector<uint32_t>& out = graph.shape(group.output);
  uint64_t rows = out[out.size() - 2];
  if (right.entries == 1) rows *= graph.products(group);  // packed once for all of them
  const bool large = uint64_t{right.k} * right.n * size_of(DType::kF32) >= kLargeRightBytes;
  if (transposed) return rows >= (large ? kPackTransposedRowsIfLarge : kPackTransposedRows);
  return large && rows >= kPackRowsIfLarge;
}

}  // namespace

Packing choose_packing(const SegmentedGraph& graph, uint32_t panel_width) {
  Packing packing;
  packing.rights.resize(graph.groups.size());
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    if (group.kind != OperatorKind::kMatmul) continue;
    RightOperand& right = packing.rights[index] = right_operand(graph, group);
    const bool constant = graph.is_constant(right.tensor);
    const bool transposed = graph.main_operator(group).transpose_b;
    if (panel_width == 0 || !can_pack(graph, right)) continue;
    if (!constant && !packing_pays(graph, group, right, transposed)) continue;
    right.panel_width = width_for(right.n, panel_width);
    right.entry_bytes = rounded(uint64_t{right.panels()} * right.k * right.panel_width * size_of(DType::kF32));
    right.prepared = constant;
    if (constant) {
      // Two matmuls may share one packed constant.
      const auto [found, added] = packing.prepared.emplace(std::pair(right.tensor, transposed), index);
      if (added) {
        right.offset_bytes = packing.prepared_bytes;
        packing.prepared_bytes += right.entry_bytes * right.entries;
      } else {
        right.offset_bytes = packing.rights[found->second].offset_bytes;
      }
    } else {
      right.buffer = static_cast<uint32_t>(packing.buffers.size());
      const Segment& segment = graph.segment_of_group(index);
      Buffer buffer{right.entry_bytes, index, index};
      if (segment.blocked()) buffer = {right.entry_bytes, segment.first, segment.first + segment.count - 1};
      packing.buffers.push_back(buffer);
    }
  }
  return packing;
}

}  // namespace rondo::direct
