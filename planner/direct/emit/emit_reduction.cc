#include "planner/direct/emit/emit_reduction.h"

#include <utility>

namespace rondo::direct {

void emit_reduction(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const GraphOperator& main = graph.main_operator(group);
  const std::vector<uint32_t>& in = graph.shape(group.inputs[0]);
  Walks from, to;
  Low from_low, to_low;
  uint8_t out_axis = 0;
  const auto rank = static_cast<uint8_t>(in.size());
  for (uint8_t axis = 0; axis < rank; ++axis) {
    if (axis == main.axis) {
      if (main.keep_axis) ++out_axis;  // one entry, which the op does not walk
      continue;
    }
    from.push_back({axis, box.extent[out_axis]});
    to.push_back({out_axis, box.extent[out_axis]});
    from_low.at[axis] = box.low[out_axis];
    to_low.at[out_axis] = box.low[out_axis];
    ++out_axis;
  }
  // The kernel reduces its last axis, whichever that is of the tensor.
  from.push_back({static_cast<uint8_t>(main.axis), in[static_cast<size_t>(main.axis)]});
  OpSpec op;
  op.kernel = info(group.kind).name;
  op.operands.push_back(lane.operands.box(group.inputs[0], from, from_low, Access::kRead));
  op.operands.push_back(lane.operands.box(group.output, to, to_low, Access::kWrite));
  lane.add(std::move(op));
}

}  // namespace rondo::direct
