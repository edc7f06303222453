// A direct plan in numbers, and the bounds they are held against.
#pragma once
#include <cstdint>
#include <string_view>

#include "planner/direct/place_tensors.h"
#include "rondo/machine.h"
#include "rondo/plan.h"

namespace rondo::direct {

inline constexpr std::string_view kLeastBytesMethod =
    "bytes: every input and constant read once, every output written once";
uint64_t least_bytes(const SegmentedGraph& graph);

// `schedule` must carry its derived claims. Unlike the claim, the makespan counts the
// machine's token_ns between lanes.
PlanSummary summarise_plan(const DirectLayout& layout, const Schedule& schedule, const Machine& machine);

}  // namespace rondo::direct
