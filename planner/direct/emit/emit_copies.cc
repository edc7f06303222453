#include "planner/direct/emit/emit_copies.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace rondo::direct {
namespace {

void assign(LaneEmitter& lane, OperandSpec source, OperandSpec target) {
  OpSpec op;
  op.kernel = "assign";
  op.operands = {source, target};
  lane.add(std::move(op));
}

}  // namespace

void emit_concat(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const size_t rank = graph.shape(group.output).size();
  const auto axis = static_cast<size_t>(graph.main_operator(group).axis);
  uint32_t at = 0;  // where the input begins in the output
  for (uint32_t input : group.inputs) {
    const uint32_t end = at + graph.shape(input)[axis];
    Box part = box;
    part.low[axis] = std::max(box.low[axis], at);
    const uint32_t last = std::min(box.low[axis] + box.extent[axis], end);
    if (part.low[axis] < last) {
      part.extent[axis] = last - part.low[axis];
      const Walks walks = walks_of(part, rank);
      Low from = low_of(part);
      from.at[axis] -= at;
      OperandSpec source = lane.operands.box(input, walks, from, Access::kRead);
      assign(lane, source, lane.operands.box(group.output, walks, low_of(part), Access::kWrite));
    }
    at = end;
  }
}

void emit_append(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const Walks walks = walks_of(box, graph.written_shape(group).size());
  OperandSpec source = lane.operands.box(group.inputs[1], walks, low_of(box), Access::kRead);
  assign(lane, source, lane.operands.appended(index, walks, low_of(box)));
}

void emit_view_copy(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  if (const auto label = graph.views.copy_labels.find(group.output); label != graph.views.copy_labels.end()) {
    const std::vector<uint32_t>& from = graph.shape(group.inputs[0]);
    OperandSpec source = lane.operands.box(group.inputs[0], walks_of(whole_box(from), from.size()), {}, Access::kRead);
    return assign(lane, source, lane.operands.whole_label(label->second, Access::kWrite));
  }
  const Walks walks = walks_of(box, graph.shape(group.output).size());
  OperandSpec source = lane.operands.copy_source(group.output, walks, low_of(box));
  assign(lane, source, lane.operands.box(group.output, walks, low_of(box), Access::kWrite));
}

}  // namespace rondo::direct
