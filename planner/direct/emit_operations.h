// The operations of a direct schedule: `prepare` packs the constants, the replay walks
// the segments, each block by block.
#pragma once
#include "planner/direct/declare_tables.h"
#include "rondo/plan.h"
#include "rondo/result.h"

namespace rondo::direct {

// Adds all operations to the tables' streams. kCancelled if the options' progress says so.
Status emit_operations(const DirectLayout& layout, const PlanOptions& options, Tables& tables);

}  // namespace rondo::direct
