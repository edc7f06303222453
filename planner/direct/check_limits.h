// Refuses what a schedule or the machine cannot hold, before any of it is written.
#pragma once
#include <cstdint>

#include "planner/direct/place_tensors.h"
#include "rondo/result.h"

namespace rondo::direct {

// kTooComplex for more operations or bindings than a schedule holds.
Status check_counts(const SegmentedGraph& graph);

// What a layout needs of the spaces that all lanes share.
struct SharedBytes {
  uint64_t host = 0;    // bindings; without a device all that device has, too
  uint64_t device = 0;  // packed constants, what does not lie in scratch, states, tables, constants read where they lie
};
SharedBytes shared_bytes(const DirectLayout& layout);
bool fits(const DirectLayout& layout, const Machine& machine);

// kDoesNotFit, with the bytes needed, if a space holds less.
Status check_fit(const DirectLayout& layout, const Machine& machine);

}  // namespace rondo::direct
