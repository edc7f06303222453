#include "planner/direct/make_operands.h"

#include <algorithm>

namespace rondo::direct {

Walks walks_of(const Box& box, size_t rank) {
  Walks walks;
  for (size_t axis = 0; axis < rank; ++axis) walks.push_back({static_cast<uint8_t>(axis), box.extent[axis]});
  return walks;
}

Low low_of(const Box& box) {
  Low low;
  std::copy_n(box.low, kMaxRank, low.at);
  return low;
}

Walks OperandMaker::label_walks(const TensorView& of, const Walks& walks) const {
  Walks made = walks;
  for (Walk& walk : made)
    if (walk.tensor_axis != kBroadcast) walk.tensor_axis = of.axis[walk.tensor_axis];
  return made;
}

Low OperandMaker::label_low(const TensorView& of, const Low& low) const {
  Low made;
  for (size_t axis = 0; axis < kMaxRank; ++axis) made.at[axis] = of.low[axis];
  for (size_t axis = 0; axis < kMaxRank; ++axis)
    if (of.axis[axis] != kNoAxis) made.at[of.axis[axis]] += low.at[axis];
  return made;
}

OperandSpec OperandMaker::box(uint32_t tensor, const Walks& walks, const Low& low, Access access) {
  const TensorView& of = layout_.graph.views.of[tensor];
  const Moving& filled = layout_.graph.source.tensors[tensor].filled;
  View view;
  if (filled.moves())
    for (size_t axis = 0; axis < walks.size(); ++axis)
      if (walks[axis].tensor_axis == 0) {
        view.scalar = filled.scalar;
        view.extent_axis = static_cast<uint8_t>(axis);
        view.extent_scale = 1;
        view.extent_bias = filled.plus - low.at[0];
      }
  return labelled(of.label, label_walks(of, walks), label_low(of, low), of.shift, of.shift_axis, view, access);
}

OperandSpec OperandMaker::appended(uint32_t group, const Walks& walks, const Low& low) {
  const FusedGroup& it = layout_.graph.groups[group];
  const Moving& at = layout_.graph.main_operator(it).begin;
  Low from = low;
  if (!at.moves()) from.at[0] += static_cast<uint32_t>(at.plus);
  return labelled(layout_.graph.root(it.output), walks, from, at, 0, {}, Access::kWrite);
}

OperandSpec OperandMaker::copy_source(uint32_t output, const Walks& walks, const Low& low) {
  const TensorView& of = layout_.graph.views.copy_sources.at(output);
  return labelled(of.label, label_walks(of, walks), label_low(of, low), of.shift, of.shift_axis, {}, Access::kRead);
}

OperandSpec OperandMaker::whole_label(uint32_t label, Access access) {
  const Label& of = layout_.graph.views.labels[label];
  Walks walks;
  for (size_t axis = 0; axis < of.shape.size(); ++axis) walks.push_back({static_cast<uint8_t>(axis), of.shape[axis]});
  return labelled(label, walks, {}, {}, kNoAxis, {}, access);
}

OperandSpec OperandMaker::bound(uint32_t tensor, const Box& box, Access access) {
  return labelled(tensor, walks_of(box, layout_.graph.shape(tensor).size()), low_of(box), {}, kNoAxis, {}, access,
                  true);
}

OperandSpec OperandMaker::copied(uint32_t tensor, const Box& box, Access access) {
  return labelled(tensor, walks_of(box, layout_.graph.shape(tensor).size()), low_of(box), {}, kNoAxis, {}, access,
                  false);
}

OperandSpec OperandMaker::labelled(uint32_t label, const Walks& walks, const Low& low, const Moving& shift,
                                   uint8_t shift_axis, View view, Access access) {
  const uint32_t root = layout_.graph.views.labels[label].root;
  return labelled(label, walks, low, shift, shift_axis, view, access,
                  layout_.graph.is_bound(root) && !layout_.graph.is_copied(root));
}

OperandSpec OperandMaker::labelled(uint32_t label, const Walks& walks, const Low& low, const Moving& shift,
                                   uint8_t shift_axis, View view, Access access, bool in_binding) {
  const SegmentedGraph& graph = layout_.graph;
  Label of = graph.views.labels[label];
  GraphTensor root = graph.source.tensors[of.root];
  Low origin;
  if (!in_binding) origin.at[0] = origin_[of.root];
  // Of a tensor that lanes hold in parts the place has the lane's part, and no more.
  if (layout_.deal.is_held(of.root)) {
    const Box& held = layout_.deal.held[of.root][lane_];
    std::copy_n(held.extent, root.shape.size(), root.shape.begin());
    std::copy_n(held.low, kMaxRank, origin.at);
    of.shape = root.shape;
  }
  const uint64_t pitch =
      in_binding ? uint64_t{root.shape.back()} * size_of(root.dtype) : graph.pitch(of.root, root.shape.back());
  const std::vector<int64_t> stride = label_strides(of, root, pitch);

  OperandSpec spec;
  const Address address = in_binding
                              ? Address{tables_.binding[of.root], 0}
                              : tables_.at(layout_.places.placement.places[layout_.places.buffer[of.root]], lane_);
  spec.base = address.base;
  spec.offset_bytes = address.offset_bytes;
  if (!in_binding && turn_[of.root] != 0) spec.offset_bytes += copied_block_bytes(graph, of.root);
  for (size_t axis = 0; axis < of.shape.size(); ++axis)
    spec.offset_bytes += (low.at[axis] - origin.at[axis]) * static_cast<uint64_t>(stride[axis]);
  spec.access = access;

  view.rank = static_cast<uint8_t>(walks.size());
  view.dtype = static_cast<uint8_t>(root.dtype);
  Value value = value_of(label, low);
  for (size_t axis = 0; axis < walks.size(); ++axis) {
    view.extent[axis] = walks[axis].extent;
    value.axis[axis] = walks[axis].tensor_axis;
    if (walks[axis].tensor_axis == kBroadcast) continue;
    view.stride_bytes[axis] = stride[walks[axis].tensor_axis];
    value.extent[walks[axis].tensor_axis] = walks[axis].extent;
  }
  if (shift.moves()) {
    view.scalar = shift.scalar;
    view.offset_scale = 1;
    view.offset_bias = shift.plus;
    view.offset_modulus = of.shape[shift_axis];
    view.offset_step_bytes = stride[shift_axis];
    value.moves_along = static_cast<uint8_t>(1 + shift_axis);
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
  const TensorView& of = layout_.graph.views.of[right.tensor];
  Value value = value_of(of.label, label_low(of, low));
  value.axis[0] = of.axis[right.n_axis];
  value.axis[1] = of.axis[right.k_axis];
  value.extent[value.axis[0]] = columns;
  value.extent[value.axis[1]] = right.k;
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

Value OperandMaker::value_of(uint32_t label, const Low& low) const {
  Value value;
  value.tensor = tables_.label_id[label];
  for (size_t axis = 0; axis < layout_.graph.views.labels[label].shape.size(); ++axis) {
    value.low[axis] = low.at[axis];
    value.extent[axis] = 1;
  }
  return value;
}

}  // namespace rondo::direct
