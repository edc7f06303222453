// Deterministic data for graphs: the same seed gives the same bits on every machine.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>
#include "rondo/graph.h"

namespace rondo {

// `count` floats in [-scale, scale), from the seed and the name alone.
std::vector<float> random_floats(uint64_t seed, std::string_view name, uint64_t count, float scale = 1);

// Data for every input and constant. Constants of two or more axes are scaled by
// sqrt(3 / rows), so that layers keep the size of what passes through them.
std::map<std::string, std::vector<float>, std::less<>> random_inputs(const Graph& graph, uint64_t seed);

// Row numbers for every table, below its limit, and for every input of row numbers.
std::map<std::string, std::vector<int64_t>, std::less<>> random_indices(const Graph& graph, uint64_t seed);

}  // namespace rondo
