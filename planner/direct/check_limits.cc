#include "planner/direct/check_limits.h"

#include <algorithm>
#include <set>
#include <string>

#include "planner/direct/tuning.h"

namespace rondo::direct {

namespace {

// Ops of one block of rows of a group that is no product.
uint64_t ops_of_block(const SegmentedGraph& graph, const FusedGroup& group) {
  switch (group.kind) {
    case OperatorKind::kAttention:
    case OperatorKind::kRotary:
      return graph.main_operator(group).heads;
    case OperatorKind::kConcat:
      return group.inputs.size();
    default:
      return 1;
  }
}

// One op for each entry of the leading axes, however these are cut.
bool is_batched(OperatorKind kind) {
  return kind == OperatorKind::kMatmul || kind == OperatorKind::kAttention || kind == OperatorKind::kRotary ||
         kind == OperatorKind::kGather;
}

}  // namespace

Status check_counts(const SegmentedGraph& graph) {
  uint64_t ops = 0;
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    const Segment& segment = graph.segment_of_group(index);
    const uint64_t blocks = (segment.rows + uint64_t{segment.block_rows} - 1) / segment.block_rows;
    // A matmul may pack for every product, in prepare or in the replay.
    uint64_t here = is_batched(group.kind) ? std::max(blocks, graph.products(group)) : blocks;
    here *= group.kind == OperatorKind::kMatmul ? 2 : ops_of_block(graph, group);
    ops += here;
    if (here > kMaxOps || ops > kMaxOps)
      return make_error(ErrorCode::kTooComplex,
                        graph.titled(group) + " needs " + std::to_string(here) + " operations, the graph until there " +
                            std::to_string(ops) + "; a schedule holds at most " + std::to_string(kMaxOps),
                        graph.main_operator(group).place);
  }
  uint64_t bindings = 0;
  for (uint32_t tensor = 0; tensor < graph.source.tensors.size(); ++tensor)
    bindings += graph.views.is_root(tensor) && graph.is_bound(tensor) ? 1 : 0;
  constexpr uint64_t kMostBindings = 65000;  // operands name their base with 16 bits
  if (bindings > kMostBindings)
    return make_error(ErrorCode::kTooComplex, "the graph has " + std::to_string(bindings) +
                                                  " inputs, constants and outputs; a schedule binds at most " +
                                                  std::to_string(kMostBindings));
  return {};
}

SharedBytes shared_bytes(const DirectLayout& layout) {
  const SegmentedGraph& graph = layout.graph;
  const uint64_t arenas = layout.packing.prepared_bytes + layout.places.placement.host_bytes;
  SharedBytes bytes;
  bytes.device = graph.on_device ? arenas : 0;
  for (uint32_t tensor = 0; tensor < graph.source.tensors.size(); ++tensor) {
    if (!graph.views.is_root(tensor) || !graph.is_bound(tensor)) continue;
    const GraphTensor& it = graph.source.tensors[tensor];
    const bool state = it.role == TensorRole::kState, table = it.role == TensorRole::kTable;
    if (graph.on_device && (state || table)) bytes.device += rounded(bytes_of(it));
    if (!graph.on_device || !state) bytes.host += rounded(bytes_of(it));  // the host keeps a table to copy it
  }
  if (!graph.on_device) {
    bytes.host += arenas;
    return bytes;
  }
  std::set<uint32_t> read;
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    const FusedGroup& group = graph.groups[index];
    for (uint32_t i = 0; i < group.inputs.size(); ++i)
      if (i != 1 || !layout.packing.rights[index].prepared) read.insert(graph.root(group.inputs[i]));
    if (group.bias != kNone) read.insert(graph.root(group.bias));
  }
  for (const uint32_t tensor : read)
    if (graph.source.tensors[tensor].role == TensorRole::kConstant)
      bytes.device += rounded(bytes_of(graph.source.tensors[tensor]));
  return bytes;
}

bool fits(const DirectLayout& layout, const Machine& machine) {
  const SharedBytes needed = shared_bytes(layout);
  const MachineSpace* device = machine.space(SpaceKind::kDevice);
  return needed.host <= machine.space(SpaceKind::kHost)->capacity_bytes &&
         (device == nullptr || needed.device <= device->capacity_bytes);
}

Status check_fit(const DirectLayout& layout, const Machine& machine) {
  const SegmentedGraph& graph = layout.graph;
  if (fits(layout, machine)) return {};
  const SharedBytes needed_of = shared_bytes(layout);
  const MachineSpace& host = *machine.space(SpaceKind::kHost);
  const MachineSpace& space = needed_of.host > host.capacity_bytes ? host : *machine.space(SpaceKind::kDevice);
  const uint64_t needed = &space == &host ? needed_of.host : needed_of.device;
  uint32_t largest = 0;
  uint64_t most = 0;
  for (uint32_t index = 0; index < graph.groups.size(); ++index) {
    uint64_t bytes = bytes_of(graph.source.tensors[graph.groups[index].output]);
    for (uint32_t tensor : graph.groups[index].inputs) bytes += bytes_of(graph.source.tensors[tensor]);
    if (bytes > most) most = bytes, largest = index;
  }
  const FusedGroup& group = graph.groups[largest];
  return make_error(ErrorCode::kDoesNotFit,
                    "the graph needs " + std::to_string(needed) + " bytes of space '" + space.name + "', which has " +
                        std::to_string(space.capacity_bytes) + "; most of them for " + graph.titled(group) +
                        ", which touches " + std::to_string(most),
                    graph.main_operator(group).place);
}

}  // namespace rondo::direct
