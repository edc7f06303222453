// Tensors and operators as the user wrote them: what a planner reads.
//
// A Graph is well-formed once built: names resolve, operators are in topological
// order, every shape and dtype is inferred and agrees. The YAML form is in
// docs/graph-format.md. An ordinary value; not thread-safe to mutate.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/dtype.h"
#include "rondo/result.h"
#include "rondo/view.h"

namespace rondo {

enum class OperatorKind : uint8_t { kMatmul, kAdd, kMul, kBias, kRelu, kGelu, kSoftmax, kLayerNorm };

struct OperatorInfo {
  OperatorKind kind;
  std::string_view name;        // as in graph files
  std::string_view inputs;      // what the inputs are, in order
  std::string_view attributes;  // attribute names it takes, separated by spaces
  std::string_view what;
};

// The one list of operators; index == number.
inline constexpr std::array<OperatorInfo, 8> kOperators = {{
    {OperatorKind::kMatmul, "matmul", "a b", "transpose_a transpose_b",
     "batched matrix product over the last two axes; leading axes broadcast"},
    {OperatorKind::kAdd, "add", "a b", "", "a + b with NumPy broadcasting"},
    {OperatorKind::kMul, "mul", "a b", "", "a * b with NumPy broadcasting"},
    {OperatorKind::kBias, "bias", "x b", "", "x + b, b of rank 1 along the last axis"},
    {OperatorKind::kRelu, "relu", "x", "", "max(x, 0)"},
    {OperatorKind::kGelu, "gelu", "x", "form", "x * Phi(x); form: erf (default) or tanh"},
    {OperatorKind::kSoftmax, "softmax", "x", "", "along the last axis"},
    {OperatorKind::kLayerNorm, "layer_norm", "x gamma beta", "epsilon", "along the last axis; epsilon 1e-5 by default"},
}};
constexpr const OperatorInfo& info(OperatorKind kind) { return kOperators[static_cast<uint8_t>(kind)]; }

enum class TensorRole : uint8_t { kInput, kConstant, kOutput, kIntermediate };

struct GraphTensor {
  std::string name;
  TensorRole role = TensorRole::kIntermediate;
  DType dtype = DType::kF32;
  std::vector<uint32_t> shape;  // 1 to 4 axes, each >= 1, outermost first
  Place place;
};

struct GraphOperator {
  std::string name;  // as given, else "<op>_<index>"
  OperatorKind kind = OperatorKind::kMatmul;
  std::vector<uint32_t> inputs;  // tensor indices
  uint32_t output = 0;
  bool transpose_a = false, transpose_b = false;
  bool gelu_tanh = false;
  float epsilon = 1e-5f;
  Place place;
};

struct Graph {
  std::string name;
  std::vector<GraphTensor> tensors;
  std::vector<GraphOperator> operators;  // topological: inputs are produced earlier
};

// Errors are kInvalidGraph with line and column: unknown operator or key (with "did
// you mean"), duplicate name, cycle (the cycle is printed), shape or dtype mismatch
// (both shapes), zero extents, tensors above 2^40 bytes, rank above 4.
Result<Graph> parse_graph(std::string_view text, std::string file = {});
Result<Graph> load_graph(const std::string& path);

// Infers output shapes, orders the operators and checks everything parse_graph
// promises; for graphs built in code. Tensors that operators produce may come with
// an empty shape. Intermediates nobody reads are refused unless they are outputs.
Status finish_graph(Graph& graph);

}  // namespace rondo
