#include "planner/direct/make_operands.h"

#include <algorithm>

namespace rondo::direct {

namespace {

Walks all_axes(const Box& box, size_t rank) {
  Walks walks;
  for (size_t axis = 0; axis < rank; ++axis) walks.push_back({static_cast<uint8_t>(axis), box.extent[axis]});
  return walks;
}

Low low_of(const Box& box) {
  Low low;
  std::copy_n(box.low, kMaxRank, low.at);
  return low;
}

}  // namespace

OperandSpec OperandMaker::box(uint32_t tensor, const Walks& walks, const Low& low, Access access) {
  return make(tensor, walks, low, access, layout_.graph.is_bound(tensor) && !layout_.graph.is_copied(tensor));
}

OperandSpec OperandMaker::bound(uint32_t tensor, const Box& box, Access access) {
  return make(tensor, all_axes(box, layout_.graph.shape(tensor).size()), low_of(box), access, true);
}

OperandSpec OperandMaker::copied(uint32_t tensor, const Box& box, Access access) {
  return make(tensor, all_axes(box, layout_.graph.shape(tensor).size()), low_of(box), access, false);
}

OperandSpec OperandMaker::make(uint32_t tensor, const Walks& walks, const Low& low, Access access, bool bound) {
  const GraphTensor& it = layout_.graph.source.tensors[tensor];
  // Of a tensor that lanes hold in parts the place has the lane's part, and no more.
  GraphTensor part = it;
  Low origin;
  if (!bound) origin.at[0] = origin_[tensor];
  if (layout_.deal.is_held(tensor)) {
    const Box& held = layout_.deal.held[tensor][lane_];
    std::copy_n(held.extent, it.shape.size(), part.shape.begin());
    std::copy_n(held.low, kMaxRank, origin.at);
  }
  int64_t stride[kMaxRank] = {};
  auto bytes = static_cast<int64_t>(size_of(it.dtype));
  for (size_t axis = it.shape.size(); axis-- > 0;) {
    stride[axis] = bytes;
    bytes *= part.shape[axis];
    if (axis + 1 == it.shape.size() && !bound) bytes = static_cast<int64_t>(pitch_of(part));
  }

  OperandSpec spec;
  const Address address = bound ? Address{tables_.binding[tensor], 0}
                                : tables_.at(layout_.places.placement.places[layout_.places.buffer[tensor]], lane_);
  spec.base = address.base;
  spec.offset_bytes = address.offset_bytes;
  if (!bound && turn_[tensor] != 0) spec.offset_bytes += copied_block_bytes(layout_.graph, tensor);
  for (size_t axis = 0; axis < it.shape.size(); ++axis)
    spec.offset_bytes += (low.at[axis] - origin.at[axis]) * static_cast<uint64_t>(stride[axis]);
  spec.access = access;

  View view;
  view.rank = static_cast<uint8_t>(walks.size());
  view.dtype = static_cast<uint8_t>(it.dtype);
  Value value = value_of(tensor, low);
  for (size_t axis = 0; axis < walks.size(); ++axis) {
    view.extent[axis] = walks[axis].extent;
    value.axis[axis] = walks[axis].tensor_axis;
    if (walks[axis].tensor_axis == kBroadcast) continue;
    view.stride_bytes[axis] = stride[walks[axis].tensor_axis];
    value.extent[walks[axis].tensor_axis] = walks[axis].extent;
  }
  spec.view = tables_.builder.view(view);
  spec.label.value = tables_.builder.value(value);
  return spec;
}

OperandSpec OperandMaker::unpacked(const RightOperand& right, Low low, uint32_t column, uint32_t columns) {
  low.at[right.n_axis] = column;
  return box(right.tensor, {{right.k_axis, right.k}, {right.n_axis, columns}}, low, Access::kRead);
}

OperandSpec OperandMaker::packed(const RightOperand& right, uint64_t entry, Access access, uint32_t column,
                                 uint32_t columns) {
  View view;
  view.rank = 2;
  view.dtype = static_cast<uint8_t>(DType::kF32);
  view.layout = static_cast<uint8_t>(Layout::kPanels);
  view.block_rows = 1;
  view.block_columns = static_cast<uint16_t>(right.panel_width);
  view.extent[0] = static_cast<uint32_t>((columns + uint64_t{right.panel_width} - 1) / right.panel_width);
  view.extent[1] = right.k;
  view.stride_bytes[1] = static_cast<int64_t>(block_bytes(view));
  view.stride_bytes[0] = view.stride_bytes[1] * right.k;
  Low low = entry_low(right, entry);
  low.at[right.n_axis] = column;
  Value value = value_of(right.tensor, low);
  value.axis[0] = right.n_axis;
  value.axis[1] = right.k_axis;
  value.extent[right.n_axis] = columns;
  value.extent[right.k_axis] = right.k;
  OperandSpec spec;
  if (right.prepared) {
    spec.base = tables_.packed_base;
    spec.offset_bytes = right.offset_bytes + entry * right.entry_bytes;
  } else {
    const Address address = tables_.at(layout_.places.placement.places[right.buffer], lane_);
    spec.base = address.base;
    spec.offset_bytes = address.offset_bytes;
  }
  spec.offset_bytes += column / right.panel_width * static_cast<uint64_t>(view.stride_bytes[0]);
  spec.access = access;
  spec.view = tables_.builder.view(view);
  spec.label.value = tables_.builder.value(value);
  return spec;
}

Low OperandMaker::entry_low(const RightOperand& right, uint64_t entry) const {
  Low low;
  const std::vector<uint32_t>& b = layout_.graph.shape(right.tensor);
  for (size_t axis = b.size() - 2; axis-- > 0;) {
    low.at[axis] = static_cast<uint32_t>(entry % b[axis]);
    entry /= b[axis];
  }
  return low;
}

uint64_t OperandMaker::entry_at(const RightOperand& right, const Low& low) const {
  const std::vector<uint32_t>& b = layout_.graph.shape(right.tensor);
  uint64_t entry = 0;
  for (size_t axis = 0; axis + 2 < b.size(); ++axis) entry = entry * b[axis] + low.at[axis];
  return entry;
}

Value OperandMaker::value_of(uint32_t tensor, const Low& low) const {
  Value value;
  value.tensor = tables_.tensor_id[tensor];
  for (size_t axis = 0; axis < layout_.graph.shape(tensor).size(); ++axis) {
    value.low[axis] = low.at[axis];
    value.extent[axis] = 1;
  }
  return value;
}

}  // namespace rondo::direct
