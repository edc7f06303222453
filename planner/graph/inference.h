// One operator while its output is inferred: what the rules of all families read it by,
// and the words of their refusals.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "planner/graph/infer_shape.h"
#include "rondo/graph.h"

namespace rondo {

struct Inference {
  const Graph& graph;
  const GraphOperator& op;
  const std::vector<uint32_t>& state_of;

  const GraphTensor& input(size_t index) const { return graph.tensors[op.inputs[index]]; }
  const Shape& shape(size_t index) const { return input(index).shape; }
  Error fail(const std::string& reason) const;
  // "a is [128, 100], b is [64, 32]: "
  std::string operands() const;
  // "axis 1", "axes 0 and 2"
  static std::string counted(const char* what, size_t axes);
  // The operator's axis of an input, counted from the front.
  Result<uint32_t> axis_of(const Shape& shape) const;
};

// Reductions, concat, slice, reshape, transpose (infer_rearranged.cc).
Result<Inferred> infer_reduction(const Inference& inference);
Result<Inferred> infer_concat(const Inference& inference);
Result<Inferred> infer_slice(const Inference& inference);
Result<Inferred> infer_reshape(const Inference& inference);
Result<Inferred> infer_transpose(const Inference& inference);

// gather, rotary, attention (infer_attention.cc).
Result<Inferred> infer_gather(const Inference& inference);
Result<Inferred> infer_rotary(const Inference& inference);
Result<Inferred> infer_attention(const Inference& inference);

// append, scatter (infer_states.cc).
Result<Inferred> infer_append(const Inference& inference);
Result<Inferred> infer_scatter(const Inference& inference);

}  // namespace rondo
