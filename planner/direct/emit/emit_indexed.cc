#include "planner/direct/emit/emit_indexed.h"

#include <utility>
#include <vector>

namespace rondo::direct {

OperandSpec indexed(OperandSpec operand, Access access, uint8_t table) {
  operand.access = access;
  operand.aux = table;  // the axis, in the high bits, is 0
  return operand;
}

void emit_gather(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const size_t rank = graph.shape(group.output).size();  // axes of the row numbers, and columns
  const auto row_axis = static_cast<uint8_t>(rank - 2), column_axis = static_cast<uint8_t>(rank - 1);
  const uint32_t rows = box.extent[row_axis], columns = box.extent[column_axis];
  Low at;
  for (size_t axis = 0; axis < rank; ++axis) at.at[axis] = box.low[axis];
  while (true) {
    Low table_low = at;
    table_low.at[column_axis] = 0;
    OpSpec op;
    op.kernel = "gather";
    op.operands.push_back(lane.operands.box(group.inputs[1], {{row_axis, rows}}, table_low, Access::kRead));
    op.operands.push_back(
        indexed(lane.operands.box(group.inputs[0], {{0, graph.shape(group.inputs[0])[0]}, {1, columns}},
                                  Low{{0, at.at[column_axis]}}, Access::kRead),
                Access::kIndexedRead, 0));
    op.operands.push_back(
        lane.operands.box(group.output, {{row_axis, rows}, {column_axis, columns}}, at, Access::kWrite));
    lane.add(std::move(op));
    size_t axis = row_axis;
    while (axis-- > 0) {
      if (++at.at[axis] < box.low[axis] + box.extent[axis]) break;
      at.at[axis] = box.low[axis];
    }
    if (axis > kMaxRank) return;
  }
}

void emit_scatter(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const Low low{{box.low[0], box.low[1]}};
  OpSpec op;
  op.kernel = "scatter";
  op.operands.push_back(lane.operands.box(group.inputs[2], {{0, box.extent[0]}}, Low{{box.low[0]}}, Access::kRead));
  op.operands.push_back(
      lane.operands.box(group.inputs[1], {{0, box.extent[0]}, {1, box.extent[1]}}, low, Access::kRead));
  op.operands.push_back(indexed(lane.operands.box(group.output, {{0, graph.shape(group.output)[0]}, {1, box.extent[1]}},
                                                  Low{{0, box.low[1]}}, Access::kRead),
                                Access::kIndexedWrite, 0));
  lane.add(std::move(op));
}

}  // namespace rondo::direct
