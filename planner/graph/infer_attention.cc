// Outputs of operators that know heads or row numbers.
#include "planner/graph/inference.h"

namespace rondo {

Result<Inferred> infer_gather(const Inference& it) {
  const Shape &x = it.shape(0), &rows = it.shape(1);
  if (x.size() != 2) return it.fail(it.operands() + "x has " + Inference::counted("", x.size()) + " and needs 2");
  Shape out = rows;
  out.push_back(x[1]);
  if (out.size() > kMaxRank)
    return it.fail(it.operands() + "the result would have " + std::to_string(out.size()) + " axes; at most " +
                   std::to_string(kMaxRank) + " are allowed");
  return Inferred{std::move(out), DType::kF32, {}};
}

Result<Inferred> infer_rotary(const Inference& it) {
  const Shape& x = it.shape(0);
  if (x.size() < 2) return it.fail(it.operands() + "x needs at least 2 axes: rows, and heads side by side");
  if (it.op.heads == 0 || x.back() % it.op.heads != 0)
    return it.fail(it.operands() + "the last axis of x has " + std::to_string(x.back()) + " entries, which " +
                   std::to_string(it.op.heads) + " heads do not share evenly");
  const Shape wanted = {x[x.size() - 2], x.back() / it.op.heads};
  if (it.shape(1) != wanted || it.shape(2) != wanted)
    return it.fail(it.operands() + "with " + std::to_string(it.op.heads) + " heads cos and sin must be " +
                   shape_text(wanted));
  return Inferred{x, DType::kF32, {}};
}

Result<Inferred> infer_attention(const Inference& it) {
  const Shape &q = it.shape(0), &k = it.shape(1), &v = it.shape(2);
  const bool indexed = it.op.inputs.size() == 4;
  if (q.size() < 2 || k.size() < 2 || v.size() < 2)
    return it.fail(it.operands() + "attention needs at least 2 axes of each");
  const uint32_t heads = it.op.heads, kv_heads = it.op.kv_heads == 0 ? heads : it.op.kv_heads;
  if (heads == 0 || heads % kv_heads != 0)
    return it.fail(it.operands() + "heads is " + std::to_string(heads) + " and must be a multiple of kv_heads, " +
                   std::to_string(kv_heads));
  if (q.back() % heads != 0 || k.back() % kv_heads != 0 || v.back() % kv_heads != 0)
    return it.fail(it.operands() + std::to_string(heads) + " heads of q, " + std::to_string(kv_heads) +
                   " of k and v do not share their last axes evenly");
  if (q.back() / heads != k.back() / kv_heads)
    return it.fail(it.operands() + "a head of q has " + std::to_string(q.back() / heads) + " entries, one of k " +
                   std::to_string(k.back() / kv_heads));
  if (k[k.size() - 2] != v[v.size() - 2] || it.input(1).filled != it.input(2).filled)
    return it.fail(it.operands() + "k and v must have equally many rows");
  if (it.op.scale < 0) return it.fail("scale is " + std::to_string(it.op.scale) + " and must be above 0");
  if (indexed) {
    if (q.size() != 2 || k.size() != 2 || v.size() != 2 || it.shape(3).size() != 1)
      return it.fail(it.operands() + "with rows, q, k and v need 2 axes and rows 1");
    if (it.op.causal && q[0] != 1) return it.fail(it.operands() + "rows come in any order, so they cannot be causal");
    if (it.input(1).filled.moves()) return it.fail(it.operands() + "k and v are pools here; they must be filled whole");
  }
  const Shape q_leading(q.begin(), q.end() - 2), k_leading(k.begin(), k.end() - 2), v_leading(v.begin(), v.end() - 2);
  if (broadcast_shapes(q_leading, k_leading) != q_leading || broadcast_shapes(q_leading, v_leading) != q_leading)
    return it.fail(it.operands() + "leading axes of k and v do not broadcast to those of q, " + shape_text(q_leading));
  Shape out = q;
  const uint64_t columns = uint64_t{v.back() / kv_heads} * heads;
  if (columns > UINT32_MAX) return it.fail(it.operands() + "the result would be too wide");
  out.back() = static_cast<uint32_t>(columns);
  return Inferred{std::move(out), DType::kF32, {}};
}

}  // namespace rondo
