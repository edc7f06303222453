#include "planner/direct/place_tensors.h"

#include <algorithm>
#include <utility>

namespace rondo::direct {
namespace {

// A whole tensor that a blocked segment touches lives through all of it: every
// block runs all its groups again.
void widen(const SegmentedGraph& graph, uint32_t group, Buffer& buffer) {
  const Segment& segment = graph.segment_of_group(group);
  buffer.first = std::min(buffer.first, segment.blocked() ? segment.first : group);
  buffer.last = std::max(buffer.last, segment.blocked() ? segment.first + segment.count - 1 : group);
}

// Every lane holds the same box of both, or all lanes share both.
bool lie_alike(const Deal& deal, uint32_t a, uint32_t b) {
  if (deal.is_held(a) != deal.is_held(b)) return false;
  return !deal.is_held(a) || deal.held[a] == deal.held[b];
}

// The input whose place the result may take: dead after this group, of the same
// shape, and read once by it. kNone if there is none.
uint32_t reusable_input(const SegmentedGraph& graph, const Deal& deal, uint32_t index) {
  const FusedGroup& group = graph.groups[index];
  if (graph.is_bound(group.output)) return kNone;
  for (uint32_t i = 0; i < reusable_inputs(group.kind); ++i) {
    const uint32_t input = group.inputs[i];
    if (!graph.views.is_root(input) || graph.is_bound(input) || graph.last_reader[input] != index) continue;
    if (graph.pitch(input) != graph.pitch(group.output)) continue;
    if (graph.shape(input) != graph.shape(group.output)) continue;
    const auto same_place = [&](uint32_t other) { return graph.root(other) == input; };
    if (std::count_if(group.inputs.begin(), group.inputs.end(), same_place) != 1) continue;
    if (graph.is_blocked(input) != graph.is_blocked(group.output) || !lie_alike(deal, input, group.output)) continue;
    // Within blocks a whole input may be read by other groups of later blocks.
    if (graph.segment_of_group(index).blocked() && !graph.is_blocked(input)) continue;
    return i;
  }
  return kNone;
}

// Of what a lane holds at a time.
uint64_t held_bytes(const SegmentedGraph& graph, const Deal& deal, uint32_t index) {
  const GraphTensor& tensor = graph.source.tensors[index];
  if (deal.is_held(index)) {
    uint64_t most = 0;
    for (const Box& box : deal.held[index]) {
      GraphTensor part = tensor;
      std::copy_n(box.extent, part.shape.size(), part.shape.begin());
      if (part.shape.back() != 0)
        most = std::max(
            most, bytes_of(part) / part.shape.back() / size_of(part.dtype) * graph.pitch(index, part.shape.back()));
    }
    return most;
  }
  const uint64_t bytes = bytes_of(tensor) / tensor.shape.back() / size_of(tensor.dtype) * graph.pitch(index);
  if (!graph.is_blocked(index)) return bytes;
  if (graph.is_copied(index)) return 2 * copied_block_bytes(graph, index);
  return bytes / tensor.shape[0] * graph.segments[graph.internal[index]].block_rows;
}

// Two lanes that need one matrix pack a copy each in their scratch, but share the
// one in host memory; matrices of their own are packed side by side there.
void deal_packing(const SegmentedGraph& graph, const Packing& packing, const Deal& deal, std::vector<Buffer>& buffers) {
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const RightOperand& right = packing.rights[index];
    if (right.buffer == kNone) continue;
    bool apart = right.entries > 1;
    const std::vector<uint32_t>& b_shape = graph.shape(right.tensor);
    const size_t rank = graph.shape(graph.groups[index].output).size(), missing = rank - b_shape.size();
    for (const Share& a : deal.shares[index])
      for (const Share& b : deal.shares[index]) {
        bool meet = a.lane != b.lane;
        for (size_t axis = missing; axis + 2 < rank; ++axis)
          if (b_shape[axis - missing] != 1)
            meet &= a.box.low[axis] < b.box.low[axis] + b.box.extent[axis] &&
                    b.box.low[axis] < a.box.low[axis] + a.box.extent[axis];
        apart &= !meet;
      }
    if (apart) buffers[right.buffer].host_copies = deal.lanes;
  }
}

}  // namespace

uint64_t copied_block_bytes(const SegmentedGraph& graph, uint32_t index) {
  const GraphTensor& tensor = graph.source.tensors[index];
  const uint64_t rows = bytes_of(tensor) / tensor.shape.back() / size_of(tensor.dtype) / tensor.shape[0];
  return rounded(rows * graph.pitch(index) * graph.segments[graph.internal[index]].block_rows);
}

TensorPlaces place_tensors(const SegmentedGraph& graph, const Packing& packing, const Deal& deal, uint32_t ahead) {
  TensorPlaces places;
  std::vector<Buffer> buffers = packing.buffers;
  if (deal.lanes > 1) deal_packing(graph, packing, deal, buffers);
  places.buffer.assign(graph.source.tensors.size(), kNone);
  places.in_place.assign(graph.groups.size(), kNone);
  // A place for a copied tensor, once.
  const auto copy_in = [&](uint32_t tensor, uint32_t index) {
    if (!graph.is_copied(tensor) || places.buffer[tensor] != kNone) return;
    const uint32_t copies = graph.is_blocked(tensor) ? deal.lanes : 1;
    places.buffer[tensor] = static_cast<uint32_t>(buffers.size());
    buffers.push_back({held_bytes(graph, deal, tensor), index, index, true, copies});
  };
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    for (uint32_t input : group.inputs) copy_in(graph.root(input), index);
    if (group.bias != kNone) copy_in(graph.root(group.bias), index);
    if (graph.is_bound(group.output)) {
      if (graph.is_copied(group.output)) copy_in(group.output, index);
      continue;
    }
    const uint32_t reused = places.in_place[index] = reusable_input(graph, deal, index);
    if (reused != kNone) {
      places.buffer[group.output] = places.buffer[group.inputs[reused]];
    } else {
      places.buffer[group.output] = static_cast<uint32_t>(buffers.size());
      const bool own = deal.lanes == 1 || deal.is_held(group.output) || graph.is_blocked(group.output);
      buffers.push_back({held_bytes(graph, deal, group.output), index, index, !own, own ? deal.lanes : 1});
    }
  }
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    std::vector<uint32_t> touched = graph.groups[index].inputs;
    if (graph.groups[index].bias != kNone) touched.push_back(graph.groups[index].bias);
    touched.push_back(graph.groups[index].output);
    for (uint32_t tensor : touched) {
      if (places.buffer[graph.root(tensor)] == kNone) continue;
      Buffer& buffer = buffers[places.buffer[graph.root(tensor)]];
      if (graph.is_blocked(tensor) && !graph.is_copied(tensor))
        buffer.first = std::min(buffer.first, index), buffer.last = std::max(buffer.last, index);
      else
        widen(graph, index, buffer);
    }
  }
  const auto last_group = static_cast<uint32_t>(graph.groups.size() - 1);
  for (uint32_t tensor = 0; tensor < places.buffer.size(); ++tensor) {
    if (!graph.is_copied(tensor) || graph.is_blocked(tensor) || places.buffer[tensor] == kNone) continue;
    Buffer& buffer = buffers[places.buffer[tensor]];
    if (graph.source.tensors[tensor].role == TensorRole::kInput)
      buffer.first -= std::min(buffer.first, ahead);
    else
      buffer.last += std::min(last_group - buffer.last, ahead);
    widen(graph, buffer.first, buffer);
    widen(graph, buffer.last, buffer);
  }
  places.placement = place_buffers(buffers, graph.scratch_capacity_bytes);
  places.buffers = std::move(buffers);
  return places;
}

}  // namespace rondo::direct
