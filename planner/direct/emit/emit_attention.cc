#include "planner/direct/emit/emit_attention.h"

#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "planner/direct/emit/emit_indexed.h"

namespace rondo::direct {
namespace {

// Calls visit(low) for every entry of the leading axes of a box, all but the last two.
template <class Visit>
void for_each_matrix(const Box& box, size_t rank, Visit visit) {
  Low at;
  for (size_t axis = 0; axis + 2 < rank; ++axis) at.at[axis] = box.low[axis];
  while (true) {
    visit(at);
    size_t axis = rank - 2;
    while (axis-- > 0) {
      if (++at.at[axis] < box.low[axis] + box.extent[axis]) break;
      at.at[axis] = box.low[axis];
    }
    if (axis > kMaxRank) return;
  }
}

// `rows` x `columns` of a tensor at an entry of its leading axes, which may be fewer than
// those of the output, or repeat.
struct Matrix {
  uint32_t tensor = 0;
  uint32_t row = 0, rows = 0, column = 0, columns = 0;
};
OperandSpec matrix(LaneEmitter& lane, const Matrix& of, const Low& batch, size_t out_rank, Access access) {
  const std::vector<uint32_t>& shape = lane.graph().shape(of.tensor);
  const size_t rank = shape.size(), missing = out_rank - rank;
  Low low;
  for (size_t axis = 0; axis + 2 < rank; ++axis) low.at[axis] = shape[axis] == 1 ? 0 : batch.at[axis + missing];
  low.at[rank - 2] = of.row;
  low.at[rank - 1] = of.column;
  return lane.operands.box(of.tensor,
                           {{static_cast<uint8_t>(rank - 2), of.rows}, {static_cast<uint8_t>(rank - 1), of.columns}},
                           low, access);
}

}  // namespace

void emit_attention(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const GraphOperator& main = graph.main_operator(group);
  const uint32_t q = group.inputs[0], k = group.inputs[1], v = group.inputs[2];
  const size_t rank = graph.shape(group.output).size();
  const uint32_t heads = main.heads, kv_heads = main.kv_heads == 0 ? heads : main.kv_heads;
  const uint32_t d = graph.shape(q).back() / heads, e = graph.shape(group.output).back() / heads;
  const uint32_t keys = graph.shape(k)[graph.shape(k).size() - 2];
  const uint32_t row = box.low[rank - 2], rows = box.extent[rank - 2];
  const bool indexed_rows = group.inputs.size() == 4;
  const float scale = main.scale != 0 ? main.scale : 1.0f / std::sqrt(static_cast<float>(d));

  for_each_matrix(box, rank, [&](const Low& batch) {
    for (uint32_t head = box.low[rank - 1] / e; head * e < box.low[rank - 1] + box.extent[rank - 1]; ++head) {
      const uint32_t kv = head / (heads / kv_heads);
      OpSpec op;
      op.operands.push_back(matrix(lane, {q, row, rows, head * d, d}, batch, rank, Access::kRead));
      op.operands.push_back(matrix(lane, {k, 0, keys, kv * d, d}, batch, rank, Access::kRead));
      op.operands.push_back(matrix(lane, {v, 0, keys, kv * e, e}, batch, rank, Access::kRead));
      if (indexed_rows) {
        op.kernel = "attention_indexed";
        for (size_t pool : {1, 2}) op.operands[pool] = indexed(op.operands[pool], Access::kIndexedRead, 3);
        op.operands.push_back(
            lane.operands.box(group.inputs[3], {{0, graph.shape(group.inputs[3])[0]}}, {}, Access::kRead));
        op.params[0] = std::bit_cast<uint32_t>(scale);
      } else {
        op.kernel = "attention";
        op.params[0] = main.causal ? 1 : 0;
        op.params[1] = std::bit_cast<uint32_t>(scale);
      }
      op.operands.push_back(matrix(lane, {group.output, row, rows, head * e, e}, batch, rank, Access::kWrite));
      lane.add(std::move(op));
    }
  });
}

void emit_rotary(LaneEmitter& lane, uint32_t index, const Box& box) {
  const SegmentedGraph& graph = lane.graph();
  const FusedGroup& group = graph.groups[index];
  const GraphOperator& main = graph.main_operator(group);
  const size_t rank = graph.shape(group.output).size();
  const uint32_t d = graph.shape(group.output).back() / main.heads;
  const uint32_t row = box.low[rank - 2], rows = box.extent[rank - 2];
  for_each_matrix(box, rank, [&](const Low& batch) {
    for (uint32_t column = box.low[rank - 1]; column < box.low[rank - 1] + box.extent[rank - 1]; column += d) {
      OpSpec op;
      op.kernel = "rotary";
      op.params[0] = main.interleaved ? 1 : 0;
      op.operands.push_back(matrix(lane, {group.inputs[0], row, rows, column, d}, batch, rank, Access::kRead));
      op.operands.push_back(matrix(lane, {group.inputs[1], row, rows, 0, d}, batch, rank, Access::kRead));
      op.operands.push_back(matrix(lane, {group.inputs[2], row, rows, 0, d}, batch, rank, Access::kRead));
      op.operands.push_back(matrix(lane, {group.output, row, rows, column, d}, batch, rank, Access::kWrite));
      lane.add(std::move(op));
    }
  });
}

}  // namespace rondo::direct
