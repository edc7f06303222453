#include "planner/direct/emit/emit_matmul.h"

#include <utility>
#include <vector>

namespace rondo::direct {
namespace {

// Several lanes may use the place of what the replay packs.
bool is_shared(const LaneEmitter& lane, const RightOperand& right) {
  const Place& place = lane.layout.places.placement.places[right.buffer];
  return lane.layout.deal.lanes > 1 && !place.in_scratch && place.next_copy_bytes == 0;
}

void pack_range(LaneEmitter& lane, uint32_t stream, uint32_t index, uint64_t entry, uint32_t first, uint32_t count) {
  const RightOperand& right = lane.layout.packing.rights[index];
  OpSpec op;
  op.kernel = "pack";
  op.operands = {lane.operands.unpacked(right, lane.operands.entry_low(right, entry), first, count),
                 lane.operands.packed(right, entry, Access::kWrite, first, count)};
  lane.add_to(stream, std::move(op));
}

// Columns [first, first + count) of a product, seen by the right operand that is read
// where it lies or packed; packs it first if it is not there yet.
OperandSpec right_of_product(LaneEmitter& lane, uint32_t index, const Low& low, uint32_t first, uint32_t count) {
  const RightOperand& right = lane.layout.packing.rights[index];
  if (right.panel_width == 0) return lane.operands.unpacked(right, low, first, count);
  const uint64_t entry = lane.operands.entry_at(right, low);
  if (!right.prepared) pack_columns(lane, index, entry, first, count);
  return lane.operands.packed(right, entry, Access::kRead, first, count);
}

// Entry `batch` of the leading axes of the output, seen by an input that may
// lack some of them or repeat along them.
Low batch_low(const SegmentedGraph& graph, uint32_t tensor, size_t out_rank, const Low& batch) {
  Low low;
  const std::vector<uint32_t>& extents = graph.shape(tensor);
  const size_t missing = out_rank - extents.size();
  for (size_t axis = 0; axis + 2 < extents.size(); ++axis)
    low.at[axis] = extents[axis] == 1 ? 0 : batch.at[axis + missing];
  return low;
}

// The last two axes of the box, at entry `batch` of the leading ones.
void emit_product(LaneEmitter& lane, uint32_t index, const Low& batch, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const RightOperand& right = lane.layout.packing.rights[index];
  const auto rank = static_cast<uint8_t>(graph.shape(group.output).size());
  const uint32_t row = box.low[rank - 2], rows = box.extent[rank - 2];
  const uint32_t column = box.low[rank - 1], columns = box.extent[rank - 1];

  const auto a_rank = static_cast<uint8_t>(graph.shape(group.inputs[0]).size());
  const bool transposed = graph.main_operator(group).transpose_a;
  const auto m_axis = static_cast<uint8_t>(transposed ? a_rank - 1 : a_rank - 2);
  const auto k_axis = static_cast<uint8_t>(transposed ? a_rank - 2 : a_rank - 1);
  Low a_low = batch_low(graph, group.inputs[0], rank, batch);
  a_low.at[m_axis] = row;

  Low c_low = batch;
  c_low.at[rank - 2] = row;
  c_low.at[rank - 1] = column;

  OpSpec op;
  op.kernel = "matmul";
  op.flags = kOpInit | kOpFinal;
  op.params[0] = static_cast<uint32_t>(group.activation);
  op.operands.push_back(lane.operands.box(group.inputs[0], {{m_axis, rows}, {k_axis, right.k}}, a_low, Access::kRead));
  op.operands.push_back(right_of_product(lane, index, batch_low(graph, right.tensor, rank, batch), column, columns));
  op.operands.push_back(lane.operands.box(
      group.output, {{static_cast<uint8_t>(rank - 2), rows}, {static_cast<uint8_t>(rank - 1), columns}}, c_low,
      Access::kWrite));
  if (group.bias != kNone)
    op.operands.push_back(lane.operands.box(group.bias, {{0, columns}}, Low{{column}}, Access::kRead));
  lane.add(std::move(op));
}

}  // namespace

void emit_matmul(LaneEmitter& lane, uint32_t index, const Box& box) {
  const size_t rank = lane.graph().shape(lane.graph().groups[index].output).size();
  Low batch;
  for (size_t axis = 0; axis + 2 < rank; ++axis) batch.at[axis] = box.low[axis];
  while (true) {
    emit_product(lane, index, batch, box);
    size_t axis = rank - 2;
    while (axis-- > 0) {
      if (++batch.at[axis] < box.low[axis] + box.extent[axis]) break;
      batch.at[axis] = box.low[axis];
    }
    if (axis > kMaxRank) return;
  }
}

void prepare_pack(LaneEmitter& lane, uint32_t index, uint64_t entry) {
  pack_range(lane, lane.tables.prepare_stream, index, entry, 0, lane.layout.packing.rights[index].n);
}

void pack_columns(LaneEmitter& lane, uint32_t index, uint64_t entry, uint32_t first, uint32_t count) {
  const RightOperand& right = lane.layout.packing.rights[index];
  PackedMatrix& now = (is_shared(lane, right) ? *lane.packed_shared : lane.packed)[index];
  if (now.entry != entry) now = {entry, {}};
  for (const auto& [begin, end] : now.columns)
    if (begin <= first && first + count <= end) return;
  pack_range(lane, lane.stream, index, entry, first, count);
  now.columns.emplace_back(first, first + count);
}

bool packed_before_blocks(const DirectLayout& layout, uint32_t index) {
  const RightOperand& right = layout.packing.rights[index];
  return right.buffer != kNone && right.entries == 1 && layout.graph.segment_of_group(index).blocked();
}

}  // namespace rondo::direct
