#include "planner/evaluate/random_data.h"

#include <cmath>

namespace rondo {
namespace {

// splitmix64 (Steele, Lea, Flood 2014; public domain): a counter, mixed.
uint64_t mixed(uint64_t counter) {
  uint64_t z = counter * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

}  // namespace

std::vector<float> random_floats(uint64_t seed, std::string_view name, uint64_t count, float scale) {
  uint64_t state = mixed(seed + 1);
  for (char c : name) state = mixed(state ^ static_cast<uint8_t>(c));
  std::vector<float> data(count);
  for (float& number : data) {
    // 24 bits make every value exact, so no compiler or rounding mode matters.
    const auto bits = static_cast<int32_t>(mixed(++state) >> 40);
    number = static_cast<float>(bits - (1 << 23)) * 0x1p-23f * scale;
  }
  return data;
}

std::map<std::string, std::vector<float>, std::less<>> random_inputs(const Graph& graph, uint64_t seed) {
  std::map<std::string, std::vector<float>, std::less<>> inputs;
  for (const GraphTensor& tensor : graph.tensors) {
    if (tensor.role != TensorRole::kInput && tensor.role != TensorRole::kConstant) continue;
    if (tensor.dtype != DType::kF32) continue;
    uint64_t count = 1;
    for (uint32_t extent : tensor.shape) count *= extent;
    float scale = 1;
    if (tensor.role == TensorRole::kConstant && tensor.shape.size() >= 2)
      scale = std::sqrt(3.0f / static_cast<float>(tensor.shape[tensor.shape.size() - 2]));
    inputs[tensor.name] = random_floats(seed, tensor.name, count, scale);
  }
  return inputs;
}

std::map<std::string, std::vector<int64_t>, std::less<>> random_indices(const Graph& graph, uint64_t seed) {
  // Inputs go a little beyond the rows that exist: reading clamps them.
  constexpr uint64_t kInputRange = 64;
  std::map<std::string, std::vector<int64_t>, std::less<>> indices;
  for (const GraphTensor& tensor : graph.tensors) {
    const bool table = tensor.role == TensorRole::kTable;
    if (!table && (tensor.role != TensorRole::kInput || tensor.dtype == DType::kF32)) continue;
    uint64_t count = 1;
    for (uint32_t extent : tensor.shape) count *= extent;
    const uint64_t range = table ? tensor.index_limit : kInputRange;
    uint64_t state = mixed(seed + 1);
    for (char c : tensor.name) state = mixed(state ^ static_cast<uint8_t>(c));
    std::vector<int64_t>& data = indices[tensor.name];
    data.resize(count);
    // Distinct ones: a first entry, then one after another, round the limit.
    const uint64_t first = mixed(++state) % range;
    for (uint64_t i = 0; i < count; ++i)
      data[i] = static_cast<int64_t>(tensor.distinct ? (first + i) % range : mixed(++state) % range);
  }
  return indices;
}

}  // namespace rondo
