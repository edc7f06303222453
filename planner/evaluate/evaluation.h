// One evaluation under way, and the families of operators that fill its tensors.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "planner/evaluate/evaluate.h"
#include "rondo/graph.h"

namespace rondo::evaluating {

inline constexpr double kEpsilon = 0x1p-23;  // of f32; a rounding is half of it
inline constexpr double kUnit = kEpsilon / 2;
inline constexpr double kInfinite = std::numeric_limits<double>::infinity();

// ---- How kernels sum (kernels/rows/rows.h, kernels/matmul/matmul.h) ----

// Additions that one term of a row of n passes through: at least eight lanes, then halves onto halves.
double lane_depth(double n);
// What f32 adds to the sum of a row of n products, relatively to the sum of their sizes, and to
// what it is divided by.
double rounding_of_lanes(double n, double factor);
// What f32 adds to a sum of n products whose partial sums are of neighbours: n - 1 sums
// of at most `range`, in whatever tree, and n roundings of products, fused or not, whose
// sizes add up to `magnitude`. `range` is the largest |sum of neighbours| in exact numbers, of
// operands as they come; what is rounded before counts once more.
double rounding_of_sum(double n, double range, double magnitude, double factor);

using Shape = std::vector<uint32_t>;

uint64_t count_of(const Shape& shape);

// Element strides of `in` seen along the axes of `out`; 0 where it is broadcast.
std::vector<uint64_t> strides_within(const Shape& in, const Shape& out);

// ---- Lengths of errors, row by row (row_errors.cc) ----

// Of all rows, by the bounds of their elements.
std::vector<double> lengths_of_rows(const Evaluated& of);
// Each bound becomes the smaller one of what it and the other kind say; what is not a
// number becomes infinite. A row bound that was not filled comes from the elements.
void settle_bounds(Evaluated& of);
uint64_t rows_of(const Evaluated& of);
// Of elements [first, first + count) of a row: by the elements, or that of the whole row.
double length_of_part(const Evaluated& of, uint64_t first, uint64_t count);
// At most how many times as long a row of `rows` entries is after a product with this
// matrix of rows x columns, an upper bound on its spectral norm: with G its Gram matrix
// |G|_2 <= |G^p|_F^(1/p), p = 2^squarings, which is too large by rank^(1/2p) at most.
double largest_stretch(const double* matrix, uint64_t rows, uint64_t columns, uint64_t row_stride,
                       uint64_t column_stride, uint32_t squarings);

// Calls visit(a offset, b offset) for every index of `shape`, in row-major order.
template <class Visit>
void walk(const Shape& shape, const std::vector<uint64_t>& a, const std::vector<uint64_t>& b, Visit visit) {
  std::vector<uint32_t> index(shape.size(), 0);
  uint64_t at_a = 0, at_b = 0;
  while (true) {
    visit(at_a, at_b);
    size_t axis = shape.size();
    while (axis > 0) {
      --axis;
      at_a += a[axis], at_b += b[axis];
      if (++index[axis] < shape[axis]) break;
      at_a -= a[axis] * shape[axis], at_b -= b[axis] * shape[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (shape.empty()) return;
  }
}

struct Evaluation {
  const Graph& graph;
  double factor;
  std::vector<int64_t> scalars;    // by scalar of the graph
  std::vector<Evaluated> tensors;  // by tensor; row numbers are exact values

  const Evaluated& input(const GraphOperator& op, size_t index) const { return tensors[op.inputs[index]]; }
  int64_t at(const Moving& moving) const { return (moving.moves() ? scalars[moving.scalar] : 0) + moving.plus; }
  // Entries along axis 0 of a tensor that hold something.
  uint64_t filled(uint32_t tensor) const;
};

// Each fills value and bound of `out`, which has its shape and zeros.
using Compute = void(const Evaluation& it, const GraphOperator& op, Evaluated& out);
Compute matmul;                                     // products.cc
Compute pairwise, element_by_element;               // pointwise.cc
Compute softmax, layer_norm, rms_norm, reduction;   // rows.cc
Compute concat, slice, reshape, transpose, gather;  // rearranged.cc
Compute rotary, attention;                          // attention.cc

// What is done with the result of each operator before others read it; at least its row
// bounds must be filled.
using Settle = std::function<void(const GraphOperator&, Evaluated&)>;
using Wanted = std::function<bool(const GraphTensor&)>;
// evaluate_graph in full: the tensors that are wanted, and the states that change.
Result<EvaluatedTensors> evaluate(const Graph& graph, const GraphData& given, const Wanted& wanted, double factor,
                                  const Settle& settle);

// Writes what an append or a scatter writes into the whole state; rows go round its end.
void change_state(const Evaluation& it, const GraphOperator& op, Evaluated& whole);
// The result of such an operator: the first rows of the state.
void first_rows(const Evaluated& whole, Evaluated& out);

}  // namespace rondo::evaluating
