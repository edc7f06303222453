#include "planner/direct/emit/emit_maps.h"

#include <bit>
#include <utility>
#include <vector>

#include "planner/epilogues/pointwise_kernel.h"

namespace rondo::direct {
namespace {

// What an input gives to a box of the output, along the output's axes from `first_axis` on.
OperandSpec map_input(LaneEmitter& lane, uint32_t input, uint32_t output, const Box& box, size_t first_axis) {
  const std::vector<uint32_t>&in = lane.graph().shape(input), &out = lane.graph().shape(output);
  const size_t missing = out.size() - in.size();
  Walks walks;
  Low low;
  for (size_t axis = first_axis; axis < out.size(); ++axis) {
    if (axis < missing || (in[axis - missing] == 1 && out[axis] != 1)) {
      walks.push_back({kBroadcast, box.extent[axis]});
      continue;
    }
    walks.push_back({static_cast<uint8_t>(axis - missing), box.extent[axis]});
    low.at[axis - missing] = box.low[axis];
  }
  return lane.operands.box(input, walks, low, Access::kRead);
}

}  // namespace

void emit_map(LaneEmitter& lane, uint32_t index, const Box& box) {
  const FusedGroup& group = lane.graph().groups[index];
  const size_t rank = lane.graph().shape(group.output).size();
  OpSpec op;
  op.kernel = pointwise_kernel(group.kind);
  std::vector<uint32_t> inputs = group.inputs;
  if (lane.layout.places.in_place[index] == 1) std::swap(inputs[0], inputs[1]);
  for (size_t i = 0; i < inputs.size(); ++i) {
    // gamma and beta have one axis of their own; every other input is broadcast to the output.
    const bool vector = (group.kind == OperatorKind::kLayerNorm || group.kind == OperatorKind::kRmsNorm) && i > 0;
    op.operands.push_back(map_input(lane, inputs[i], group.output, box, vector ? rank - 1 : 0));
  }
  Walks walks;
  Low low;
  for (size_t axis = 0; axis < rank; ++axis) {
    walks.push_back({static_cast<uint8_t>(axis), box.extent[axis]});
    low.at[axis] = box.low[axis];
  }
  op.operands.push_back(lane.operands.box(group.output, walks, low, Access::kWrite));
  const GraphOperator& main = lane.graph().main_operator(group);
  if (group.kind == OperatorKind::kGelu) op.params[0] = main.gelu_tanh ? 1 : 0;
  if (group.kind == OperatorKind::kLayerNorm || group.kind == OperatorKind::kRmsNorm)
    op.params[0] = std::bit_cast<uint32_t>(main.epsilon);
  lane.add(std::move(op));
}

}  // namespace rondo::direct
