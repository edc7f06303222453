// A contest problem as the search reads it: operators renumbered so that every
// producer comes before its consumers.
//
// The search sorts sets of operators by number all the time; with this numbering
// a sorted set is a list in topological order (rule R5), and an interval of
// numbers is a sensible piece of the graph. `original` leads back to the
// problem's own numbers. Tensors keep theirs.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/fusion/problem.h"

namespace rondo::fusion {

struct NetworkOperator {
  bool matmul = false;
  uint32_t output = 0;
  std::vector<uint32_t> inputs;  // tensors, in the problem's order; may repeat
  double base_cost = 0;          // of one native tile
  int64_t reduction = 0;         // K of a MatMul, in elements; 0 for a pointwise operator
};

struct Network {
  static constexpr uint32_t kGraphInput = ~uint32_t{0};

  std::vector<NetworkOperator> operators;
  std::vector<uint32_t> original;                // number in the problem, by number here
  std::vector<int64_t> width, height, size;      // of a tensor, in elements
  std::vector<uint32_t> producer;                // operator here, or kGraphInput
  std::vector<std::vector<uint32_t>> consumers;  // operators here, ascending, each once
  std::vector<uint8_t> graph_output;             // produced and consumed by nobody
  int64_t capacity = 0;                          // of fast memory, in elements
  double bandwidth = 1;                          // elements a unit of time
  int64_t native = 1;
};

// The problem must have passed finish_problem(): acyclic, shapes checked.
Network make_network(const Problem& problem);

}  // namespace rondo::fusion
