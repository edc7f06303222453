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

namespace {

// A copied tensor that one blocked segment alone touches, row block by row block, is
// held so too.
void take_in_copied(SegmentedGraph& graph) {
  constexpr uint32_t kApart = kNone - 1;
  std::vector<uint32_t> home(graph.source.tensors.size(), kNone);
  const auto touch = [&](uint32_t tensor, uint32_t index, bool sliced) {
    if (!graph.is_copied(tensor)) return;
    const uint32_t segment = graph.segment_of[index], known = home[graph.root(tensor)];
    const bool fits = sliced && graph.views.keeps_rows(graph.source, tensor) && graph.segments[segment].blocked() &&
                      (known == kNone || known == segment);
    home[graph.root(tensor)] = fits ? segment : kApart;
  };
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    for (uint32_t i = 0; i < group.inputs.size(); ++i) touch(group.inputs[i], index, is_sliced(graph.source, group, i));
    if (group.bias != kNone) touch(group.bias, index, false);
    touch(group.output, index, true);
  }
  for (uint32_t tensor = 0; tensor < home.size(); ++tensor)
    if (home[tensor] < graph.segments.size()) graph.internal[tensor] = home[tensor];
}

}  // namespace

SegmentedGraph segment_graph(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  SegmentedGraph made{graph, view_tensors(graph), {}, {}, {}, {}, {}, 0, false};
  for (FusedGroup& group : fuse_epilogues(graph, options.fuse))
    if (!is_view(group.kind) || made.views.copies[group.main] != 0) made.groups.push_back(std::move(group));
  const MachineSpace* scratch = machine.space(SpaceKind::kScratch);
  made.scratch_capacity_bytes = scratch == nullptr ? 0 : scratch->capacity_bytes;
  if (scratch != nullptr && options.scratch_bytes != 0)
    made.scratch_capacity_bytes = std::min(made.scratch_capacity_bytes, options.scratch_bytes);
  made.on_device = machine.space(SpaceKind::kDevice) != nullptr;
  made.segments = cut_segments(graph, made.views, made.groups, made.scratch_capacity_bytes);
  made.internal = internal_tensors(graph, made.views, made.groups, made.segments);
  made.segment_of.resize(made.groups.size());
  for (uint32_t index = 0; index < made.segments.size(); ++index)
    for (uint32_t i = 0; i < made.segments[index].count; ++i) made.segment_of[made.segments[index].first + i] = index;
  if (made.on_device) take_in_copied(made);
  made.last_reader.assign(graph.tensors.size(), kNone);
  for (uint32_t index = 0; index < made.groups.size(); ++index) {
    for (uint32_t tensor : made.groups[index].inputs) made.last_reader[made.root(tensor)] = index;
    if (made.groups[index].bias != kNone) made.last_reader[made.root(made.groups[index].bias)] = index;
  }
  return made;
}

uint64_t bytes_of(const GraphTensor& tensor) {
  uint64_t bytes = size_of(tensor.dtype);
  for (uint32_t extent : tensor.shape) bytes *= extent;
  return bytes;
}

uint64_t SegmentedGraph::pitch(uint32_t root, uint32_t columns) const {
  const GraphTensor& tensor = source.tensors[root];
  const uint64_t row = size_of(tensor.dtype) * columns;
  const bool apart = views.dense[root] == 0 && tensor.shape.size() > 1;
  return apart && row % kPitchMultiple == 0 ? row + kPitchPad : row;
}

}  // namespace rondo::direct
