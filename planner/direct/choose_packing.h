// Which right operands of matmul are copied into panels, when, and where to.
//
// Constants always are, once, in `prepare`; others in every replay, one matrix at a
// time, if enough rows of the left operand meet them (tuning.h).
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "planner/direct/place_buffers.h"
#include "planner/direct/segment_graph.h"

namespace rondo::direct {

// The right operand of one matmul, and how its matrices are laid out.
struct RightOperand {
  uint32_t tensor = 0;
  uint8_t k_axis = 0, n_axis = 0;
  uint32_t k = 0, n = 0;
  uint64_t entries = 1;  // matrices along the leading axes

  uint32_t panel_width = 0;   // 0: not packed
  bool prepared = false;      // packed once, in `prepare`
  uint64_t entry_bytes = 0;   // of one packed matrix
  uint32_t buffer = kNone;    // packed in the replay: one matrix at a time
  uint64_t offset_bytes = 0;  // prepared: of the first matrix

  uint32_t panels() const { return static_cast<uint32_t>((n + uint64_t{panel_width} - 1) / panel_width); }
};

struct Packing {
  std::vector<RightOperand> rights;                        // by group; empty ones for all but matmuls
  std::map<std::pair<uint32_t, bool>, uint32_t> prepared;  // (constant, transposed): the group that packs it
  uint64_t prepared_bytes = 0;                             // of all constants
  std::vector<Buffer> buffers;                             // of what the replay packs
};

// With a panel width of 0 nothing is packed.
Packing choose_packing(const SegmentedGraph& graph, uint32_t panel_width);

}  // namespace rondo::direct
