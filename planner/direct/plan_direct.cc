// The passes, each relying on those before: groups and segments, what is packed,
// places, tables, operations, claims.
#include "planner/direct/plan_direct.h"

#include <utility>

#include "planner/claims/derive_claims.h"
#include "planner/direct/check_limits.h"
#include "planner/direct/choose_deal.h"
#include "planner/direct/choose_packing.h"
#include "planner/direct/copy_bindings.h"
#include "planner/direct/declare_tables.h"
#include "planner/direct/emit_operations.h"
#include "planner/direct/place_tensors.h"
#include "planner/direct/segment_graph.h"
#include "planner/direct/summarise_plan.h"

namespace rondo {
namespace direct {
namespace {

// Copies of a device begin as early, and end as late, as there is room for.
void place(DirectLayout& layout, const Machine& machine) {
  for (const uint32_t ahead : {kNone, 64u, 16u, 8u, 4u, 2u, 1u, 0u}) {
    layout.places = place_tensors(layout.graph, layout.packing, layout.deal, ahead);
    if (!layout.graph.on_device || fits(layout, machine)) return;
  }
}

// Packed copies are what one can do without when memory is short.
DirectLayout lay_out(SegmentedGraph graph, const Machine& machine) {
  DirectLayout layout{std::move(graph), {}, {}, {}};
  layout.deal = deal_to_one(layout.graph);
  for (uint32_t width : {static_cast<uint32_t>(machine.panel_width), 0u}) {
    layout.packing = choose_packing(layout.graph, width);
    place(layout, machine);
    if (fits(layout, machine)) break;
  }
  return layout;
}

// What the lanes share must lie in memory of all: where that is short, one lane has to do.
void spread(DirectLayout& layout, const Machine& machine, uint32_t lanes) {
  Deal one = std::exchange(layout.deal, choose_deal(layout, machine, lanes));
  if (layout.deal.lanes == 1) return;
  TensorPlaces places_of_one = layout.places;
  place(layout, machine);
  if (fits(layout, machine)) return;
  layout.deal = std::move(one);
  layout.places = std::move(places_of_one);
}

// Header, costs and claims around the operations.
Schedule finish_schedule(const DirectLayout& layout, const Machine& machine, const PlanOptions& options,
                         Tables tables) {
  Schedule& made = tables.builder.schedule();
  made.producer = "rondo direct planner";
  made.source = options.graph_name.empty() ? layout.graph.source.name : options.graph_name;
  made.backend = machine.backend;
  made.machine = machine.name;
  made.lane_count = layout.deal.lanes;
  for (const KernelCost& cost : machine.costs)
    for (const KernelRef& kernel : made.kernels)
      if (made.name(kernel.name) == cost.kernel) {
        tables.builder.cost(cost.kernel, cost.fixed_ns, cost.ns_per_flop, cost.ns_per_byte);
        break;
      }
  tables.builder.claim(ClaimKind::kLowerBound, static_cast<double>(least_bytes(layout.graph)), kLeastBytesMethod);
  Schedule schedule = tables.builder.finish();
  add_derived_claims(schedule);
  return schedule;
}

}  // namespace
}  // namespace direct

Result<Plan> plan_direct(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  using namespace direct;
  const MachineSpace* host = machine.space(SpaceKind::kHost);
  if (host == nullptr)
    return make_error(ErrorCode::kInvalidMachine, "machine '" + machine.name + "' has no space of kind host");
  if (!machine.direct_operands)
    return make_error(ErrorCode::kUnavailable,
                      "machine '" + machine.name + "' has no direct operands: its kernels reach scratch only");
  if (machine.space(SpaceKind::kDevice) != nullptr && machine.copy_in_engines == 0)
    return make_error(ErrorCode::kInvalidMachine,
                      "machine '" + machine.name + "' has a space of kind device and no engine that copies to it");
  if (machine.backend != "cpu" && machine.space(SpaceKind::kDevice) == nullptr)
    return make_error(
        ErrorCode::kInvalidMachine,
        "machine '" + machine.name + "' is of backend '" + machine.backend +
            "', whose kernels do not reach memory of the host: give it a space of kind device, or scratch "
            "with copy engines and direct_operands: false");
  SegmentedGraph segmented = segment_graph(graph, machine, options);
  if (Status status = check_counts(segmented); !status.ok()) return status.error();
  DirectLayout layout = lay_out(std::move(segmented), machine);
  if (const uint32_t lanes = options.lanes != 0 ? options.lanes : machine.lanes; lanes > 1)
    spread(layout, machine, lanes);
  if (layout.graph.on_device) cut_for_copies(layout, layout.deal);
  if (Status status = check_fit(layout, machine); !status.ok()) return status.error();
  Tables tables = declare_tables(layout, machine);
  if (Status status = emit_operations(layout, options, tables); !status.ok()) return status.error();
  Plan plan;
  plan.schedule = finish_schedule(layout, machine, options, std::move(tables));
  plan.summary = summarise_plan(layout, plan.schedule, machine);
  return plan;
}

}  // namespace rondo
