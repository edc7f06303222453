#include "planner/direct/emit/emit_group.h"

#include <algorithm>

#include "planner/direct/emit/emit_maps.h"
#include "planner/direct/emit/emit_matmul.h"

namespace rondo::direct {

CutSteps cut_steps(const DirectLayout& layout, uint32_t index) {
  const FusedGroup& group = layout.graph.groups[index];
  const size_t rank = layout.graph.shape(group.output).size();
  CutSteps steps;
  std::fill_n(steps.step.begin(), rank, 1u);
  switch (group.kind) {
    case OperatorKind::kMatmul:
      // Packed columns are read by whole panels.
      steps.step[rank - 1] = std::max(1u, layout.packing.rights[index].panel_width);
      break;
    case OperatorKind::kSoftmax:
    case OperatorKind::kLayerNorm:
      steps.step[rank - 1] = kWhole;
      break;
    case OperatorKind::kAdd:
    case OperatorKind::kMul:
    case OperatorKind::kBias:
    case OperatorKind::kRelu:
    case OperatorKind::kGelu:
      break;
  }
  return steps;
}

void emit_group(LaneEmitter& lane, uint32_t index, const Box& box) {
  switch (lane.graph().groups[index].kind) {
    case OperatorKind::kMatmul:
      return emit_matmul(lane, index, box);
    case OperatorKind::kAdd:
    case OperatorKind::kBias:
      return emit_map(lane, index, box, "add");
    case OperatorKind::kMul:
      return emit_map(lane, index, box, "mul");
    case OperatorKind::kRelu:
      return emit_map(lane, index, box, "relu");
    case OperatorKind::kGelu:
      return emit_map(lane, index, box, "gelu");
    case OperatorKind::kSoftmax:
      return emit_map(lane, index, box, "softmax");
    case OperatorKind::kLayerNorm:
      return emit_map(lane, index, box, "layer_norm");
  }
}

}  // namespace rondo::direct
