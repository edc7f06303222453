// The fast-memory scheduling problem: a DAG of MatMul and Pointwise operators, a fast
// memory of limited capacity, a slow memory of limited bandwidth. The problem of the
// MLSys 2026 contest (yarongmu-google/MLSys), whose JSON files are read here.
//
// Sizes are elements; time is the contest's latency, which has no unit: base costs and
// elements / bandwidth are on one scale. A MatMul's first input is its LHS, its second
// the RHS: out[H, W] = LHS[H, K] @ RHS[K, W], and a tensor is width x height.
// Thread safety: plain values and pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/result.h"

namespace rondo::fusion {

struct Tensor {
  int64_t width = 1;
  int64_t height = 1;

  int64_t size() const { return width * height; }
  bool operator==(const Tensor&) const = default;
};

enum class OperatorType : uint8_t { kMatMul, kPointwise };

struct Operator {
  OperatorType type = OperatorType::kPointwise;
  std::vector<uint32_t> inputs;  // tensors; a MatMul has two, a Pointwise at least one
  uint32_t output = 0;
  double base_cost = 0;  // compute time of one native tile

  bool operator==(const Operator&) const = default;
};

struct Problem {
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  int64_t capacity = 0;  // of the fast memory
  double bandwidth = 0;  // elements a unit of time, in and out together
  int64_t native = 128;  // native width, height and depth of a tile: one number

  // Derived by finish_problem().
  std::vector<int32_t> producer;                 // the operator that makes a tensor; -1: a graph input
  std::vector<std::vector<uint32_t>> consumers;  // the operators that read a tensor, each once, ascending

  bool is_input(uint32_t tensor) const { return producer[tensor] < 0; }
  // Made by an operator and read by none: it must lie in slow memory at the end.
  bool is_output(uint32_t tensor) const { return producer[tensor] >= 0 && consumers[tensor].empty(); }
  bool is_matmul(uint32_t op) const { return operators[op].type == OperatorType::kMatMul; }
  // Length of the reduction of a MatMul.
  int64_t depth(uint32_t op) const { return tensors[operators[op].inputs[0]].width; }
};

// All tensors together have at most this many elements, so that sums of a few slices of
// each are exact in an int64 and in a double.
inline constexpr int64_t kMaxElements = int64_t{1} << 48;

// Checks everything that the evaluator and the solvers rely on, and fills the derived
// fields. kInvalidGraph: ids out of range, wrong number of inputs, shapes that do not
// match, a tensor with two producers, a cycle, sizes, costs or bandwidth out of range.
// kDoesNotFit: an operator that cannot run alone even on tiles of one element.
Status finish_problem(Problem& problem);

// The least fast memory in which an operator runs alone: tiles of one element.
int64_t least_working_set(const Problem& problem, uint32_t op);

// The contest's JSON: widths, heights, inputs, outputs, base_costs, op_types,
// fast_memory_capacity, slow_memory_bandwidth, native_granularity. Other keys are left
// alone. Errors name the place in the file.
Result<Problem> parse_problem(std::string_view text, const std::string& file);
Result<Problem> load_problem(const std::string& path);
std::string print_problem(const Problem& problem);

}  // namespace rondo::fusion
