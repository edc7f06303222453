#include "planner/direct/emit/emit_group.h"

#include <algorithm>

#include "planner/direct/emit/emit_attention.h"
#include "planner/direct/emit/emit_copies.h"
#include "planner/direct/emit/emit_indexed.h"
#include "planner/direct/emit/emit_maps.h"
#include "planner/direct/emit/emit_matmul.h"
#include "planner/direct/emit/emit_reduction.h"

namespace rondo::direct {

CutSteps cut_steps(const DirectLayout& layout, uint32_t index) {
  const SegmentedGraph& graph = layout.graph;
  const FusedGroup& group = graph.groups[index];
  const std::vector<uint32_t>& shape = graph.written_shape(group);
  const size_t last = shape.size() - 1;
  CutSteps steps;
  std::fill_n(steps.step.begin(), shape.size(), 1u);
  switch (group.kind) {
    case OperatorKind::kMatmul:
      // Packed columns are read by whole panels.
      steps.step[last] = std::max(1u, layout.packing.rights[index].panel_width);
      break;
    case OperatorKind::kSoftmax:
    case OperatorKind::kLayerNorm:
    case OperatorKind::kRmsNorm:
      steps.step[last] = kWhole;
      break;
    case OperatorKind::kAttention:
      steps.step[last - 1] = kWhole;
      [[fallthrough]];
    case OperatorKind::kRotary:
      steps.step[last] = shape[last] / graph.main_operator(group).heads;
      break;
    // New rows of a state are written by one op: where they begin may be a scalar's to say.
    case OperatorKind::kAppend:
    case OperatorKind::kScatter:
      steps.step[0] = kWhole;
      break;
    case OperatorKind::kReshape:
      if (graph.views.copy_labels.count(group.output) != 0) std::fill_n(steps.step.begin(), shape.size(), kWhole);
      break;
    default:
      break;
  }
  return steps;
}

void emit_group(LaneEmitter& lane, uint32_t index, const Box& box) {
  const OperatorKind kind = lane.graph().groups[index].kind;
  switch (info(kind).family) {
    case OperatorFamily::kProduct:
      return emit_matmul(lane, index, box);
    case OperatorFamily::kPairwise:
    case OperatorFamily::kElementwise:
    case OperatorFamily::kRows:
      return emit_map(lane, index, box);
    case OperatorFamily::kReduction:
      return emit_reduction(lane, index, box);
    case OperatorFamily::kConcat:
      return emit_concat(lane, index, box);
    case OperatorFamily::kView:
      return emit_view_copy(lane, index, box);
    case OperatorFamily::kGather:
      return emit_gather(lane, index, box);
    case OperatorFamily::kRotary:
      return emit_rotary(lane, index, box);
    case OperatorFamily::kAttention:
      return emit_attention(lane, index, box);
    case OperatorFamily::kStateUpdate:
      return kind == OperatorKind::kAppend ? emit_append(lane, index, box) : emit_scatter(lane, index, box);
  }
}

}  // namespace rondo::direct
