// Graphs of the planner tests, from text or from the library; a graph that cannot be
// read fails the test and is empty.
#pragma once
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>
#include "rondo/graph.h"

namespace rondo::testing {

inline Graph graph_of(std::string_view text) {
  Result<Graph> graph = parse_graph(text, "g.yaml");
  EXPECT_TRUE(graph.ok()) << graph.error().to_string();
  return graph.ok() ? *std::move(graph) : Graph{};
}

// A file of schedules/library, by its name without ".yaml".
inline Graph library_graph(const std::string& name) {
  Result<Graph> graph = load_graph(RONDO_SOURCE_DIR "/schedules/library/" + name + ".yaml");
  EXPECT_TRUE(graph.ok()) << graph.error().to_string();
  return graph.ok() ? *std::move(graph) : Graph{};
}

}  // namespace rondo::testing
