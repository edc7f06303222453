// Everything a run of a graph is given, at random but for the seed.
#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "planner/evaluate/evaluate.h"
#include "planner/evaluate/random_data.h"
#include "rondo/graph.h"
#include "rondo/schedule.h"

namespace rondo::testing {

using Data = std::map<std::string, std::vector<float>, std::less<>>;
using Indices = std::map<std::string, std::vector<int64_t>, std::less<>>;
using Scalars = std::map<std::string, int64_t, std::less<>>;

struct GraphRun {
  Data data;  // inputs, constants and states
  Indices indices;
  Scalars scalars;

  GraphData spans() const {
    GraphData given;
    for (const auto& [name, values] : data) given.floats[name] = values;
    for (const auto& [name, values] : indices) given.indices[name] = values;
    given.scalars = scalars;
    return given;
  }
  // Row numbers as a binding of the given type holds them.
  std::vector<std::byte> entries(std::string_view name, DType dtype) const {
    const std::vector<int64_t>& from = indices.find(name)->second;
    std::vector<std::byte> bytes(from.size() * size_of(dtype));
    for (size_t i = 0; i < from.size(); ++i) {
      const auto narrow = static_cast<int32_t>(from[i]);
      if (dtype == DType::kI32)
        std::memcpy(bytes.data() + 4 * i, &narrow, 4);
      else
        std::memcpy(bytes.data() + 8 * i, &from[i], 8);
    }
    return bytes;
  }
};

inline GraphRun random_run(const Graph& graph, uint64_t seed) {
  GraphRun run{random_inputs(graph, seed), random_indices(graph, seed), {}};
  std::mt19937_64 random(seed + 17);
  for (const GraphScalar& scalar : graph.scalars) {
    const auto range = static_cast<uint64_t>(scalar.max - scalar.min) + 1;
    // The ends as often as all between them.
    const uint64_t way = random() % 4;
    run.scalars[scalar.name] = way == 0   ? scalar.min
                               : way == 1 ? scalar.max
                                          : scalar.min + static_cast<int64_t>(random() % range);
  }
  for (const GraphTensor& tensor : graph.tensors) {
    if (tensor.role != TensorRole::kState) continue;
    uint64_t count = 1;
    for (uint32_t extent : tensor.shape) count *= extent;
    run.data[tensor.name] = random_floats(seed, tensor.name, count);
  }
  return run;
}

}  // namespace rondo::testing
