#include "planner/graph/infer_shape.h"

#include <algorithm>

#include "planner/graph/inference.h"

namespace rondo {
namespace {

// The axes before the last two.
Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

Result<Inferred> infer_matmul(const Inference& it) {
  const Shape &a = it.shape(0), &b = it.shape(1);
  if (a.size() < 2 || b.size() < 2) return it.fail(it.operands() + "matmul needs at least 2 axes of each");
  uint32_t m = a[a.size() - 2], inner_a = a.back(), inner_b = b[b.size() - 2], n = b.back();
  if (it.op.transpose_a) std::swap(m, inner_a);
  if (it.op.transpose_b) std::swap(inner_b, n);
  if (inner_a != inner_b)
    return it.fail(it.operands() + "inner extents " + std::to_string(inner_a) + " and " + std::to_string(inner_b) +
                   " differ");
  Shape out = broadcast_shapes(leading(a), leading(b));
  if (out.size() != std::max(a.size(), b.size()) - 2)
    return it.fail(it.operands() + "leading axes " + shape_text(leading(a)) + " and " + shape_text(leading(b)) +
                   " do not broadcast");
  out.push_back(m);
  out.push_back(n);
  return Inferred{std::move(out), DType::kF32, {}};
}

Result<Inferred> infer_broadcast(const Inference& it) {
  const Shape &a = it.shape(0), &b = it.shape(1);
  Shape out = broadcast_shapes(a, b);
  if (out.size() == std::max(a.size(), b.size())) return Inferred{std::move(out), DType::kF32, {}};
  for (size_t axis = 1;; ++axis) {
    const uint32_t left = a[a.size() - axis], right = b[b.size() - axis];
    if (left != right && left != 1 && right != 1)
      return it.fail(it.operands() + "extents " + std::to_string(left) + " and " + std::to_string(right) +
                     " of axis -" + std::to_string(axis) + " differ and neither is 1");
  }
}

// x as it is, after checking that every other input is a vector as long as its last axis.
Result<Inferred> infer_rows_with_vectors(const Inference& it) {
  const Shape& x = it.shape(0);
  for (size_t i = 1; i < it.op.inputs.size(); ++i) {
    if (it.shape(i).size() != 1)
      return it.fail(it.operands() + "input " + std::to_string(i) + " has " +
                     Inference::counted("", it.shape(i).size()) + " and needs 1");
    if (it.shape(i)[0] != x.back())
      return it.fail(it.operands() + "extents " + std::to_string(x.back()) + " and " + std::to_string(it.shape(i)[0]) +
                     " of the last axis differ");
  }
  return Inferred{x, DType::kF32, {}};
}

bool is_index(DType dtype) { return dtype == DType::kI32 || dtype == DType::kI64; }

// Element types, and who may read a tensor that is filled up to a scalar only.
Status check_inputs(const Inference& it) {
  for (size_t i = 0; i < it.op.inputs.size(); ++i) {
    const GraphTensor& input = it.input(i);
    const std::string what = "input '" + input.name + "' is " + std::string(info(input.dtype).name);
    if (i == index_input(it.op.kind)) {
      if (!is_index(input.dtype)) return it.fail(what + "; row numbers are i32 or i64");
    } else if (input.dtype != DType::kF32 && !is_view(it.op.kind)) {
      return it.fail(what + "; operators compute with f32 only so far");
    }
    if (!input.filled.moves()) continue;
    const bool reads_filled = it.op.kind == OperatorKind::kSlice || it.op.kind == OperatorKind::kAppend ||
                              (it.op.kind == OperatorKind::kAttention && i > 0);
    if (!reads_filled)
      return it.fail("input '" + input.name + "' holds only its first " + moving_text(it.graph, input.filled) +
                     " entries; attention, slice and append alone read such tensors");
  }
  return {};
}

}  // namespace

std::string shape_text(const Shape& shape) {
  std::string text = "[";
  for (uint32_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t axis = 1; axis <= out.size(); ++axis) {
    const uint32_t left = axis <= a.size() ? a[a.size() - axis] : 1;
    const uint32_t right = axis <= b.size() ? b[b.size() - axis] : 1;
    if (left != right && left != 1 && right != 1) return {};
    out[out.size() - axis] = std::max(left, right);
  }
  return out;
}

std::string moving_text(const Graph& graph, const Moving& moving) {
  if (!moving.moves()) return std::to_string(moving.plus);
  std::string text = "'" + graph.scalars[moving.scalar].name;
  if (moving.plus > 0) text += " + " + std::to_string(moving.plus);
  if (moving.plus < 0) text += " - " + std::to_string(-moving.plus);
  return text + "'";
}

Error Inference::fail(const std::string& reason) const {
  return make_error(ErrorCode::kInvalidGraph, std::string(info(op.kind).name) + " '" + op.name + "': " + reason,
                    op.place);
}

std::string Inference::operands() const {
  std::string text;
  std::string_view names = info(op.kind).inputs;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    std::string name(names.substr(0, names.find(' ')));
    if (name.ends_with("...")) {
      name = "input " + std::to_string(i);
    } else {
      names.remove_prefix(std::min(names.find(' '), names.size() - 1) + 1);
      if (name.ends_with("?")) name.pop_back();
    }
    text += (i == 0 ? "" : ", ") + name + " is " + shape_text(shape(i));
    if ((i == 0 && op.transpose_a) || (i == 1 && op.transpose_b)) text += " transposed";
  }
  return text + ": ";
}

std::string Inference::counted(const char* what, size_t axes) {
  return std::string(what) + std::to_string(axes) + (axes == 1 ? " axis" : " axes");
}

Result<uint32_t> Inference::axis_of(const Shape& of) const {
  const auto rank = static_cast<int32_t>(of.size());
  if (op.axis >= rank || op.axis < -rank)
    return fail(operands() + "axis " + std::to_string(op.axis) + " does not exist; allowed is " +
                std::to_string(-rank) + " to " + std::to_string(rank - 1));
  return static_cast<uint32_t>(op.axis < 0 ? op.axis + rank : op.axis);
}

Result<Inferred> infer_output(const Graph& graph, const GraphOperator& op, const std::vector<uint32_t>& state_of) {
  const Inference inference{graph, op, state_of};
  if (Status status = check_inputs(inference); !status.ok()) return status.error();
  switch (op.kind) {
    case OperatorKind::kMatmul:
      return infer_matmul(inference);
    case OperatorKind::kAdd:
    case OperatorKind::kSub:
    case OperatorKind::kMul:
    case OperatorKind::kDiv:
      return infer_broadcast(inference);
    case OperatorKind::kBias:
    case OperatorKind::kLayerNorm:
    case OperatorKind::kRmsNorm:
      return infer_rows_with_vectors(inference);
    case OperatorKind::kReduceSum:
    case OperatorKind::kReduceMax:
    case OperatorKind::kReduceMean:
      return infer_reduction(inference);
    case OperatorKind::kConcat:
      return infer_concat(inference);
    case OperatorKind::kSlice:
      return infer_slice(inference);
    case OperatorKind::kReshape:
      return infer_reshape(inference);
    case OperatorKind::kTranspose:
      return infer_transpose(inference);
    case OperatorKind::kGather:
      return infer_gather(inference);
    case OperatorKind::kRotary:
      return infer_rotary(inference);
    case OperatorKind::kAttention:
      return infer_attention(inference);
    case OperatorKind::kAppend:
      return infer_append(inference);
    case OperatorKind::kScatter:
      return infer_scatter(inference);
    case OperatorKind::kRelu:
    case OperatorKind::kGelu:
    case OperatorKind::kSoftmax:
    case OperatorKind::kSilu:
    case OperatorKind::kSigmoid:
    case OperatorKind::kTanh:
    case OperatorKind::kExp:
    case OperatorKind::kSqrt:
      break;
  }
  return Inferred{inference.shape(0), DType::kF32, {}};
}

}  // namespace rondo
