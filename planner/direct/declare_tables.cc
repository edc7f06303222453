#include "planner/direct/declare_tables.h"

#include <algorithm>
#include <string>

#include "planner/direct/declare_bindings.h"

namespace rondo::direct {
namespace {

void declare_arenas(const DirectLayout& layout, const Machine& machine, Tables& tables) {
  ScheduleBuilder& builder = tables.builder;
  uint16_t host = 0, scratch = 0, device = 0;
  for (const MachineSpace& space : machine.spaces) {
    const uint16_t index = builder.space(space.name, space.kind, space.capacity_bytes, space.align_bytes);
    if (space.kind == SpaceKind::kHost) host = index;
    if (space.kind == SpaceKind::kScratch) scratch = index;
    if (space.kind == SpaceKind::kDevice) device = index;
  }
  const uint16_t shared = layout.graph.on_device ? device : host;
  const auto declare = [&](const std::string& name, uint16_t space, uint64_t bytes, OwnerKind owner, uint32_t lane,
                           bool prepared) {
    if (bytes == 0) return uint16_t{0};
    return builder.arena(free_name(layout.graph.source, name), space, bytes, owner, lane, prepared,
                         std::max<uint32_t>(kAlign, machine.spaces[space].align_bytes));
  };
  const Placement& placement = layout.places.placement;
  tables.packed_base = declare("packed", shared, layout.packing.prepared_bytes, OwnerKind::kEveryone, 0, true);
  const uint32_t lanes = layout.deal.lanes;
  for (uint32_t lane = 0; lane < lanes; ++lane)
    tables.scratch_bases.push_back(declare("work" + (lanes == 1 ? std::string() : std::to_string(lane)), scratch,
                                           placement.scratch_bytes, OwnerKind::kLane, lane, false));
  tables.shared_base = declare(lanes == 1 && !layout.graph.on_device ? "overflow" : "shared", shared,
                               placement.host_bytes, OwnerKind::kEveryone, 0, false);
}

}  // namespace

Tables declare_tables(const DirectLayout& layout, const Machine& machine) {
  const Graph& graph = layout.graph.source;
  Tables tables;
  declare_arenas(layout, machine, tables);
  tables.binding.assign(graph.tensors.size(), 0);
  tables.label_id.assign(layout.graph.views.labels.size(), kNone);
  for (const GraphScalar& scalar : graph.scalars)
    tables.builder.schedule().scalars.push_back({tables.builder.name(scalar.name), 0, scalar.min, scalar.max});
  for (uint32_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
    const GraphTensor& it = graph.tensors[tensor];
    if (!layout.graph.views.is_root(tensor)) continue;
    uint32_t named_base = kNone;
    if (layout.graph.is_bound(tensor)) {
      named_base = tables.binding[tensor] = declare_binding(it, tables.builder);
    } else if (layout.places.buffer[tensor] == kNone) {
      continue;  // fused away
    }
    tables.label_id[tensor] = tables.builder.tensor(it.name, it.dtype, it.shape, named_base);
  }
  declare_aliases(graph, layout.graph.views, tables.builder, tables.label_id);
  if (layout.packing.prepared_bytes != 0)
    tables.prepare_stream = tables.builder.stream("prepare", 0, Engine::kCompute, Part::kPrepare);
  for (uint32_t lane = 0; lane < layout.deal.lanes; ++lane)
    tables.replay_streams.push_back(
        tables.builder.stream("compute" + (layout.deal.lanes == 1 ? std::string() : std::to_string(lane)), lane,
                              Engine::kCompute, Part::kReplay));
  if (layout.graph.on_device) {
    const auto in_flight = static_cast<uint16_t>(std::clamp(machine.copy_in_flight, 1u, 0xffffu));
    const bool both = machine.copy_out_engines == 0, alone = layout.deal.lanes == 1;
    const auto copy_streams = [&](const std::string& name, Engine engine) {
      std::vector<uint32_t> streams;
      for (uint32_t lane = 0; lane < layout.deal.lanes; ++lane)
        streams.push_back(tables.builder.stream(name + (alone ? std::string() : std::to_string(lane)), lane, engine,
                                                Part::kReplay, in_flight));
      return streams;
    };
    tables.copy_in_streams = copy_streams(both ? "copy" : "copy-in", Engine::kCopyIn);
    tables.copy_out_streams = both ? tables.copy_in_streams : copy_streams("copy-out", Engine::kCopyOut);
  }
  return tables;
}

}  // namespace rondo::direct
