// What tests of whole staged plans share: files of the library, proofs, and what a
// schedule copies.
#pragma once
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <utility>
#include "rondo/load.h"
#include "rondo/plan.h"
#include "rondo/verify.h"

namespace rondo::testing {

inline Machine staged_machine(const std::string& name, uint32_t lanes = 1) {
  Result<Machine> machine = load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/" + name + ".yaml");
  EXPECT_TRUE(machine.ok()) << machine.error().to_string();
  if (!machine.ok()) return {};
  machine->lanes = lanes;
  return *std::move(machine);
}

inline Plan faithful_plan(const Graph& graph, const Machine& machine, const PlanOptions& options = {}) {
  Result<Plan> plan = plan_tiles(graph, machine, options);
  EXPECT_TRUE(plan.ok()) << plan.error().to_string();
  if (!plan.ok()) return {};
  const Verification checked = verify(plan->schedule);
  EXPECT_TRUE(checked.report.faithful()) << checked.report.summary();
  return *std::move(plan);
}

inline double makespan_ratio(const Plan& plan) {
  return plan.summary.makespan / plan.summary.bounds.back().value;  // bounds end with the makespan's
}

// Bytes that copies bring from each binding, by name.
inline std::map<std::string, uint64_t> bytes_brought(const Schedule& schedule) {
  std::map<std::string, uint64_t> bytes;
  for (const Op& op : schedule.ops) {
    if (op.kernel == kNoKernel || schedule.name(schedule.kernels[op.kernel].name) != "copy") continue;
    const Operand& from = schedule.operands[op.first_operand];
    if (schedule.is_arena(from.base)) continue;
    const View& view = schedule.views[from.view];
    uint64_t size = size_of(static_cast<DType>(view.dtype));
    for (uint8_t axis = 0; axis < view.rank; ++axis) size *= view.extent[axis];
    bytes[std::string(schedule.name(schedule.binding_of(from.base).name))] += size;
  }
  return bytes;
}

// Intermediates that leave scratch.
inline std::set<std::string> spilled(const Schedule& schedule) {
  std::set<std::string> names;
  for (const Arena& arena : schedule.arenas)
    if (schedule.spaces[arena.space].kind != static_cast<uint8_t>(SpaceKind::kScratch))
      names.emplace(schedule.name(arena.name));
  return names;
}

}  // namespace rondo::testing
