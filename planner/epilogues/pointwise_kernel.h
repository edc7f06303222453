// The kernel of an operator that one op of equal extents computes.
#pragma once
#include <string_view>

#include "rondo/graph.h"

namespace rondo {

// For add and its like, relu and its like, and rows: softmax, layer_norm, rms_norm.
// Kernels bear the names of the operators they compute; bias is an add.
constexpr std::string_view pointwise_kernel(OperatorKind kind) {
  return kind == OperatorKind::kBias ? std::string_view("add") : info(kind).name;
}

}  // namespace rondo
