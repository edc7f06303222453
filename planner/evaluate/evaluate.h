// The reference: a graph computed in double precision from f32 inputs, with a
// bound for every element on how far an f32 computation of it may be away.
//
// Two bounds go side by side through the operators, and each takes what is the smaller
// of the other: one for every element, and one on the Euclidean length of the errors of
// a row. Element by element a product multiplies errors by about sqrt(k), by length only
// by the norm of its right operand; and a normalised row is never farther from another
// than twice its length. Method: docs/decisions/0049 and 0091.
//
// Of sums it is taken that neighbours are added to neighbours: products in any tree over k,
// rows, weights and scores in at least eight lanes or neighbour by neighbour, as the kernels'
// headers promise. What rounding usually makes: usual_errors.h.
//
// Plain loops, no blocking and no sharing of code with any kernel. Used by tests,
// by `rondo run --check` and by the demo. Thread safety: pure functions.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>
#include "rondo/graph.h"
#include "rondo/result.h"

namespace rondo {

// One tensor, dense and row-major.
struct Evaluated {
  std::vector<uint32_t> shape;
  std::vector<double> value;
  // |f32 result - value| stays below this, products fused or not: for a matmul of exact
  // operands c * u * (k * R + sum |a||b|), with u = 2^-24 and R the largest |sum| of
  // neighbouring products, and what its operands' own bounds add. Infinite where no bound
  // can be given.
  std::vector<double> bound;
  // By row (all entries of the last axis): the Euclidean length of its errors stays below
  // this. Of what the caller gives it may be empty: then the bounds say it.
  std::vector<double> row_bound = {};
};

using NamedData = std::map<std::string, std::span<const float>, std::less<>>;
using EvaluatedTensors = std::map<std::string, Evaluated, std::less<>>;

// What the caller gives for one run, by name.
struct GraphData {
  NamedData floats;                                                      // inputs, constants, states
  std::map<std::string, std::span<const int64_t>, std::less<>> indices;  // tables, inputs of row numbers
  std::map<std::string, int64_t, std::less<>> scalars;
  EvaluatedTensors states;  // as an earlier run left them, bounds included; they count before `floats`
};

// Every tensor of the graph (`outputs_only`: only those of role output), by name, and
// every state that the graph changes, as it is afterwards, by the state's name. A state
// that is not given is zero. `factor` is the c of the bounds. Errors: kNotFound for a
// missing input or scalar, kInvalidArgument for one of the wrong size or out of range.
Result<EvaluatedTensors> evaluate_graph(const Graph& graph, const GraphData& given, bool outputs_only = true,
                                        double factor = 1);
// The same for a graph without tables and scalars.
Result<EvaluatedTensors> evaluate_graph(const Graph& graph, const NamedData& inputs, bool outputs_only = true,
                                        double factor = 1);

struct Comparison {
  uint64_t elements = 0;
  uint64_t outside = 0;      // elements beyond their bound, or NaN on one side only
  double max_error = 0;      // largest |result - value|
  double worst_ratio = 0;    // largest error / bound; above 1 iff outside > 0
  uint64_t worst_index = 0;  // of that element
  double worst_value = 0, worst_result = 0;

  bool agrees() const { return outside == 0; }
};

// Precondition: equal sizes.
Comparison compare(const Evaluated& expected, std::span<const float> result);

}  // namespace rondo
