// The shape an operator's output must have, given its inputs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "rondo/graph.h"

namespace rondo {

using Shape = std::vector<uint32_t>;

// "[128, 64]"
std::string shape_text(const Shape& shape);

// NumPy broadcasting of two shapes, or empty where they do not broadcast.
Shape broadcast_shapes(const Shape& a, const Shape& b);

// Precondition: the input tensors exist, are as many as the operator takes, and have
// shapes of 1 to 4 axes. Errors are kInvalidGraph and name both shapes and the axes
// that disagree.
Result<Shape> infer_shape(const Graph& graph, const GraphOperator& op);

}  // namespace rondo
