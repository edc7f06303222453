// Where intermediates, and what the replay packs, lie in scratch and host memory.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/direct/choose_packing.h"
#include "planner/direct/deal.h"
#include "planner/direct/place_buffers.h"
#include "planner/direct/segment_graph.h"

namespace rondo::direct {

struct TensorPlaces {
  std::vector<uint32_t> buffer;    // by tensor; kNone: bound, or fused away
  std::vector<uint32_t> in_place;  // by group: the input whose place the result takes, or kNone
  Placement placement;             // the buffers of the packing first
};

// A result takes the place of an input that dies with it; everything else gets a
// buffer that lives from its first to its last group. With several lanes scratch has
// only what one lane holds for itself.
TensorPlaces place_tensors(const SegmentedGraph& graph, const Packing& packing, const Deal& deal);

// What is decided before the first table of the schedule is written.
struct DirectLayout {
  SegmentedGraph graph;
  Packing packing;
  Deal deal;
  TensorPlaces places;
};

}  // namespace rondo::direct
