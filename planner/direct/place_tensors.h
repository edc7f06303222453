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
  std::vector<uint32_t> buffer;    // by root; kNone: bound, or fused away
  std::vector<uint32_t> in_place;  // by group: the input whose place the result takes, or kNone
  std::vector<Buffer> buffers;     // what the places were made for
  Placement placement;             // the buffers of the packing first
};

// A result takes the place of an input that dies with it; everything else gets a
// buffer that lives from its first to its last group. With several lanes scratch has
// only what one lane holds for itself. On a device copies of inputs and outputs have
// places too, for `ahead` groups before their first and after their last one, so that
// copying may begin so early and end so late.
TensorPlaces place_tensors(const SegmentedGraph& graph, const Packing& packing, const Deal& deal, uint32_t ahead = 0);

// From one of the two blocks of a blocked copy to the other.
uint64_t copied_block_bytes(const SegmentedGraph& graph, uint32_t tensor);

// What is decided before the first table of the schedule is written.
struct DirectLayout {
  SegmentedGraph graph;
  Packing packing;
  Deal deal;
  TensorPlaces places;
};

}  // namespace rondo::direct
