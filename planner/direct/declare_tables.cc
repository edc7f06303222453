#include "planner/direct/declare_tables.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace rondo::direct {
namespace {

std::string arena_name(const Graph& graph, std::string wanted) {
  std::set<std::string_view> taken;
  for (const GraphTensor& tensor : graph.tensors) taken.insert(tensor.name);
  while (taken.count(wanted) != 0) wanted += "_";
  return wanted;
}

void declare_arenas(const DirectLayout& layout, const Machine& machine, Tables& tables) {
  ScheduleBuilder& builder = tables.builder;
  uint16_t host = 0, scratch = 0;
  for (const MachineSpace& space : machine.spaces) {
    const uint16_t index = builder.space(space.name, space.kind, space.capacity_bytes, space.align_bytes);
    if (space.kind == SpaceKind::kHost) host = index;
    if (space.kind == SpaceKind::kScratch) scratch = index;
  }
  const auto declare = [&](const char* name, uint16_t space, uint64_t bytes, OwnerKind owner, bool prepared) {
    if (bytes == 0) return uint16_t{0};
    return builder.arena(arena_name(layout.graph.source, name), space, bytes, owner, 0, prepared,
                         std::max<uint32_t>(kAlign, machine.spaces[space].align_bytes));
  };
  const Placement& placement = layout.places.placement;
  tables.packed_base = declare("packed", host, layout.packing.prepared_bytes, OwnerKind::kEveryone, true);
  tables.scratch_base = declare("work", scratch, placement.scratch_bytes, OwnerKind::kLane, false);
  tables.host_base = declare("overflow", host, placement.host_bytes, OwnerKind::kEveryone, false);
}

Role role_of(const GraphTensor& tensor) {
  if (tensor.role == TensorRole::kInput) return Role::kInput;
  return tensor.role == TensorRole::kConstant ? Role::kConstant : Role::kOutput;
}

}  // namespace

Tables declare_tables(const DirectLayout& layout, const Machine& machine) {
  const Graph& graph = layout.graph.source;
  Tables tables;
  declare_arenas(layout, machine, tables);
  tables.base.assign(graph.tensors.size(), 0);
  tables.offset_bytes.assign(graph.tensors.size(), 0);
  tables.tensor_id.assign(graph.tensors.size(), kNone);
  for (uint32_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
    const GraphTensor& it = graph.tensors[tensor];
    uint32_t named_base = kNone;
    if (layout.graph.is_bound(tensor)) {
      named_base = tables.base[tensor] = tables.builder.binding(it.name, role_of(it), it.dtype, it.shape);
    } else if (layout.places.buffer[tensor] != kNone) {
      const Place& place = layout.places.placement.places[layout.places.buffer[tensor]];
      tables.base[tensor] = place.in_scratch ? tables.scratch_base : tables.host_base;
      tables.offset_bytes[tensor] = place.offset_bytes;
    } else {
      continue;  // fused away
    }
    tables.tensor_id[tensor] = tables.builder.tensor(it.name, it.dtype, it.shape, named_base);
  }
  if (layout.packing.prepared_bytes != 0)
    tables.prepare_stream = tables.builder.stream("prepare", 0, Engine::kCompute, Part::kPrepare);
  tables.replay_stream = tables.builder.stream("compute", 0, Engine::kCompute, Part::kReplay);
  return tables;
}

}  // namespace rondo::direct
