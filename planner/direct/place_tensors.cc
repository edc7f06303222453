#include "planner/direct/place_tensors.h"

#include <algorithm>

namespace rondo::direct {
namespace {

// A whole tensor that a blocked segment touches lives through all of it: every
// block runs all its groups again.
void widen(const SegmentedGraph& graph, uint32_t group, Buffer& buffer) {
  const Segment& segment = graph.segment_of_group(group);
  buffer.first = std::min(buffer.first, segment.blocked() ? segment.first : group);
  buffer.last = std::max(buffer.last, segment.blocked() ? segment.first + segment.count - 1 : group);
}

// The input whose place the result may take: dead after this group, of the same
// shape, and read once by it. kNone if there is none.
uint32_t reusable_input(const SegmentedGraph& graph, uint32_t index) {
  const FusedGroup& group = graph.groups[index];
  if (group.kind == OperatorKind::kMatmul || graph.is_bound(group.output)) return kNone;
  const bool commutes = group.kind == OperatorKind::kAdd || group.kind == OperatorKind::kMul;
  for (uint32_t i = 0; i < (commutes ? 2u : 1u); ++i) {
    const uint32_t input = group.inputs[i];
    if (graph.is_bound(input) || graph.last_reader[input] != index) continue;
    if (graph.shape(input) != graph.shape(group.output)) continue;
    if (std::count(group.inputs.begin(), group.inputs.end(), input) != 1) continue;
    if (graph.is_blocked(input) != graph.is_blocked(group.output)) continue;
    // Within blocks a whole input may be read by other groups of later blocks.
    if (graph.segment_of_group(index).blocked() && !graph.is_blocked(input)) continue;
    return i;
  }
  return kNone;
}

// Of the rows that are held at a time.
uint64_t held_bytes(const SegmentedGraph& graph, uint32_t index) {
  const GraphTensor& tensor = graph.source.tensors[index];
  const uint64_t bytes = bytes_of(tensor) / tensor.shape.back() / size_of(tensor.dtype) * pitch_of(tensor);
  if (!graph.is_blocked(index)) return bytes;
  return bytes / tensor.shape[0] * graph.segments[graph.internal[index]].block_rows;
}

}  // namespace

TensorPlaces place_tensors(const SegmentedGraph& graph, const Packing& packing) {
  TensorPlaces places;
  std::vector<Buffer> buffers = packing.buffers;
  places.buffer.assign(graph.source.tensors.size(), kNone);
  places.in_place.assign(graph.groups.size(), kNone);
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    if (graph.is_bound(group.output)) continue;
    const uint32_t reused = places.in_place[index] = reusable_input(graph, index);
    if (reused != kNone) {
      places.buffer[group.output] = places.buffer[group.inputs[reused]];
    } else {
      places.buffer[group.output] = static_cast<uint32_t>(buffers.size());
      buffers.push_back({held_bytes(graph, group.output), index, index});
    }
  }
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    std::vector<uint32_t> touched = graph.groups[index].inputs;
    if (graph.groups[index].bias != kNone) touched.push_back(graph.groups[index].bias);
    touched.push_back(graph.groups[index].output);
    for (uint32_t tensor : touched) {
      if (places.buffer[tensor] == kNone) continue;
      Buffer& buffer = buffers[places.buffer[tensor]];
      if (graph.is_blocked(tensor))
        buffer.first = std::min(buffer.first, index), buffer.last = std::max(buffer.last, index);
      else
        widen(graph, index, buffer);
    }
  }
  places.placement = place_buffers(buffers, graph.scratch_capacity_bytes);
  return places;
}

}  // namespace rondo::direct
