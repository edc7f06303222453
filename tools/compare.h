// The outputs of a run beside the graph evaluated in double precision.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include "rondo/graph.h"
#include "rondo/result.h"
#include "rondo/schedule.h"
#include "tools/json.h"

namespace rondo::cli {

struct NamedTensor {
  std::string name;
  Role role = Role::kInput;
  DType dtype = DType::kF32;
  std::vector<uint32_t> shape;
  std::span<const std::byte> data;
};

// One output: the element that is worst in units of its own bound.
struct OutputComparison {
  std::string name;
  std::vector<uint32_t> shape;
  double max_error = 0;    // largest |replayed - reference|
  double worst_ratio = 0;  // largest error / bound over the elements; good up to 1
  std::vector<uint32_t> worst_at;
  double got = 0, reference = 0, bound = 0;  // at worst_at
};

struct Comparison {
  std::vector<OutputComparison> outputs;
  bool good() const;
  // The first output that is above its bound, in words with numbers.
  std::string failure() const;
};

// Every output of the graph against the tensor of that name; a NaN equals a NaN.
// kInvalidArgument: an input or output of the graph is not among the tensors, or of another shape.
Result<Comparison> compare_with_graph(const Graph& graph, const std::vector<NamedTensor>& tensors);

std::string comparison_text(const Comparison& comparison);
Json comparison_json(const Comparison& comparison);

}  // namespace rondo::cli
