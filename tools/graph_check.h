// `--check`: what a run leaves, outputs and changed states, beside the graph evaluated in
// double precision.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>
#include "planner/evaluate/evaluate.h"
#include "planner/evaluate/usual_errors.h"
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
  std::span<const std::byte> data;        // aligned to the element; of a state, as it was before the replay
  std::span<const std::byte> after = {};  // of a state alone: as the replay left it
};

struct TensorCheck {
  std::string name;
  Role role = Role::kOutput;  // or kState
  std::vector<uint32_t> shape;
  Comparison comparison;
  double worst_bound = 0;  // of the element worst_index
  uint64_t unbounded = 0;  // elements that no bound is known of: behind many layers worst cases say nothing
  Unusual unusual;         // beside what rounding usually makes

  // Within the bounds, and no more than kUnusual times what is usual.
  bool agrees() const { return comparison.agrees() && unusual.ratio <= kUnusual; }
};

struct GraphCheck {
  std::vector<TensorCheck> tensors;

  bool good() const;
  // The first tensor that does not agree, in words with numbers; "" if good.
  std::string failure() const;
  std::string text() const;
  Json json() const;
};

// Compares every output of the graph, and every state that it changes, with the tensor of
// that name; a NaN equals a NaN. kInvalidArgument: a tensor of the graph is not among the
// tensors, has another shape or element type, or is a state on one side only. kNotFound for a scalar without a value.
Result<GraphCheck> check_graph(const Graph& graph, const std::vector<NamedTensor>& tensors,
                               const std::map<std::string, int64_t, std::less<>>& scalars = {});

}  // namespace rondo::cli
