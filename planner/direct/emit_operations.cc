#include "planner/direct/emit_operations.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "planner/direct/copy_bindings.h"
#include "planner/direct/drop_dead_ops.h"
#include "planner/direct/emit/emit_group.h"
#include "planner/direct/emit/emit_matmul.h"
#include "planner/direct/emit/lane_emitter.h"

namespace rondo::direct {
namespace {

class Emitter {
 public:
  Emitter(const DirectLayout& layout, Tables& tables) : layout_(layout), graph_(layout.graph), tables_(tables) {
    keeps_list_ = may_leave_dead_ops(graph_);
    lanes_.reserve(layout.deal.lanes);
    for (uint32_t lane = 0; lane < layout.deal.lanes; ++lane) {
      lanes_.emplace_back(layout, tables, lane, list_);
      lanes_.back().packed_shared = &packed_shared_;
    }
    if (graph_.on_device) copies_before_ = copies_before(layout);
    phase_of_.assign(graph_.groups.size(), kNone);
  }

  void emit_prepare() {
    const Packing& packing = layout_.packing;
    if (packing.prepared_bytes == 0) return;
    LaneEmitter& lane = lanes_.front();
    lane.phase = tables_.builder.phase("prepare");
    for (uint32_t index = 0; index < graph_.groups.size(); ++index) {
      const RightOperand& right = packing.rights[index];
      if (!right.prepared) continue;
      const bool transposed = graph_.main_operator(graph_.groups[index]).transpose_b;
      if (packing.prepared.at({right.tensor, transposed}) != index) continue;
      for (uint64_t entry = 0; entry < right.entries; ++entry) prepare_pack(lane, index, entry);
    }
    if (keeps_list_)
      packs_ = std::exchange(list_, {});
    else
      lanes::add_ops(std::exchange(list_, {}), tables_.builder);
  }

  void emit_segment(const Segment& segment) {
    if (segment.blocked()) return emit_blocks(segment);
    for (uint32_t index = segment.first; index < segment.first + segment.count; ++index) {
      next_phase(name_of(index), index);
      copy_ahead(index);
      for (const Share& share : layout_.deal.shares[index]) emit_group(lanes_[share.lane], index, share.box);
      if (const uint32_t output = graph_.groups[index].output; graph_.is_copied(output))
        copy_out(lanes_.front(), output);
    }
    settle();
  }

  void finish() {
    if (keeps_list_) {
      drop_dead_ops(layout_, tables_, list_);
      drop_dead_packs(tables_, list_, packs_);
      lanes::add_ops(std::exchange(packs_, {}), tables_.builder);
    }
    if (graph_.on_device) claim_cuts();
    if (several_streams()) lanes::order_lanes(list_, Part::kReplay, tables_.builder);
    lanes::add_ops(std::exchange(list_, {}), tables_.builder);
  }

 private:
  const std::string& name_of(uint32_t index) const { return graph_.main_operator(graph_.groups[index]).name; }

  // Each lane walks its share of the rows block by block, all groups in turn.
  void emit_blocks(const Segment& segment) {
    const uint32_t end = segment.first + segment.count;
    next_phase(name_of(segment.first) + ".." + name_of(end - 1), segment.first);
    for (uint32_t index = segment.first; index < end; ++index) copy_ahead(index);
    for (const Share& share : layout_.deal.shares[segment.first]) {
      LaneEmitter& lane = lanes_[share.lane];
      for (uint32_t index = segment.first; index < end; ++index)
        if (packed_before_blocks(layout_, index)) pack_columns(lane, index, 0, 0, layout_.packing.rights[index].n);
      const uint32_t end_row = share.box.low[0] + share.box.extent[0];
      for (uint32_t row = share.box.low[0]; row < end_row;) {
        const uint32_t rows = std::min(segment.block_rows, end_row - row);
        copy_block_in(lane, segment, row, rows);
        for (uint32_t index = segment.first; index < end; ++index) {
          const uint32_t output = graph_.groups[index].output;
          if (graph_.is_blocked(output)) lane.operands.hold_rows_from(graph_.root(output), row);
          const Box box = rows_box(graph_.written_shape(graph_.groups[index]), row, rows);
          emit_group(lane, index, box);
          if (graph_.is_copied(output)) copy_out(lane, output, box);
        }
        row += rows;
      }
    }
    settle();
  }

  void copy_ahead(uint32_t index) {
    if (!graph_.on_device) return;
    for (const uint32_t tensor : copies_before_[index]) copy_in(lanes_.front(), tensor);
  }

  // Rows of the inputs that are held block by block.
  void copy_block_in(LaneEmitter& lane, const Segment& segment, uint32_t row, uint32_t rows) {
    if (!graph_.on_device) return;
    std::set<uint32_t> copied;
    for (uint32_t index = segment.first; index < segment.first + segment.count; ++index)
      for (const uint32_t input : graph_.groups[index].inputs) {
        const uint32_t tensor = graph_.root(input);
        if (!graph_.is_copied(tensor) || !graph_.is_blocked(tensor) || !copied.insert(tensor).second) continue;
        if (graph_.source.tensors[tensor].role != TensorRole::kInput) continue;
        lane.operands.hold_rows_from(tensor, row);
        copy_in(lane, tensor, rows_box(graph_.shape(tensor), row, rows));
      }
  }

  // A launch may end before a group where nothing that lies in scratch is yet to be read.
  void claim_cuts() {
    std::vector<bool> live(graph_.groups.size(), false);
    for (size_t i = 0; i < layout_.places.buffers.size(); ++i) {
      const Buffer& buffer = layout_.places.buffers[i];
      if (layout_.places.placement.places[i].in_scratch)
        for (uint32_t index = buffer.first + 1; index <= buffer.last; ++index) live[index] = true;
    }
    for (uint32_t index = 1; index < graph_.groups.size(); ++index)
      if (phase_of_[index] != kNone && !live[index]) tables_.builder.schedule().cuts.push_back({phase_of_[index]});
  }

  // Phases never decrease along a stream, so a blocked segment is one phase.
  void next_phase(const std::string& name, uint32_t index) {
    constexpr size_t kMostPhases = 60000;
    if (tables_.builder.schedule().phases.size() >= kMostPhases) return;
    const uint16_t phase = tables_.builder.phase(name);
    for (LaneEmitter& lane : lanes_) lane.phase = phase;
    phase_of_[index] = phase;
  }

  bool several_streams() const { return lanes_.size() > 1 || graph_.on_device; }

  // One stream alone needs no tokens, so its ops need not be kept where all of them count.
  void settle() {
    if (!several_streams() && !keeps_list_) lanes::add_ops(std::exchange(list_, {}), tables_.builder);
  }

  const DirectLayout& layout_;
  const SegmentedGraph& graph_;
  Tables& tables_;
  std::vector<lanes::StreamedOp> list_;
  std::vector<LaneEmitter> lanes_;
  PackedNow packed_shared_;
  std::vector<std::vector<uint32_t>> copies_before_;  // by group: inputs
  std::vector<uint32_t> phase_of_;                    // by group: the phase it opens, or kNone
  bool keeps_list_ = false;
  std::vector<lanes::StreamedOp> packs_;  // of `prepare`, where some may turn out to be read by nobody
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
  emitter.finish();
  return {};
}

}  // namespace rondo::direct
