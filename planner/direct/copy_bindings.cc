#include "planner/direct/copy_bindings.h"

#include <algorithm>
#include <utility>

#include "planner/direct/emit/emit_group.h"
#include "planner/direct/tuning.h"

namespace rondo::direct {
namespace {

// Boxes that are copied one after another: rows of the outermost axis that has more than one.
uint32_t blocks_of(const GraphTensor& tensor) {
  uint32_t rows = 1;
  for (const uint32_t extent : tensor.shape)
    if (rows == 1) rows = extent;
  const uint64_t blocks = std::clamp<uint64_t>(bytes_of(tensor) / kLeastCopiedBytes, 1, kMostCopiedBlocks);
  return static_cast<uint32_t>(std::min<uint64_t>(blocks, rows));
}

std::vector<Box> cut_evenly(const Box& whole, size_t rank, size_t last_axis, uint32_t parts, const CutSteps& steps) {
  size_t axis = 0;
  while (axis < last_axis && whole.extent[axis] <= 1) ++axis;
  if (axis >= rank || steps.step[axis] == kWhole) return {whole};
  const uint32_t units = whole.extent[axis] / steps.step[axis];
  parts = std::clamp<uint32_t>(parts, 1, std::max(1u, units));
  std::vector<Box> boxes;
  for (uint32_t part = 0; part < parts; ++part) {
    const auto low = static_cast<uint32_t>(uint64_t{units} * part / parts * steps.step[axis]);
    const auto end = part + 1 == parts ? whole.extent[axis]
                                       : static_cast<uint32_t>(uint64_t{units} * (part + 1) / parts * steps.step[axis]);
    Box box = whole;
    box.low[axis] += low;
    box.extent[axis] = end - low;
    boxes.push_back(box);
  }
  return boxes;
}

std::vector<Box> copied_boxes(const GraphTensor& tensor) {
  CutSteps steps;
  steps.step.fill(1);
  const size_t rank = tensor.shape.size();
  return cut_evenly(whole_box(tensor.shape), rank, rank == 1 ? 0 : rank - 1, blocks_of(tensor), steps);
}

void add_copy(LaneEmitter& lane, uint32_t stream, OperandSpec from, OperandSpec to) {
  OpSpec op;
  op.kernel = "copy";
  op.operands = {from, to};
  lane.add_to(stream, std::move(op));
}

void copy_in_by(LaneEmitter& lane, uint32_t stream, uint32_t tensor, const Box& box) {
  add_copy(lane, stream, lane.operands.bound(tensor, box, Access::kRead),
           lane.operands.copied(tensor, box, Access::kWrite));
}

void copy_out_by(LaneEmitter& lane, uint32_t stream, uint32_t tensor, const Box& box) {
  add_copy(lane, stream, lane.operands.copied(tensor, box, Access::kRead),
           lane.operands.bound(tensor, box, Access::kWrite));
}

}  // namespace

void cut_for_copies(const DirectLayout& layout, Deal& deal) {
  const SegmentedGraph& graph = layout.graph;
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    if (graph.segment_of_group(index).blocked()) continue;
    const FusedGroup& group = graph.groups[index];
    uint32_t parts = graph.is_copied(group.output) ? blocks_of(graph.source.tensors[group.output]) : 1;
    for (uint32_t i = 0; i < group.inputs.size(); ++i)
      if (graph.is_copied(group.inputs[i]) && is_sliced(graph.source, group, i))
        parts = std::max(parts, blocks_of(graph.source.tensors[group.inputs[i]]));
    const size_t rank = graph.shape(group.output).size();
    if (parts == 1 || rank < 2) continue;
    std::vector<Share> cut;
    for (const Share& share : deal.shares[index])
      for (const Box& box : cut_evenly(share.box, rank, rank - 1, parts, cut_steps(layout, index)))
        cut.push_back({share.lane, box});
    deal.shares[index] = std::move(cut);
  }
}

std::vector<std::vector<uint32_t>> copies_before(const DirectLayout& layout) {
  const SegmentedGraph& graph = layout.graph;
  std::vector<std::vector<uint32_t>> copies(graph.groups.size());
  // In the order in which they are first read: it is the order in which they are copied.
  const auto add = [&](uint32_t tensor, uint32_t reader) {
    if (!graph.is_copied(tensor) || graph.is_blocked(tensor) || layout.places.buffer[tensor] == kNone) return;
    if (graph.source.tensors[tensor].role != TensorRole::kInput) return;
    std::vector<uint32_t>& here = copies[std::min(reader, layout.places.buffers[layout.places.buffer[tensor]].first)];
    if (std::find(here.begin(), here.end(), tensor) == here.end()) here.push_back(tensor);
  };
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    for (const uint32_t input : graph.groups[index].inputs) add(graph.root(input), index);
    if (graph.groups[index].bias != kNone) add(graph.root(graph.groups[index].bias), index);
  }
  return copies;
}

// Copies that are no block of one lane are dealt to the engines of all.
void copy_in(LaneEmitter& lane, uint32_t tensor) {
  const std::vector<uint32_t>& streams = lane.tables.copy_in_streams;
  for (const Box& box : copied_boxes(lane.graph().source.tensors[tensor]))
    copy_in_by(lane, streams[lane.tables.copies_in++ % streams.size()], tensor, box);
}

void copy_out(LaneEmitter& lane, uint32_t tensor) {
  const std::vector<uint32_t>& streams = lane.tables.copy_out_streams;
  for (const Box& box : copied_boxes(lane.graph().source.tensors[tensor]))
    copy_out_by(lane, streams[lane.tables.copies_out++ % streams.size()], tensor, box);
}

void copy_in(LaneEmitter& lane, uint32_t tensor, const Box& box) {
  copy_in_by(lane, lane.tables.copy_in_streams[lane.number], tensor, box);
}

void copy_out(LaneEmitter& lane, uint32_t tensor, const Box& box) {
  copy_out_by(lane, lane.tables.copy_out_streams[lane.number], tensor, box);
}

}  // namespace rondo::direct
