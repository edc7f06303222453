#include "planner/direct/segment_graph.h"

#include <algorithm>

#include "planner/direct/tuning.h"

namespace rondo::direct {

std::string SegmentedGraph::titled(const FusedGroup& group) const {
  return std::string(info(group.kind).name) + " '" + main_operator(group).name + "'";
}

uint64_t SegmentedGraph::products(const FusedGroup& group) const {
  uint64_t count = 1;
  const std::vector<uint32_t>& out = shape(group.output);
  for (size_t axis = 0; axis + 2 < out.size(); ++axis) count *= out[axis];
  return count;
}

SegmentedGraph segment_graph(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  SegmentedGraph made{graph, {}, {}, {}, {}, {}, 0};
  made.groups = fuse_epilogues(graph, options.fuse);
  const MachineSpace* scratch = machine.space(SpaceKind::kScratch);
  made.scratch_capacity_bytes = scratch == nullptr ? 0 : scratch->capacity_bytes;
  if (scratch != nullptr && options.scratch_bytes != 0)
    made.scratch_capacity_bytes = std::min(made.scratch_capacity_bytes, options.scratch_bytes);
  made.segments = cut_segments(graph, made.groups, made.scratch_capacity_bytes);
  made.internal = internal_tensors(graph, made.groups, made.segments);
  made.segment_of.resize(made.groups.size());
  for (uint32_t index = 0; index < made.segments.size(); ++index)
    for (uint32_t i = 0; i < made.segments[index].count; ++i) made.segment_of[made.segments[index].first + i] = index;
  made.last_reader.assign(graph.tensors.size(), kNone);
  for (uint32_t index = 0; index < made.groups.size(); ++index) {
    for (uint32_t tensor : made.groups[index].inputs) made.last_reader[tensor] = index;
    if (made.groups[index].bias != kNone) made.last_reader[made.groups[index].bias] = index;
  }
  return made;
}

uint64_t bytes_of(const GraphTensor& tensor) {
  uint64_t bytes = size_of(tensor.dtype);
  for (uint32_t extent : tensor.shape) bytes *= extent;
  return bytes;
}

uint64_t pitch_of(const GraphTensor& tensor) {
  const uint64_t row = size_of(tensor.dtype) * tensor.shape.back();
  return tensor.shape.size() > 1 && row % kPitchMultiple == 0 ? row + kPitchPad : row;
}

}  // namespace rondo::direct
