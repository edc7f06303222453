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

enum class OperatorKind : uint8_t {
  kMatmul,
  kAdd,
  kMul,
  kBias,
  kRelu,
  kGelu,
  kSoftmax,
  kLayerNorm,
  kSub,
  kDiv,
  kSilu,
  kSigmoid,
  kTanh,
  kExp,
  kSqrt,
  kRmsNorm,
  kReduceSum,
  kReduceMax,
  kReduceMean,
  kConcat,
  kSlice,
  kReshape,
  kTranspose,
  kGather,
  kRotary,
  kAttention,
  kAppend,
  kScatter
};

// Operators that are planned, evaluated and checked alike.
enum class OperatorFamily : uint8_t {
  kProduct,      // matmul
  kPairwise,     // two inputs, element by element
  kElementwise,  // one input, element by element
  kRows,         // each row of the last axis by itself
  kReduction,    // one axis to one entry
  kView,         // the input seen another way: no element is computed
  kConcat,
  kGather,
  kRotary,
  kAttention,
  kStateUpdate,  // the first input is a state, the result is that state afterwards
};

struct OperatorInfo {
  OperatorKind kind;
  OperatorFamily family;
  std::string_view name;        // as in graph files
  std::string_view inputs;      // what the inputs are, in order; "x..." is two or more, "rows?" may be left out
  std::string_view attributes;  // attribute names it takes, separated by spaces
  std::string_view what;
};

// The one list of operators; index == number.
inline constexpr std::array<OperatorInfo, 28> kOperators = {{
    {OperatorKind::kMatmul, OperatorFamily::kProduct, "matmul", "a b", "transpose_a transpose_b",
     "batched matrix product over the last two axes; leading axes broadcast"},
    {OperatorKind::kAdd, OperatorFamily::kPairwise, "add", "a b", "", "a + b with NumPy broadcasting"},
    {OperatorKind::kMul, OperatorFamily::kPairwise, "mul", "a b", "", "a * b with NumPy broadcasting"},
    {OperatorKind::kBias, OperatorFamily::kPairwise, "bias", "x b", "", "x + b, b of rank 1 along the last axis"},
    {OperatorKind::kRelu, OperatorFamily::kElementwise, "relu", "x", "", "max(x, 0)"},
    {OperatorKind::kGelu, OperatorFamily::kElementwise, "gelu", "x", "form", "x * Phi(x); form: erf (default) or tanh"},
    {OperatorKind::kSoftmax, OperatorFamily::kRows, "softmax", "x", "", "along the last axis"},
    {OperatorKind::kLayerNorm, OperatorFamily::kRows, "layer_norm", "x gamma beta", "epsilon",
     "along the last axis; epsilon 1e-5 by default"},
    {OperatorKind::kSub, OperatorFamily::kPairwise, "sub", "a b", "", "a - b with NumPy broadcasting"},
    {OperatorKind::kDiv, OperatorFamily::kPairwise, "div", "a b", "", "a / b with NumPy broadcasting"},
    {OperatorKind::kSilu, OperatorFamily::kElementwise, "silu", "x", "", "x * sigmoid(x)"},
    {OperatorKind::kSigmoid, OperatorFamily::kElementwise, "sigmoid", "x", "", "1 / (1 + exp(-x))"},
    {OperatorKind::kTanh, OperatorFamily::kElementwise, "tanh", "x", "", "hyperbolic tangent"},
    {OperatorKind::kExp, OperatorFamily::kElementwise, "exp", "x", "", "e to the power x"},
    {OperatorKind::kSqrt, OperatorFamily::kElementwise, "sqrt", "x", "", "square root; NaN below 0"},
    {OperatorKind::kRmsNorm, OperatorFamily::kRows, "rms_norm", "x gamma", "epsilon",
     "x / sqrt(mean x^2 + epsilon) * gamma along the last axis; epsilon 1e-5 by default"},
    {OperatorKind::kReduceSum, OperatorFamily::kReduction, "reduce_sum", "x", "axis keep_axis",
     "sum along one axis, the last by default"},
    {OperatorKind::kReduceMax, OperatorFamily::kReduction, "reduce_max", "x", "axis keep_axis",
     "largest along one axis; NaN if any is"},
    {OperatorKind::kReduceMean, OperatorFamily::kReduction, "reduce_mean", "x", "axis keep_axis",
     "mean along one axis"},
    {OperatorKind::kConcat, OperatorFamily::kConcat, "concat", "x...", "axis",
     "inputs one after another along an axis, the last by default"},
    {OperatorKind::kSlice, OperatorFamily::kView, "slice", "x", "axis begin end at length",
     "entries [begin, end) along an axis (the last by default), or `length` entries from the scalar `at` on"},
    {OperatorKind::kReshape, OperatorFamily::kView, "reshape", "x", "shape",
     "the same elements in row-major order under another shape"},
    {OperatorKind::kTranspose, OperatorFamily::kView, "transpose", "x", "order",
     "axes in another order: axis i of the result is order[i] of x"},
    {OperatorKind::kGather, OperatorFamily::kGather, "gather", "x rows", "",
     "rows of the matrix x, named by integers, which are clamped to those that exist"},
    {OperatorKind::kRotary, OperatorFamily::kRotary, "rotary", "x cos sin", "heads pairing",
     "rotary position embedding of every head of x; pairing: half (default) or interleaved"},
    {OperatorKind::kAttention, OperatorFamily::kAttention, "attention", "q k v rows?", "heads kv_heads causal scale",
     "softmax(scale q k^T) v for each head; with `rows`, k and v are pools of which these rows count"},
    {OperatorKind::kAppend, OperatorFamily::kStateUpdate, "append", "state x", "at",
     "writes the rows of x into a state from row `at` on; the result is its rows [0, at + rows of x)"},
    {OperatorKind::kScatter, OperatorFamily::kStateUpdate, "scatter", "state x rows", "",
     "writes row i of x to row rows[i] of a state, later ones over earlier ones; the result is the whole state"},
}};
constexpr const OperatorInfo& info(OperatorKind kind) { return kOperators[static_cast<uint8_t>(kind)]; }

constexpr bool is_elementwise(OperatorKind kind) {
  return info(kind).family == OperatorFamily::kPairwise || info(kind).family == OperatorFamily::kElementwise;
}
constexpr bool is_view(OperatorKind kind) { return info(kind).family == OperatorFamily::kView; }
constexpr bool changes_state(OperatorKind kind) { return info(kind).family == OperatorFamily::kStateUpdate; }
constexpr bool is_reduction(OperatorKind kind) { return info(kind).family == OperatorFamily::kReduction; }
// Which input holds row numbers (i32 or i64), or kNone.
constexpr uint32_t index_input(OperatorKind kind) {
  if (kind == OperatorKind::kGather) return 1;
  if (kind == OperatorKind::kScatter) return 2;
  return kind == OperatorKind::kAttention ? 3 : kNone;
}

// kState and kTable are the sections `states` and `tables` of a graph file.
enum class TensorRole : uint8_t { kInput, kConstant, kOutput, kIntermediate, kState, kTable };

// An integer that the host sets before each replay; outside [min, max] it is refused.
struct GraphScalar {
  std::string name;
  int64_t min = 0, max = 0;
  Place place;
};

// scalar + plus, or just `plus` where there is no scalar: a place or a count along an
// axis. Reads as "position + 1" in graph files.
struct Moving {
  uint32_t scalar = kNone;  // in Graph::scalars
  int64_t plus = 0;

  bool moves() const { return scalar != kNone; }
  bool operator==(const Moving&) const = default;
};

struct GraphTensor {
  std::string name;
  TensorRole role = TensorRole::kIntermediate;
  DType dtype = DType::kF32;    // f32; of tables and other row numbers i32 or i64
  std::vector<uint32_t> shape;  // 1 to 4 axes, each >= 1, outermost first
  Place place;

  // Where `filled.moves()`: only entries [0, clamp(filled, 0, shape[0])) along axis 0 hold
  // something. Given for states, inferred for what is made of them.
  Moving filled;
  uint64_t index_limit = 0;  // tables: every entry is in [0, index_limit)
  bool distinct = false;     // tables: no entry occurs twice
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

  int32_t axis = -1;  // reductions, concat, slice; negative counts from the end; finish_graph makes it >= 0
  bool keep_axis = false;
  // slice: where it begins and ends; `end` absent is the end of the axis. If `begin`
  // moves, so does `end`, with the same scalar; if only `end` moves, `begin` is 0 and the
  // axis is 0. append: `begin` alone.
  Moving begin;
  bool has_end = false;
  Moving end;
  std::vector<uint32_t> shape;  // reshape
  std::vector<uint32_t> order;  // transpose
  uint32_t heads = 1;           // rotary, attention: the last axis is this many heads side by side
  uint32_t kv_heads = 0;        // attention: of k and v; a divisor of `heads`; 0 means `heads`
  bool causal = false;          // attention: the last query sees all keys, each before it one fewer
  float scale = 0;              // attention: 0 means 1 / sqrt(elements of a head of q)
  bool interleaved = false;     // rotary: pairs (2i, 2i + 1) instead of (i, i + d / 2)
};

struct Graph {
  std::string name;
  std::vector<GraphTensor> tensors;
  // Topological: inputs are produced earlier, and whatever reads a state as it was comes
  // before the operator that changes it.
  std::vector<GraphOperator> operators;
  std::vector<GraphScalar> scalars;
};

// Errors are kInvalidGraph with line and column: unknown operator or key (with "did
// you mean"), duplicate name, cycle (the cycle is printed), shape or dtype mismatch
// (both shapes), zero extents, tensors above 2^40 bytes, rank above 4.
Result<Graph> parse_graph(std::string_view text, std::string file = {});
Result<Graph> load_graph(const std::string& path);

// Infers output shapes, orders the operators and checks everything parse_graph
// promises; for graphs built in code. Tensors that operators produce may come with
// an empty shape. Intermediates nobody reads are refused unless they are outputs or
// states after a change.
Status finish_graph(Graph& graph);

}  // namespace rondo
