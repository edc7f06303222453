#include "tests/planner/direct/replayed_bits.h"

#include <bit>
#include "planner/evaluate/random_data.h"
#include "tests/planner/direct/plain_replay.h"

namespace rondo {

std::map<std::string, std::vector<uint32_t>> replayed_bits(const Graph& graph, const Schedule& schedule) {
  std::map<std::string, std::vector<uint32_t>> result;
  for (const auto& [name, values] : plain_replay(schedule, testing::random_run(graph, 3))) {
    std::vector<uint32_t>& words = result[name];
    for (const float value : values) words.push_back(std::bit_cast<uint32_t>(value));
  }
  return result;
}

}  // namespace rondo
