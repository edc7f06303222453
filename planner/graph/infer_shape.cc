#include "planner/graph/infer_shape.h"

#include <algorithm>

namespace rondo {
namespace {

// The axes before the last two.
Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

std::string counted(const char* what, size_t axes) {
  return std::string(what) + std::to_string(axes) + (axes == 1 ? " axis" : " axes");
}

struct Inference {
  const Graph& graph;
  const GraphOperator& op;

  const Shape& shape(size_t input) const { return graph.tensors[op.inputs[input]].shape; }
  Error fail(const std::string& reason) const {
    return make_error(ErrorCode::kInvalidGraph, std::string(info(op.kind).name) + " '" + op.name + "': " + reason,
                      op.place);
  }
  // "a is [128, 100], b is [64, 32]: "
  std::string operands() const {
    std::string text;
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      std::string_view names = info(op.kind).inputs;
      for (size_t skip = i; skip > 0; --skip) names.remove_prefix(names.find(' ') + 1);
      text += (i == 0 ? "" : ", ") + std::string(names.substr(0, names.find(' '))) + " is " + shape_text(shape(i));
      if ((i == 0 && op.transpose_a) || (i == 1 && op.transpose_b)) text += " transposed";
    }
    return text + ": ";
  }

  Result<Shape> matmul() const {
    const Shape &a = shape(0), &b = shape(1);
    if (a.size() < 2 || b.size() < 2) return fail(operands() + "matmul needs at least 2 axes of each");
    uint32_t m = a[a.size() - 2], inner_a = a.back(), inner_b = b[b.size() - 2], n = b.back();
    if (op.transpose_a) std::swap(m, inner_a);
    if (op.transpose_b) std::swap(inner_b, n);
    if (inner_a != inner_b)
      return fail(operands() + "inner extents " + std::to_string(inner_a) + " and " + std::to_string(inner_b) +
                  " differ");
    Shape out = broadcast_shapes(leading(a), leading(b));
    if (out.size() != std::max(a.size(), b.size()) - 2)
      return fail(operands() + "leading axes " + shape_text(leading(a)) + " and " + shape_text(leading(b)) +
                  " do not broadcast");
    out.push_back(m);
    out.push_back(n);
    return out;
  }
  Result<Shape> broadcast() const {
    const Shape &a = shape(0), &b = shape(1);
    Shape out = broadcast_shapes(a, b);
    if (out.size() == std::max(a.size(), b.size())) return out;
    for (size_t axis = 1;; ++axis) {
      const uint32_t left = a[a.size() - axis], right = b[b.size() - axis];
      if (left != right && left != 1 && right != 1)
        return fail(operands() + "extents " + std::to_string(left) + " and " + std::to_string(right) + " of axis -" +
                    std::to_string(axis) + " differ and neither is 1");
    }
  }
  // x as it is, after checking that every other input is a vector as long as its last axis.
  Result<Shape> rows_with_vectors() const {
    const Shape& x = shape(0);
    for (size_t i = 1; i < op.inputs.size(); ++i) {
      if (shape(i).size() != 1)
        return fail(operands() + "input " + std::to_string(i) + " has " + counted("", shape(i).size()) +
                    " and needs 1");
      if (shape(i)[0] != x.back())
        return fail(operands() + "extents " + std::to_string(x.back()) + " and " + std::to_string(shape(i)[0]) +
                    " of the last axis differ");
    }
    return x;
  }
};

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

Result<Shape> infer_shape(const Graph& graph, const GraphOperator& op) {
  const Inference inference{graph, op};
  switch (op.kind) {
    case OperatorKind::kMatmul:
      return inference.matmul();
    case OperatorKind::kAdd:
    case OperatorKind::kMul:
      return inference.broadcast();
    case OperatorKind::kBias:
    case OperatorKind::kLayerNorm:
      return inference.rows_with_vectors();
    case OperatorKind::kRelu:
    case OperatorKind::kGelu:
    case OperatorKind::kSoftmax:
      break;
  }
  return inference.shape(0);
}

}  // namespace rondo
