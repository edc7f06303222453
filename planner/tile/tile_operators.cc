// Operators that tiles of matrices are not enough for: heads, rows that a table chooses,
// states, and what only moves.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include "planner/tile/tiler.h"
#include "rondo/schedule.h"

namespace rondo::tiling {
namespace {

std::vector<uint8_t> all_axes(size_t rank) {
  std::vector<uint8_t> axes(rank);
  std::iota(axes.begin(), axes.end(), uint8_t{0});
  return axes;
}

}  // namespace

PieceUse Tiler::loaded(uint32_t tensor, const Box& box, const Axes& axes) {
  const PieceUse use = use_by(tensor, views_.of[tensor], box, axes, piece_of(tensor, box));
  ask(use.piece);
  return use;
}
PieceUse Tiler::made(uint32_t tensor, const Box& box, const Axes& axes) {
  return use_by(tensor, views_.of[tensor], box, axes, piece_of(tensor, box));
}
PieceUse Tiler::lying(uint32_t tensor, const Box& box, const Axes& axes) const {
  return use_by(tensor, views_.of[tensor], box, axes, kNone);
}

bool Tiler::is_reached(uint32_t tensor) const {
  switch (graph_.tensors[views_.root(tensor)].role) {
    case TensorRole::kConstant:
    case TensorRole::kTable:
      return true;
    case TensorRole::kState:
    case TensorRole::kIntermediate:
      return options_.reaches_device;
    case TensorRole::kInput:
    case TensorRole::kOutput:
      break;
  }
  return false;
}
PieceUse Tiler::lying_or_loaded(uint32_t tensor, const Box& box, const Axes& axes) {
  return is_reached(tensor) ? lying(tensor, box, axes) : loaded(tensor, box, axes);
}

uint32_t Tiler::column_step(uint32_t tensor, uint64_t rows) const {
  constexpr uint64_t kShare = 8;  // of scratch, for one piece; not measured
  const uint32_t columns = shape(tensor).back();
  if (whole_rows_.count(views_.root(tensor)) != 0) return columns;
  const uint64_t most = options_.scratch_bytes / kShare / (rows * size_of(graph_.tensors[tensor].dtype));
  if (most >= columns) return columns;
  const uint64_t step = most > program_.tile ? most / program_.tile * program_.tile : most;
  return static_cast<uint32_t>(std::max<uint64_t>(step, 1));
}

Status Tiler::add_reduction(const FusedGroup& group, const RowBlock& at) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t x = group.inputs[0], y = group.output;
  const size_t rank = shape(y).size(), reduced = static_cast<size_t>(op.axis);
  const uint32_t columns = shape(y).back(), step = whole_rows_.count(y) != 0 ? columns : program_.tile;
  for (uint32_t column = 0; column < columns; column += step) {
    deal_columns(y, column, step);
    const Box to = block_box(y, at, rank, column, std::min(step, columns - column));
    // The kernel reduces its last axis, whichever that is of the tensor.
    Box from;
    Axes from_axes, to_axes;
    const auto axes = static_cast<uint8_t>(shape(x).size());
    uint8_t out = 0;
    for (uint8_t axis = 0; axis < axes; ++axis) {
      if (axis == reduced) {
        if (op.keep_axis) ++out;  // one entry, which the op does not walk
        continue;
      }
      from.low[axis] = to.low[out];
      from.extent[axis] = to.extent[out];
      from_axes.push_back(axis);
      to_axes.push_back(out++);
    }
    from.extent[reduced] = shape(x)[reduced];
    from_axes.push_back(static_cast<uint8_t>(reduced));
    const PieceUse source = loaded(x, from, from_axes), result = made(y, to, to_axes);
    const Compute compute{.kernel = info(group.kind).name, .result = 1, .m = at.block};
    if (Status status = emit_compute(compute, {source, result}); !status) return status;
    if (column + step >= columns || whole_rows_.count(y) == 0) store(y, result.piece);
  }
  return {};
}

// What only moves comes from where it lies, by a copy engine.
Status Tiler::add_concat(const FusedGroup& group, const RowBlock& at) {
  const uint32_t y = group.output;
  const size_t rank = shape(y).size();
  const auto axis = static_cast<size_t>(graph_.operators[group.main].axis);
  const uint32_t columns = shape(y).back(), step = column_step(y, at.count);
  for (uint32_t column = 0; column < columns; column += step) {
    deal_columns(y, column, step);
    const Box box = block_box(y, at, rank, column, std::min(step, columns - column));
    uint32_t piece = kNone, begin = 0;  // where the input begins in the output
    for (uint32_t input : group.inputs) {
      const uint32_t end = begin + shape(input)[axis];
      const uint32_t low = std::max(box.low[axis], begin), high = std::min(box.low[axis] + box.extent[axis], end);
      if (low < high) {
        Box to = box;
        to.low[axis] = low;
        to.extent[axis] = high - low;
        Box from = to;
        from.low[axis] -= begin;
        PieceUse result = use_by(y, views_.of[y], to, all_axes(rank), piece_of(y, box));
        piece = result.piece;
        const Compute compute{.kernel = "assign", .engine = Engine::kCopyIn, .result = 1, .m = at.block};
        if (Status status = emit_compute(compute, {lying(input, from, all_axes(rank)), result}); !status) return status;
      }
      begin = end;
    }
    store(y, piece);
  }
  return {};
}

Status Tiler::add_view_copy(const FusedGroup& group, const RowBlock& at) {
  const uint32_t y = group.output;
  const size_t rank = shape(y).size();
  const direct::TensorView& source = views_.copy_sources.at(y);
  const uint32_t columns = shape(y).back(), step = column_step(y, at.count);
  for (uint32_t column = 0; column < columns; column += step) {
    deal_columns(y, column, step);
    const Box box = block_box(y, at, rank, column, std::min(step, columns - column));
    const PieceUse from = use_by(y, source, box, all_axes(rank), kNone), to = made(y, box, all_axes(rank));
    const Compute compute{.kernel = "assign", .engine = Engine::kCopyIn, .result = 1, .m = at.block};
    if (Status status = emit_compute(compute, {from, to}); !status) return status;
    store(y, to.piece);
  }
  return {};
}

// A reshape that no strides can say: the output, seen by the axes of the input.
Status Tiler::add_relabelling(const FusedGroup& group, const RowBlock& at) {
  const uint32_t x = group.inputs[0], y = group.output;
  const size_t rank = shape(x).size();
  direct::TensorView target;
  target.root = y;
  target.label = views_.copy_labels.at(y);
  std::iota(target.axis, target.axis + rank, uint8_t{0});
  const uint32_t columns = shape(x).back(), step = column_step(x, at.count);
  for (uint32_t column = 0; column < columns; column += step) {
    deal_columns(x, column, step);
    const Box box = block_box(x, at, rank, column, std::min(step, columns - column));
    const uint32_t piece = intern_labelled(y, target.label, box);
    const Compute compute{.kernel = "assign", .engine = Engine::kCopyIn, .result = 1, .m = at.block};
    if (Status status =
            emit_compute(compute, {lying(x, box, all_axes(rank)), use_by(y, target, box, all_axes(rank), piece)});
        !status)
      return status;
    store(y, piece);
  }
  return {};
}

Status Tiler::add_gather(const FusedGroup& group, const RowBlock& at) {
  const uint32_t source = group.inputs[0], rows = group.inputs[1], y = group.output;
  const size_t rank = shape(y).size();  // axes of the row numbers, and columns
  const auto row_axis = static_cast<uint8_t>(rank - 2), column_axis = static_cast<uint8_t>(rank - 1);
  const uint32_t held_rows = is_reached(source) ? at.count : std::max(at.count, shape(source)[0]);
  const uint32_t columns = shape(y).back(), step = column_step(y, held_rows);
  for (uint32_t column = 0; column < columns; column += step) {
    deal_columns(y, column, step);
    const Box box = block_box(y, at, rank, column, std::min(step, columns - column));
    Box numbers = box, from;
    numbers.low[column_axis] = 0;
    numbers.extent[column_axis] = 1;
    from.extent[0] = shape(source)[0];
    from.low[1] = column;
    from.extent[1] = box.extent[column_axis];
    std::vector<PieceUse> uses = {lying_or_loaded(rows, numbers, {row_axis}), lying_or_loaded(source, from, {0, 1})};
    uses[1].indexed_by = 0;
    uses.push_back(made(y, box, {row_axis, column_axis}));
    const Compute compute{.kernel = "gather", .result = 2, .m = at.block};
    if (Status status = emit_compute(compute, uses); !status) return status;
    if (column + step >= columns || whole_rows_.count(y) == 0) store(y, uses[2].piece);
  }
  return {};
}

Status Tiler::add_rotary(const FusedGroup& group, const RowBlock& at) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t y = group.output;
  const size_t rank = shape(y).size();
  const uint32_t columns = shape(y).back(), d = columns / op.heads;
  const auto head_of = [&](uint32_t tensor, uint32_t column) { return block_box(tensor, at, rank, column, d); };
  const auto last_two = [&](uint32_t tensor) {
    const auto last = static_cast<uint8_t>(shape(tensor).size() - 1);
    return Axes{static_cast<uint8_t>(last - 1), last};
  };
  for (uint32_t column = 0; column < columns; column += d) {
    deal_columns(y, column, d);
    std::vector<PieceUse> uses = {loaded(group.inputs[0], head_of(group.inputs[0], column), last_two(group.inputs[0]))};
    for (size_t angle : {1, 2})
      uses.push_back(loaded(group.inputs[angle], head_of(group.inputs[angle], 0), last_two(group.inputs[angle])));
    uses.push_back(made(y, head_of(y, column), last_two(y)));
    Compute compute{.kernel = "rotary", .result = 3, .m = at.block};
    compute.params[0] = op.interleaved ? 1 : 0;
    if (Status status = emit_compute(compute, uses); !status) return status;
    if (column + d >= columns || whole_rows_.count(y) == 0) store(y, uses[3].piece);
  }
  return {};
}

Status Tiler::add_attention(const FusedGroup& group, const RowBlock& at) {
  const GraphOperator& op = graph_.operators[group.main];
  const uint32_t q = group.inputs[0], k = group.inputs[1], v = group.inputs[2], y = group.output;
  const size_t rank = shape(y).size();
  const uint32_t heads = op.heads, kv_heads = op.kv_heads == 0 ? heads : op.kv_heads;
  const uint32_t d = shape(q).back() / heads, e = shape(y).back() / heads;
  const uint32_t all_rows = shape(y)[rank - 2], all_keys = shape(k)[shape(k).size() - 2];
  // The last row of a block sees so many.
  const uint32_t keys = op.causal ? all_keys - (all_rows - at.low - at.count) : all_keys;
  const bool paged = group.inputs.size() == 4;
  const float scale = op.scale != 0 ? op.scale : 1.0f / std::sqrt(static_cast<float>(d));
  const auto last_two = [&](uint32_t tensor) {
    const auto last = static_cast<uint8_t>(shape(tensor).size() - 1);
    return Axes{static_cast<uint8_t>(last - 1), last};
  };
  const auto keys_of = [&](uint32_t tensor, uint32_t column, uint32_t columns) {
    Box box = at_block(tensor, at, rank);
    box.extent[shape(tensor).size() - 2] = keys;
    set_last(box, tensor, column, columns);
    return box;
  };
  // More than half of scratch: the next head could not be brought meanwhile.
  const uint64_t staged_bytes = (uint64_t{at.count} + keys) * (uint64_t{d} + e) * size_of(DType::kF32);
  const bool lies = is_reached(k) && is_reached(v) && (paged || staged_bytes > options_.scratch_bytes / 2);
  for (uint32_t head = 0; head < heads; ++head) {
    deal_columns(y, head * e, e);
    const uint32_t kv = head / (heads / kv_heads);
    const Box k_box = keys_of(k, kv * d, d), v_box = keys_of(v, kv * e, e);
    std::vector<PieceUse> uses = {loaded(q, block_box(q, at, rank, head * d, d), last_two(q))};
    uses.push_back(lies ? lying(k, k_box, last_two(k)) : loaded(k, k_box, last_two(k)));
    uses.push_back(lies ? lying(v, v_box, last_two(v)) : loaded(v, v_box, last_two(v)));
    Compute compute{.kernel = paged ? "attention_indexed" : "attention", .m = at.block, .n = head};
    if (paged) {
      uses[1].indexed_by = uses[2].indexed_by = 3;
      Box rows;
      rows.extent[0] = shape(group.inputs[3])[0];
      uses.push_back(lying_or_loaded(group.inputs[3], rows, {0}));
      compute.params[0] = std::bit_cast<uint32_t>(scale);
    } else {
      compute.params[0] = op.causal ? 1 : 0;
      compute.params[1] = std::bit_cast<uint32_t>(scale);
    }
    compute.result = static_cast<uint8_t>(uses.size());
    uses.push_back(made(y, block_box(y, at, rank, head * e, e), last_two(y)));
    if (Status status = emit_compute(compute, uses); !status) return status;
    if (head + 1 == heads || whole_rows_.count(y) == 0) store(y, uses.back().piece);
  }
  return {};
}

// New rows of a state are written by one op for each column step: where they begin may be
// a scalar's to say.
Status Tiler::add_append(const FusedGroup& group, const RowBlock& at) {
  const uint32_t x = group.inputs[1], state = views_.root(group.output);
  const Moving& begin = graph_.operators[group.main].begin;
  const size_t rank = shape(x).size();
  uint64_t rows = 1;
  for (size_t axis = 0; axis + 1 < rank; ++axis) rows *= shape(x)[axis];
  const uint32_t columns = shape(x).back(), step = rank == 1 ? columns : column_step(x, rows);
  for (uint32_t column = 0; column < columns; column += step) {
    deal(column / step, (columns + step - 1) / step);
    Box box;
    std::copy_n(shape(x).begin(), rank, box.extent);
    set_last(box, x, column, std::min(step, columns - column));
    const PieceUse from = loaded(x, box, all_axes(rank));
    if (!begin.moves()) box.low[0] += static_cast<uint32_t>(begin.plus);
    PieceUse to = lying(state, box, all_axes(rank));
    to.bound = {};  // whatever is filled, this is written
    if (begin.moves()) {
      to.shift = begin;
      to.shift_axis = 0;
    }
    const Compute compute{.kernel = "assign", .engine = Engine::kCopyOut, .result = 1, .m = at.block};
    if (Status status = emit_compute(compute, {from, to}); !status) return status;
  }
  return {};
}

Status Tiler::add_scatter(const FusedGroup& group, const RowBlock& at) {
  const uint32_t x = group.inputs[1], rows = group.inputs[2], state = views_.root(group.output);
  const uint32_t count = shape(x)[0], columns = shape(x)[1], step = column_step(x, count);
  for (uint32_t column = 0; column < columns; column += step) {
    deal(column / step, (columns + step - 1) / step);
    Box numbers, from, to;
    numbers.extent[0] = from.extent[0] = count;
    to.extent[0] = shape(state)[0];
    from.low[1] = to.low[1] = column;
    from.extent[1] = to.extent[1] = std::min(step, columns - column);
    std::vector<PieceUse> uses = {lying_or_loaded(rows, numbers, {0}), loaded(x, from, {0, 1}),
                                  lying(state, to, {0, 1})};
    uses[2].indexed_by = 0;
    const Compute compute{.kernel = "scatter", .result = 2, .m = at.block};
    if (Status status = emit_compute(compute, uses); !status) return status;
  }
  return {};
}

}  // namespace rondo::tiling
