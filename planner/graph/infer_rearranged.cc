// Outputs of operators that take axes apart or put them together.
#include <algorithm>

#include "planner/graph/inference.h"

namespace rondo {

Result<Inferred> infer_reduction(const Inference& it) {
  const Shape& x = it.shape(0);
  const Result<uint32_t> axis = it.axis_of(x);
  if (!axis.ok()) return axis.error();
  Shape out = x;
  if (it.op.keep_axis) {
    out[*axis] = 1;
  } else if (x.size() == 1) {
    return it.fail(it.operands() + "nothing is left without the one axis; say keep_axis: true");
  } else {
    out.erase(out.begin() + *axis);
  }
  return Inferred{std::move(out), DType::kF32, {}};
}

Result<Inferred> infer_concat(const Inference& it) {
  Shape out = it.shape(0);
  const Result<uint32_t> axis = it.axis_of(out);
  if (!axis.ok()) return axis.error();
  uint64_t extent = out[*axis];
  for (size_t i = 1; i < it.op.inputs.size(); ++i) {
    const Shape& x = it.shape(i);
    bool fits = x.size() == out.size();
    for (size_t other = 0; fits && other < out.size(); ++other) fits = other == *axis || x[other] == out[other];
    if (!fits) return it.fail(it.operands() + "only axis " + std::to_string(*axis) + " may differ");
    extent += x[*axis];
  }
  if (extent > UINT32_MAX)
    return it.fail(it.operands() + "axis " + std::to_string(*axis) + " would have " + std::to_string(extent) +
                   " entries; at most " + std::to_string(UINT32_MAX) + " are allowed");
  out[*axis] = static_cast<uint32_t>(extent);
  return Inferred{std::move(out), DType::kF32, {}};
}

namespace {

// Entries [begin, end) that the scalar moves along the axis: it must stay inside.
Result<Inferred> infer_moved(const Inference& it, uint32_t axis) {
  const GraphTensor& x = it.input(0);
  const Moving &begin = it.op.begin, &end = it.op.end;
  const std::string from = moving_text(it.graph, begin);
  if (!it.op.has_end || end.scalar != begin.scalar || end.plus <= begin.plus)
    return it.fail(it.operands() + "begins at " + from + ", so it needs a `length` of at least 1, or an `end` that " +
                   "moves with the same scalar");
  if (axis == 0 && x.filled.moves())
    return it.fail(it.operands() + "only the first " + moving_text(it.graph, x.filled) + " entries hold something; " +
                   "a slice of them begins at 0");
  const GraphScalar& scalar = it.graph.scalars[begin.scalar];
  const auto extent = static_cast<int64_t>(x.shape[axis]);
  // plus lies within +-2^40 and min, max within +-2^62, so no sum overflows.
  if (scalar.min + begin.plus < 0 || scalar.max + end.plus > extent)
    return it.fail(it.operands() + "entries [" + std::to_string(scalar.min + begin.plus) + ", " +
                   std::to_string(scalar.max + end.plus) + ") may be asked for, and axis " + std::to_string(axis) +
                   " has " + std::to_string(extent) + ": scalar '" + scalar.name + "' may be " +
                   std::to_string(-begin.plus) + " to " + std::to_string(extent - end.plus) +
                   " here, and is declared " + std::to_string(scalar.min) + " to " + std::to_string(scalar.max));
  Inferred made{x.shape, x.dtype, axis == 0 ? Moving{} : x.filled};
  made.shape[axis] = static_cast<uint32_t>(end.plus - begin.plus);
  return made;
}

// The first `end` entries, a number that the scalar sets.
Result<Inferred> infer_filled(const Inference& it, uint32_t axis) {
  const GraphTensor& x = it.input(0);
  const Moving& end = it.op.end;
  if (axis != 0 || it.op.begin.plus != 0)
    return it.fail(it.operands() + "an end that moves alone needs axis 0 and begin 0, not axis " +
                   std::to_string(axis) + " and begin " + std::to_string(it.op.begin.plus));
  if (x.filled.moves() && (x.filled.scalar != end.scalar || x.filled.plus < end.plus))
    return it.fail(it.operands() + "only the first " + moving_text(it.graph, x.filled) +
                   " entries hold something, which are not always " + moving_text(it.graph, end));
  const GraphScalar& scalar = it.graph.scalars[end.scalar];
  const int64_t most = std::min<int64_t>(scalar.max + end.plus, x.shape[0]);
  if (most < 1)
    return it.fail(it.operands() + "ends at " + moving_text(it.graph, end) + ", which is never more than " +
                   std::to_string(most) + "; it must reach 1");
  Inferred made{x.shape, x.dtype, end};
  made.shape[0] = static_cast<uint32_t>(most);
  return made;
}

}  // namespace

Result<Inferred> infer_slice(const Inference& it) {
  const GraphTensor& x = it.input(0);
  const Result<uint32_t> axis = it.axis_of(x.shape);
  if (!axis.ok()) return axis.error();
  if (it.op.begin.moves()) return infer_moved(it, *axis);
  if (it.op.has_end && it.op.end.moves()) return infer_filled(it, *axis);
  if (*axis == 0 && x.filled.moves())
    return it.fail(it.operands() + "only the first " + moving_text(it.graph, x.filled) +
                   " entries hold something; name an end that moves with them");
  const auto extent = static_cast<int64_t>(x.shape[*axis]);
  const int64_t begin = it.op.begin.plus, end = it.op.has_end ? it.op.end.plus : extent;
  if (begin < 0 || end > extent || begin >= end)
    return it.fail(it.operands() + "entries [" + std::to_string(begin) + ", " + std::to_string(end) + ") of axis " +
                   std::to_string(*axis) +
                   " are none or do not exist; allowed is 0 <= begin < end <= " + std::to_string(extent));
  Inferred made{x.shape, x.dtype, x.filled};
  made.shape[*axis] = static_cast<uint32_t>(end - begin);
  return made;
}

Result<Inferred> infer_reshape(const Inference& it) {
  const GraphTensor& x = it.input(0);
  if (it.op.shape.empty() || it.op.shape.size() > kMaxRank)
    return it.fail(it.operands() + "needs a `shape` of 1 to 4 extents");
  unsigned __int128 from = 1, to = 1;  // at most 2^128: four extents of 32 bits
  for (uint32_t extent : x.shape) from *= extent;
  for (uint32_t extent : it.op.shape) to *= extent;
  if (from != to)
    return it.fail(it.operands() + "shape " + shape_text(it.op.shape) + " has not the same number of elements");
  return Inferred{it.op.shape, x.dtype, {}};
}

Result<Inferred> infer_transpose(const Inference& it) {
  const GraphTensor& x = it.input(0);
  std::vector<uint32_t> sorted = it.op.order;
  std::sort(sorted.begin(), sorted.end());
  bool each_once = sorted.size() == x.shape.size();
  for (size_t axis = 0; each_once && axis < sorted.size(); ++axis) each_once = sorted[axis] == axis;
  if (!each_once)
    return it.fail(it.operands() + "order " + shape_text(it.op.order) + " must name each of the axes 0 to " +
                   std::to_string(x.shape.size() - 1) + " once");
  Inferred made{{}, x.dtype, {}};
  for (uint32_t axis : it.op.order) made.shape.push_back(x.shape[axis]);
  return made;
}

}  // namespace rondo
