// What a schedule computes, to compare bit for bit.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include "rondo/graph.h"
#include "rondo/schedule.h"

namespace rondo {

// Outputs and states by name, as words, after one plain replay on random data for the graph.
std::map<std::string, std::vector<uint32_t>> replayed_bits(const Graph& graph, const Schedule& schedule);

}  // namespace rondo
