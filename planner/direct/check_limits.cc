#include "planner/direct/check_limits.h"

#include <algorithm>
#include <string>

#include "planner/direct/tuning.h"

namespace rondo::direct {

Status check_counts(const SegmentedGraph& graph) {
  uint64_t ops = 0;
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    const Segment& segment = graph.segment_of_group(index);
    const uint64_t blocks = (segment.rows + uint64_t{segment.block_rows} - 1) / segment.block_rows;
    // A matmul may pack for every product, in prepare or in the replay.
    uint64_t here = blocks;
    if (group.kind == OperatorKind::kMatmul) here = 2 * std::max(blocks, graph.products(group));
    ops += here;
    if (here > kMaxOps || ops > kMaxOps)
      return make_error(ErrorCode::kTooComplex,
                        graph.titled(group) + " needs " + std::to_string(here) + " operations, the graph until there " +
                            std::to_string(ops) + "; a schedule holds at most " + std::to_string(kMaxOps),
                        graph.main_operator(group).place);
  }
  uint64_t bindings = 0;
  for (uint32_t tensor = 0; tensor < graph.source.tensors.size(); ++tensor) bindings += graph.is_bound(tensor) ? 1 : 0;
  constexpr uint64_t kMostBindings = 65000;  // operands name their base with 16 bits
  if (bindings > kMostBindings)
    return make_error(ErrorCode::kTooComplex, "the graph has " + std::to_string(bindings) +
                                                  " inputs, constants and outputs; a schedule binds at most " +
                                                  std::to_string(kMostBindings));
  return {};
}

uint64_t host_bytes(const DirectLayout& layout) {
  uint64_t bytes = layout.packing.prepared_bytes + layout.places.placement.host_bytes;
  for (uint32_t tensor = 0; tensor < layout.graph.source.tensors.size(); ++tensor)
    if (layout.graph.is_bound(tensor)) bytes += rounded(bytes_of(layout.graph.source.tensors[tensor]));
  return bytes;
}

Status check_fit(const DirectLayout& layout, const MachineSpace& host) {
  const SegmentedGraph& graph = layout.graph;
  const uint64_t needed = host_bytes(layout);
  if (needed <= host.capacity_bytes) return {};
  uint32_t largest = 0;
  uint64_t most = 0;
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    uint64_t bytes = bytes_of(graph.source.tensors[graph.groups[index].output]);
    for (uint32_t tensor : graph.groups[index].inputs) bytes += bytes_of(graph.source.tensors[tensor]);
    if (bytes > most) most = bytes, largest = index;
  }
  const FusedGroup& group = graph.groups[largest];
  return make_error(ErrorCode::kDoesNotFit,
                    "the graph needs " + std::to_string(needed) + " bytes of space '" + host.name + "', which has " +
                        std::to_string(host.capacity_bytes) + "; most of them for " + graph.titled(group) +
                        ", which touches " + std::to_string(most),
                    graph.main_operator(group).place);
}

}  // namespace rondo::direct
