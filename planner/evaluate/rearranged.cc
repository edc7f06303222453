#include <algorithm>
#include <cmath>

#include "planner/evaluate/evaluation.h"

namespace rondo::evaluating {
namespace {

// out[..., to + i, ...] = x[..., from + i, ...] for i in [0, count) along one axis. Parts
// of rows add up to the lengths that `out` has.
void place(const Evaluated& x, uint64_t from, Evaluated& out, uint64_t to, uint64_t count, size_t axis) {
  uint64_t inner = 1, outer = 1;
  for (size_t i = axis + 1; i < x.shape.size(); ++i) inner *= x.shape[i];
  for (size_t i = 0; i < axis; ++i) outer *= x.shape[i];
  const bool rows = axis + 1 < x.shape.size();
  const uint64_t columns = x.shape.back();
  for (uint64_t block = 0; block < outer; ++block) {
    const uint64_t source = (block * x.shape[axis] + from) * inner, target = (block * out.shape[axis] + to) * inner;
    std::copy_n(x.value.begin() + static_cast<int64_t>(source), count * inner,
                out.value.begin() + static_cast<int64_t>(target));
    std::copy_n(x.bound.begin() + static_cast<int64_t>(source), count * inner,
                out.bound.begin() + static_cast<int64_t>(target));
    if (rows)
      std::copy_n(x.row_bound.begin() + static_cast<int64_t>(source / columns), count * inner / columns,
                  out.row_bound.begin() + static_cast<int64_t>(target / columns));
    else
      out.row_bound[block] = std::hypot(out.row_bound[block], length_of_part(x, source, count));
  }
}

void no_lengths(Evaluated& out) { out.row_bound.assign(out.value.size() / out.shape.back(), 0); }

}  // namespace

void concat(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const auto axis = static_cast<size_t>(op.axis);
  no_lengths(out);
  uint64_t to = 0;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const Evaluated& x = it.input(op, i);
    place(x, 0, out, to, x.shape[axis], axis);
    to += x.shape[axis];
  }
}

void slice(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const auto axis = static_cast<size_t>(op.axis);
  no_lengths(out);
  place(it.input(op, 0), static_cast<uint64_t>(it.at(op.begin)), out, 0, out.shape[axis], axis);
}

void reshape(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  out.value = it.input(op, 0).value;
  out.bound = it.input(op, 0).bound;
  if (it.input(op, 0).shape.back() == out.shape.back()) out.row_bound = it.input(op, 0).row_bound;
}

void transpose(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated& x = it.input(op, 0);
  const std::vector<uint64_t> strides = strides_within(x.shape, x.shape);
  std::vector<uint64_t> seen;
  for (uint32_t axis : op.order) seen.push_back(strides[axis]);
  uint64_t at = 0;
  walk(out.shape, seen, seen, [&](uint64_t i, uint64_t) {
    out.value[at] = x.value[i];
    out.bound[at++] = x.bound[i];
  });
}

void gather(const Evaluation& it, const GraphOperator& op, Evaluated& out) {
  const Evaluated &x = it.input(op, 0), &rows = it.input(op, 1);
  const uint64_t columns = x.shape[1];
  no_lengths(out);
  for (uint64_t row = 0; row < rows.value.size(); ++row) {
    const auto from = static_cast<uint64_t>(std::clamp(rows.value[row], 0.0, static_cast<double>(x.shape[0] - 1)));
    out.row_bound[row] = x.row_bound[from];
    for (uint64_t column = 0; column < columns; ++column) {
      out.value[row * columns + column] = x.value[from * columns + column];
      out.bound[row * columns + column] = x.bound[from * columns + column];
    }
  }
}

void change_state(const Evaluation& it, const GraphOperator& op, Evaluated& whole) {
  const Evaluated& x = it.input(op, 1);
  const uint64_t capacity = whole.shape[0];
  for (uint64_t row = 0; row < x.shape[0]; ++row) {
    const uint64_t to =
        op.kind == OperatorKind::kScatter
            ? static_cast<uint64_t>(std::clamp(it.input(op, 2).value[row], 0.0, static_cast<double>(capacity - 1)))
            : (static_cast<uint64_t>(it.at(op.begin)) + row) % capacity;
    place(x, row, whole, to, 1, 0);
  }
}

void first_rows(const Evaluated& whole, Evaluated& out) {
  no_lengths(out);
  place(whole, 0, out, 0, out.shape[0], 0);
}

}  // namespace rondo::evaluating
