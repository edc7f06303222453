// Refuses what a schedule or the machine cannot hold, before any of it is written.
#pragma once
#include <cstdint>

#include "planner/direct/place_tensors.h"
#include "rondo/result.h"

namespace rondo::direct {

// kTooComplex for more operations or bindings than a schedule holds.
Status check_counts(const SegmentedGraph& graph);

// Bindings, packed constants and what overflows scratch.
uint64_t host_bytes(const DirectLayout& layout);

// kDoesNotFit, with the bytes needed, if `host` holds fewer than host_bytes.
Status check_fit(const DirectLayout& layout, const MachineSpace& host);

}  // namespace rondo::direct
