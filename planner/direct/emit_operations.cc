#include "planner/direct/emit_operations.h"

#include <algorithm>
#include <string>

#include "planner/direct/emit/emit_group.h"
#include "planner/direct/emit/emit_matmul.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {
namespace {

class Emitter {
 public:
  Emitter(const DirectLayout& layout, Tables& tables)
      : layout_(layout), graph_(layout.graph), tables_(tables), lane_(layout, tables, tables.replay_stream) {}

  void emit_prepare() {
    const Packing& packing = layout_.packing;
    if (packing.prepared_bytes == 0) return;
    lane_.phase = tables_.builder.phase("prepare");
    for (uint32_t index = 0; index < graph_.groups.size(); ++index) {
      const RightOperand& right = packing.rights[index];
      if (!right.prepared) continue;
      const bool transposed = graph_.main_operator(graph_.groups[index]).transpose_b;
      if (packing.prepared.at({right.tensor, transposed}) != index) continue;
      for (uint64_t entry = 0; entry < right.entries; ++entry) emit_pack(lane_, tables_.prepare_stream, index, entry);
    }
  }

  void emit_segment(const Segment& segment) {
    const uint32_t end = segment.first + segment.count;
    if (segment.blocked()) {
      next_phase(name_of(segment.first) + ".." + name_of(end - 1));
      for (uint32_t index = segment.first; index < end; ++index)
        if (packed_before_blocks(layout_, index)) emit_pack(lane_, lane_.stream, index, 0);
    }
    for (uint32_t row = 0; row < segment.rows;) {
      const uint32_t rows = std::min(segment.block_rows, segment.rows - row);
      for (uint32_t index = segment.first; index < end; ++index) {
        if (!segment.blocked()) next_phase(name_of(index));
        const uint32_t output = graph_.groups[index].output;
        if (graph_.is_blocked(output)) lane_.operands.hold_rows_from(output, row);
        emit_group(lane_, index, rows_box(graph_.shape(output), row, rows));
      }
      row += rows;
    }
  }

 private:
  const std::string& name_of(uint32_t index) const { return graph_.main_operator(graph_.groups[index]).name; }

  // Phases never decrease along the stream, so a blocked segment is one phase.
  void next_phase(const std::string& name) {
    constexpr size_t kMostPhases = 60000;
    if (tables_.builder.schedule().phases.size() < kMostPhases) lane_.phase = tables_.builder.phase(name);
  }

  const DirectLayout& layout_;
  const SegmentedGraph& graph_;
  Tables& tables_;
  LaneEmitter lane_;
};

}  // namespace

Status emit_operations(const DirectLayout& layout, const PlanOptions& options, Tables& tables) {
  Emitter emitter(layout, tables);
  emitter.emit_prepare();
  const std::vector<Segment>& segments = layout.graph.segments;
  for (uint32_t index = 0; index < segments.size(); ++index) {
    if (index % 256 == 0 && options.progress &&
        !options.progress(static_cast<double>(index) / static_cast<double>(segments.size()), "operations"))
      return make_error(ErrorCode::kCancelled, "planning was cancelled");
    emitter.emit_segment(segments[index]);
  }
  return {};
}

}  // namespace rondo::direct
