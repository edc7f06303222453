// How far f32 usually is from the reference, where proven bounds say little: behind many
// layers worst cases that add up exceed the values themselves, while roundings, which
// are as often up as down, do not.
//
// Monte Carlo arithmetic (Parker 1997; CESTAC, Vignes 1974): the graph is evaluated again in
// double precision, every result moved at random by about what its own roundings usually
// are, and the distance to the reference read off at the end. What correlations there
// are, through residuals, norms and caches, are in it. Nothing is proven by it: it is a yardstick,
// good to a small factor where a tensor has many elements.
//
// Thread safety: pure functions. The same data and seed give the same numbers everywhere.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>
#include "planner/evaluate/evaluate.h"
#include "rondo/graph.h"
#include "rondo/result.h"

namespace rondo {

// By row (all entries of the last axis): the root of the mean square of the errors of an element.
using UsualErrors = std::map<std::string, std::vector<double>, std::less<>>;

// Of every tensor in `reference`, which is what evaluate_graph made of the same graph and
// data. Errors as of evaluate_graph. Takes `samples` >= 1 evaluations.
Result<UsualErrors> usual_errors(const Graph& graph, const GraphData& given, const EvaluatedTensors& reference,
                                 uint32_t samples = 2, uint64_t seed = 1);

// An element's error above this many usual ones is not what rounding makes. The largest seen:
// 53 in 2,400 random graphs of all operators (tests/whole), 16 in gpt2-block-128.
inline constexpr double kUnusual = 1000;

struct Unusual {
  double ratio = 0;    // the largest |result - value| / usual error; 0 where result and value are equal
  uint64_t index = 0;  // of that element
};

// Preconditions: equal sizes; `usual` of the same tensor. What the bound of an element allows
// where nothing usually goes wrong (a copy, a tie) counts as 0.
Unusual most_unusual(const Evaluated& expected, std::span<const double> usual, std::span<const float> result);

}  // namespace rondo
