#include "tests/planner/phase/small_graphs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace rondo::phase {
namespace {

constexpr const char* kHead = R"({
 "format": "phase-graph/1",
 "name": "small",
 "special": {"one": 0, "position": 1, "inv_log_pos": 2, "position_sq": 3},
 "protected": [1, 2, 3],
)";
constexpr const char* kInputs = R"( "dims": [
  {"id": 0, "name": "one", "kind": "input", "op": -1},
  {"id": 1, "name": "position", "kind": "input", "op": -1},
  {"id": 2, "name": "inv_log_pos", "kind": "input", "op": -1},
  {"id": 3, "name": "position_sq", "kind": "input", "op": -1},
  {"id": 4, "name": "x", "kind": "input", "op": -1},
  {"id": 5, "name": "seen", "kind": "lookup", "op": 0},
  {"id": 6, "name": "gated", "kind": "reglu", "op": 1}
)";
constexpr const char* kLookup =
    R"(  {"id": 0, "type": "lookup", "name": "seen", "outputs": [5], "inputs": [0, 1, 2, 3, 4], "tie_break": "latest", "heads": 1,
   "exprs": {"query": [[[1, 1], [0, -1]], [[0, 1]]], "key": [[[1, 2]], [[2, 0.3], [3, -1]]], "value": [[[4, 1]]]}},
)";

}  // namespace

std::string chain_text() {
  return std::string(kHead) + " \"outputs\": [0, 8],\n" + kInputs +
         R"(  ,{"id": 7, "name": "sum", "kind": "persist", "op": 2},
  {"id": 8, "name": "last", "kind": "reglu", "op": 3}
 ],
 "ops": [
)" + kLookup +
         R"(  {"id": 1, "type": "reglu", "name": "gated", "outputs": [6], "inputs": [4, 5], "exprs": {"a": [[4, 1]], "b": [[5, 1]]}},
  {"id": 2, "type": "persist", "name": "sum", "outputs": [7], "inputs": [5, 6], "exprs": {"sum": [[5, 1], [6, 2]]}},
  {"id": 3, "type": "reglu", "name": "last", "outputs": [8], "inputs": [0, 7], "exprs": {"a": [[0, 1]], "b": [[7, 1]]}}
 ]
})";
}

std::string average_text() {
  return std::string(kHead) + " \"outputs\": [0, 6],\n \"colocate_same_layer\": [[1, 0]],\n" + kInputs +
         " ],\n \"ops\": [\n" + with(kLookup, "latest", "average") +
         R"(  {"id": 1, "type": "reglu", "name": "gated", "outputs": [6], "inputs": [1, 5], "exprs": {"a": [[1, 1]], "b": [[5, 1]]}}
 ]
})";
}

std::string two_averages_text() {
  return std::string(kHead) + " \"outputs\": [0, 8],\n \"colocate_same_layer\": [[1, 0], [3, 2]],\n" + kInputs +
         R"(  ,{"id": 7, "name": "seen_again", "kind": "lookup", "op": 2},
  {"id": 8, "name": "again", "kind": "reglu", "op": 3}
 ],
 "ops": [
)" + with(kLookup, "latest", "average") +
         R"(  {"id": 1, "type": "reglu", "name": "gated", "outputs": [6], "inputs": [1, 5], "exprs": {"a": [[1, 1]], "b": [[5, 1]]}},
  {"id": 2, "type": "lookup", "name": "seen_again", "outputs": [7], "inputs": [0, 1, 2, 3, 6], "tie_break": "average", "heads": 1,
   "exprs": {"query": [[[1, 1], [0, -1]], [[0, 1]]], "key": [[[1, 2]], [[2, 0.3], [3, -1]]], "value": [[[6, 1]]]}},
  {"id": 3, "type": "reglu", "name": "again", "outputs": [8], "inputs": [1, 7], "exprs": {"a": [[1, 1]], "b": [[7, 1]]}}
 ]
})";
}

GateGraph parsed(const std::string& text) {
  Result<GateGraph> graph = parse_gate_graph(text, "g.json");
  EXPECT_TRUE(graph.ok()) << graph.error().to_string();
  return graph.ok() ? *graph : GateGraph();
}

std::string parity_text() {
  return R"({
 "format": "alm-graph/1",
 "name": "parity",
 "outputs": [6],
 "gates": [
  {"id": 0, "type": "input", "inputs": [], "name": "bit"},
  {"id": 1, "type": "const", "inputs": [], "name": "one", "value": 1},
  {"id": 2, "type": "cumsum", "inputs": [1], "name": "", "channel": 1},
  {"id": 3, "type": "linear", "inputs": [2], "name": "", "coef": [1], "bias": -1},
  {"id": 4, "type": "read", "inputs": [3], "name": "", "channel": 0},
  {"id": 5, "type": "reglu", "inputs": [0, 4], "name": ""},
  {"id": 6, "type": "linear", "inputs": [0, 4, 5], "name": "", "coef": [1, 1, -2], "bias": 0},
  {"id": 7, "type": "write", "inputs": [2, 6], "name": "", "channel": 0}
 ]
})";
}

SlotGraph parsed_slots(const std::string& text) {
  Result<SlotGraph> graph = parse_slot_graph(text, "g.json");
  EXPECT_TRUE(graph.ok()) << graph.error().to_string();
  return graph.ok() ? *graph : SlotGraph();
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::optional<std::string> reference_file(const std::string& name) {
  std::ifstream file(std::string(RONDO_SOURCE_DIR) + "/../shared/data/phase_graphs/" + name);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace rondo::phase
