// A solution of the fast-memory scheduling problem: subgraphs in the order in which they
// run, each with its granularity, what it leaves in fast memory for the next one, and
// the order of its tiles. The contest's JSON in and out.
// Thread safety: plain values and pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "planner/fusion/problem.h"

namespace rondo::fusion {

struct Subgraph {
  std::vector<uint32_t> operators;  // topological order; an operator may be in several subgraphs
  int64_t w = 1;                    // width and height of a tile, depth of a step
  int64_t h = 1;
  int64_t k = 1;
  std::vector<uint32_t> retained;  // tensors made here that stay in fast memory for the next subgraph
  std::vector<uint32_t> order;     // of tiles, row-major numbers; empty: raster

  bool operator==(const Subgraph&) const = default;
};

struct Solution {
  std::vector<Subgraph> subgraphs;
  // What the file says its subgraphs cost (subgraph_latencies); empty where it is silent.
  // Never believed: evaluate() says what they cost.
  std::vector<double> claimed;

  bool operator==(const Solution&) const = default;
};

// Reads subgraphs, granularities, tensors_to_retain, traversal_orders (optional, null is
// raster) and subgraph_latencies (optional). Only the form is checked here, and a fault
// of form is a violation of rule R0: kInvalidSchedule, "R0: ...", with its place.
Result<Solution> parse_solution(std::string_view text, const std::string& file);
Result<Solution> load_solution(const std::string& path);

// The same JSON, one subgraph a line, with subgraph_latencies as evaluate() has them;
// without that key where the solution is not valid.
std::string print_solution(const Problem& problem, const Solution& solution);

}  // namespace rondo::fusion
