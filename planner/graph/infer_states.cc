// Outputs of operators that change a state.
#include "planner/graph/inference.h"

namespace rondo {
namespace {

Result<const GraphTensor*> state_behind(const Inference& it) {
  const uint32_t state = it.state_of[it.op.inputs[0]];
  if (state == kNone) return it.fail("its first input, '" + it.input(0).name + "', is no state");
  return &it.graph.tensors[state];
}

}  // namespace

Result<Inferred> infer_append(const Inference& it) {
  const Result<const GraphTensor*> state = state_behind(it);
  if (!state.ok()) return state.error();
  const Shape &whole = (*state)->shape, &x = it.shape(1);
  const GraphTensor& before = it.input(0);
  if (x.size() != whole.size() || !std::equal(x.begin() + 1, x.end(), whole.begin() + 1))
    return it.fail(it.operands() + "only axis 0 of x may differ from the state, " + shape_text(whole));
  const int64_t rows = x[0], capacity = whole[0];
  const Moving& at = it.op.begin;
  if (rows > capacity)
    return it.fail(it.operands() + "more rows than the state holds, which are " + std::to_string(capacity));
  Inferred made{whole, before.dtype, {}};
  if (!at.moves()) {
    // Below `at` the result holds what was there before, if something was.
    const int64_t held = before.filled.moves() ? 0 : before.shape[0];
    if (at.plus < 0 || at.plus > held || at.plus + rows > capacity)
      return it.fail(it.operands() + "writes rows [" + std::to_string(at.plus) + ", " + std::to_string(at.plus + rows) +
                     "); allowed is to begin within the rows that surely hold " + "something, at most at " +
                     std::to_string(held) + ", and to end within " + std::to_string(capacity));
    made.shape[0] = static_cast<uint32_t>(at.plus + rows);
    return made;
  }
  const GraphScalar& scalar = it.graph.scalars[at.scalar];
  if (before.filled.moves() ? before.filled != at : before.shape[0] != whole[0])
    return it.fail(it.operands() + "writes from row " + moving_text(it.graph, at) + " on, but before it " +
                   (before.filled.moves() ? moving_text(it.graph, before.filled) : std::to_string(before.shape[0])) +
                   " rows hold something");
  if (scalar.min + at.plus < 0)
    return it.fail("row " + moving_text(it.graph, at) + " may be " + std::to_string(scalar.min + at.plus) +
                   "; rows begin at 0");
  if (rows > 1 && scalar.max + at.plus + rows > capacity)
    return it.fail(it.operands() + "rows [" + std::to_string(scalar.max + at.plus) + ", " +
                   std::to_string(scalar.max + at.plus + rows) + ") may be asked for and the state has " +
                   std::to_string(capacity) + "; only one row at a time goes round its end");
  made.filled = {at.scalar, at.plus + rows};
  return made;
}

Result<Inferred> infer_scatter(const Inference& it) {
  const Result<const GraphTensor*> state = state_behind(it);
  if (!state.ok()) return state.error();
  const Shape &whole = (*state)->shape, &x = it.shape(1), &rows = it.shape(2);
  if (it.input(0).filled.moves() || it.shape(0) != whole)
    return it.fail(it.operands() + "row numbers reach the whole state, of which only some rows hold something; " +
                   "declare it with filled: all");
  if (whole.size() != 2 || x.size() != 2 || rows.size() != 1 || x[0] != rows[0] || x[1] != whole[1])
    return it.fail(it.operands() + "needs a state [n, c], x [r, c] and rows [r]");
  return Inferred{whole, it.input(0).dtype, {}};
}

}  // namespace rondo
