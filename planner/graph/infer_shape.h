// What an operator's output must be, given its inputs.
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

// "position + 1"; the number alone where no scalar moves it.
std::string moving_text(const Graph& graph, const Moving& moving);

struct Inferred {
  Shape shape;
  DType dtype = DType::kF32;
  Moving filled;
};

// Precondition: the input tensors exist, are as many as the operator takes, and have
// shapes of 1 to 4 axes; `state_of` names the state behind every tensor that is one,
// before or after a change (planner/graph/state_versions.h). Errors are kInvalidGraph and
// name the shapes and the axes that disagree. An axis that counts from the end is
// understood.
Result<Inferred> infer_output(const Graph& graph, const GraphOperator& op, const std::vector<uint32_t>& state_of);

}  // namespace rondo
