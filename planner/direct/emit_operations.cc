#include "planner/direct/emit_operations.h"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "planner/direct/make_operands.h"

namespace rondo::direct {
namespace {

class Emitter {
 public:
  Emitter(const DirectLayout& layout, Tables& tables)
      : graph_(layout.graph),
        packing_(layout.packing),
        in_place_(layout.places.in_place),
        tables_(tables),
        operands_(layout, tables) {}

  void emit_prepare() {
    if (packing_.prepared_bytes == 0) return;
    phase_ = tables_.builder.phase("prepare");
    for (uint32_t index = 0; index < graph_.groups.size(); ++index) {
      const RightOperand& right = packing_.rights[index];
      if (!right.prepared) continue;
      const bool transposed = graph_.main_operator(graph_.groups[index]).transpose_b;
      if (packing_.prepared.at({right.tensor, transposed}) != index) continue;
      for (uint64_t entry = 0; entry < right.entries; ++entry) emit_pack(tables_.prepare_stream, right, entry);
    }
  }

  void emit_segment(const Segment& segment) {
    const uint32_t end = segment.first + segment.count;
    if (segment.blocked()) {
      next_phase(name_of(segment.first) + ".." + name_of(end - 1));
      for (uint32_t index = segment.first; index < end; ++index)
        if (packed_before_blocks(index)) emit_pack(tables_.replay_stream, packing_.rights[index], 0);
    }
    for (uint32_t row = 0; row < segment.rows;) {
      const uint32_t rows = std::min(segment.block_rows, segment.rows - row);
      for (uint32_t index = segment.first; index < end; ++index) {
        if (!segment.blocked()) next_phase(name_of(index));
        const uint32_t output = graph_.groups[index].output;
        if (graph_.is_blocked(output)) operands_.hold_rows_from(output, row);
        emit_group(index, row, rows);
      }
      row += rows;
    }
  }

 private:
  const std::string& name_of(uint32_t index) const { return graph_.main_operator(graph_.groups[index]).name; }

  // Phases never decrease along the stream, so a blocked segment is one phase.
  void next_phase(const std::string& name) {
    constexpr size_t kMostPhases = 60000;
    if (tables_.builder.schedule().phases.size() < kMostPhases) phase_ = tables_.builder.phase(name);
  }

  // A lone matrix that all blocks of its segment read.
  bool packed_before_blocks(uint32_t index) const {
    const RightOperand& right = packing_.rights[index];
    return right.buffer != kNone && right.entries == 1 && graph_.segment_of_group(index).blocked();
  }

  void emit_pack(uint32_t stream, const RightOperand& right, uint64_t entry) {
    OpSpec op;
    op.kernel = "pack";
    op.phase = phase_;
    op.operands = {operands_.unpacked(right, operands_.entry_low(right, entry)),
                   operands_.packed(right, entry, Access::kWrite)};
    tables_.builder.add(stream, op);
  }

  void emit_group(uint32_t index, uint32_t row, uint32_t rows) {
    switch (graph_.groups[index].kind) {
      case OperatorKind::kMatmul:
        return emit_matmul(index, row, rows);
      case OperatorKind::kAdd:
      case OperatorKind::kBias:
        return emit_map(index, row, rows, "add");
      case OperatorKind::kMul:
        return emit_map(index, row, rows, "mul");
      case OperatorKind::kRelu:
        return emit_map(index, row, rows, "relu");
      case OperatorKind::kGelu:
        return emit_map(index, row, rows, "gelu");
      case OperatorKind::kSoftmax:
        return emit_map(index, row, rows, "softmax");
      case OperatorKind::kLayerNorm:
        return emit_map(index, row, rows, "layer_norm");
    }
  }

  // The box of rows [row, row + rows) of an output; `rows` counts along axis 0.
  void emit_map(uint32_t index, uint32_t row, uint32_t rows, std::string_view kernel) {
    const FusedGroup& group = graph_.groups[index];
    std::vector<uint32_t> extent = graph_.shape(group.output);
    extent[0] = rows;
    OpSpec op;
    op.kernel = kernel;
    op.phase = phase_;
    std::vector<uint32_t> inputs = group.inputs;
    if (in_place_[index] == 1) std::swap(inputs[0], inputs[1]);
    for (size_t i = 0; i < inputs.size(); ++i) {
      // gamma and beta have one axis of their own; every other input is broadcast to the output.
      const bool vector = group.kind == OperatorKind::kLayerNorm && i > 0;
      op.operands.push_back(map_input(inputs[i], group.output, extent, vector ? extent.size() - 1 : 0, row));
    }
    Walks walks;
    for (size_t axis = 0; axis < extent.size(); ++axis) walks.push_back({static_cast<uint8_t>(axis), extent[axis]});
    op.operands.push_back(operands_.box(group.output, walks, Low{{row}}, Access::kWrite));
    const GraphOperator& main = graph_.main_operator(group);
    if (group.kind == OperatorKind::kGelu) op.params[0] = main.gelu_tanh ? 1 : 0;
    if (group.kind == OperatorKind::kLayerNorm) op.params[0] = std::bit_cast<uint32_t>(main.epsilon);
    tables_.builder.add(tables_.replay_stream, op);
  }

  // What an input gives to the box `extent` of an output that begins at `row`, along
  // the output's axes from `first_axis` on.
  OperandSpec map_input(uint32_t input, uint32_t output, const std::vector<uint32_t>& extent, size_t first_axis,
                        uint32_t row) {
    const std::vector<uint32_t>&in = graph_.shape(input), &out = graph_.shape(output);
    const size_t missing = out.size() - in.size();
    Walks walks;
    Low low;
    for (size_t axis = first_axis; axis < out.size(); ++axis) {
      if (axis < missing || (in[axis - missing] == 1 && out[axis] != 1)) {
        walks.push_back({kBroadcast, extent[axis]});
        continue;
      }
      walks.push_back({static_cast<uint8_t>(axis - missing), extent[axis]});
      if (axis == 0) low.at[0] = row;
    }
    return operands_.box(input, walks, low, Access::kRead);
  }

  void emit_matmul(uint32_t index, uint32_t row, uint32_t rows) {
    const std::vector<uint32_t>& out = graph_.shape(graph_.groups[index].output);
    if (out.size() == 2) return emit_product(index, {}, row, rows);
    // One product for each entry of the leading axes; rows count along the first of them.
    Low batch;
    batch.at[0] = row;
    while (true) {
      emit_product(index, batch, 0, out[out.size() - 2]);
      size_t axis = out.size() - 2;
      while (axis-- > 0) {
        if (++batch.at[axis] < (axis == 0 ? row + rows : out[axis])) break;
        batch.at[axis] = axis == 0 ? row : 0;
      }
      if (axis > kMaxRank) return;
    }
  }

  // Entry `batch` of the leading axes of the output, seen by an input that may
  // lack some of them or repeat along them.
  Low batch_low(uint32_t tensor, size_t out_rank, const Low& batch) const {
    Low low;
    const std::vector<uint32_t>& extents = graph_.shape(tensor);
    const size_t missing = out_rank - extents.size();
    for (size_t axis = 0; axis + 2 < extents.size(); ++axis)
      low.at[axis] = extents[axis] == 1 ? 0 : batch.at[axis + missing];
    return low;
  }

  void emit_product(uint32_t index, const Low& batch, uint32_t row, uint32_t rows) {
    const FusedGroup& group = graph_.groups[index];
    const RightOperand& right = packing_.rights[index];
    const auto rank = static_cast<uint8_t>(graph_.shape(group.output).size());

    const auto a_rank = static_cast<uint8_t>(graph_.shape(group.inputs[0]).size());
    const bool transposed = graph_.main_operator(group).transpose_a;
    const auto m_axis = static_cast<uint8_t>(transposed ? a_rank - 1 : a_rank - 2);
    const auto k_axis = static_cast<uint8_t>(transposed ? a_rank - 2 : a_rank - 1);
    Low a_low = batch_low(group.inputs[0], rank, batch);
    a_low.at[m_axis] = row;

    Low c_low = batch;
    c_low.at[rank - 2] = row;

    OpSpec op;
    op.kernel = "matmul";
    op.flags = kOpInit | kOpFinal;
    op.params[0] = static_cast<uint32_t>(group.activation);
    op.operands.push_back(operands_.box(group.inputs[0], {{m_axis, rows}, {k_axis, right.k}}, a_low, Access::kRead));
    op.operands.push_back(right_of_product(index, batch_low(right.tensor, rank, batch)));
    op.operands.push_back(
        operands_.box(group.output, {{static_cast<uint8_t>(rank - 2), rows}, {static_cast<uint8_t>(rank - 1), right.n}},
                      c_low, Access::kWrite));
    if (group.bias != kNone) op.operands.push_back(operands_.box(group.bias, {{0, right.n}}, {}, Access::kRead));
    op.phase = phase_;
    tables_.builder.add(tables_.replay_stream, op);
  }

  // The right operand where it lies or packed; packs it first if it is not there yet.
  OperandSpec right_of_product(uint32_t index, const Low& low) {
    const RightOperand& right = packing_.rights[index];
    if (right.panel_width == 0) return operands_.unpacked(right, low);
    const uint64_t entry = operands_.entry_at(right, low);
    const bool there = right.prepared || packed_before_blocks(index);
    if (!there && (packed_group_ != index || packed_entry_ != entry)) {
      emit_pack(tables_.replay_stream, right, entry);
      packed_group_ = index;
      packed_entry_ = entry;
    }
    return operands_.packed(right, entry, Access::kRead);
  }

  const SegmentedGraph& graph_;
  const Packing& packing_;
  const std::vector<uint32_t>& in_place_;
  Tables& tables_;
  OperandMaker operands_;
  uint16_t phase_ = 0;
  uint32_t packed_group_ = kNone;  // what the last replay pack holds
  uint64_t packed_entry_ = 0;
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
