// docs/graph-format.md says what the reader does.
#include <gtest/gtest.h>

#include "planner/graph/graph_keys.h"
#include "rondo/graph.h"
#include "tests/planner/document_blocks.h"

namespace rondo {
namespace {

constexpr char kGraphPage[] = "docs/graph-format.md";

TEST(GraphFormatPage, ListsTheKeysThatAreRead) {
  std::vector<std::vector<std::string>> rows = {{"in", "key", "takes", "without it", "means"}};
  add_key_rows(rows, "the file", kGraphKeys);
  add_key_rows(rows, "a scalar", kScalarKeys);
  add_key_rows(rows, "a state", kStateKeys);
  add_key_rows(rows, "a table", kTableKeys);
  add_key_rows(rows, "a tensor", kTensorKeys);
  add_key_rows(rows, "an operator", kOperatorKeys);
  expect_generated(kGraphPage, "keys", markdown_table(rows));
}

TEST(GraphFormatPage, ListsTheOperatorsThatExist) {
  std::vector<std::vector<std::string>> rows = {{"op", "inputs", "attributes", "computes"}};
  for (const OperatorInfo& op : kOperators)
    rows.push_back(
        {"`" + std::string(op.name) + "`", std::string(op.inputs), std::string(op.attributes), std::string(op.what)});
  expect_generated(kGraphPage, "operators", markdown_table(rows));
}

TEST(GraphFormatPage, ShowsGraphsThatAreAccepted) {
  const std::vector<std::string> examples = fenced_blocks(kGraphPage, "yaml");
  EXPECT_EQ(examples.size(), 2u);
  for (const std::string& example : examples) {
    const Result<Graph> graph = parse_graph(example, kGraphPage);
    EXPECT_TRUE(graph.ok()) << graph.error().to_string();
  }
}

TEST(GraphFormatPage, ShowsRefusalsAsTheyAreWorded) {
  const char* const kBad[] = {
      "tensors: {x: {shape: [128, 100], role: input}, w: {shape: [64, 32], role: constant}, y: {role: output}}\n"
      "operators: [{op: matmul, name: h1, inputs: [x, w], output: y}]\n",
      "tensors: {x: {shape: [4, 4], role: input}, y: {role: output}}\n"
      "operators: [{op: rleu, inputs: [x], output: y}]\n",
      "tensors: {x: {shape: [4], role: input}, y: {role: output}}\n"
      "operators:\n"
      "  - {op: add, name: a, inputs: [x, t2], output: t1}\n"
      "  - {op: relu, name: b, inputs: [t1], output: t2}\n"
      "  - {op: gelu, name: c, inputs: [t2], output: y}\n",
      "tensors: {x: {shape: [4, 0], role: input}, y: {role: output}}\n"
      "operators: [{op: relu, inputs: [x], output: y}]\n"};
  std::string block = "```\n";
  for (const char* text : kBad) {
    const Result<Graph> graph = parse_graph(text, "g.yaml");
    ASSERT_FALSE(graph.ok());
    block += graph.error().to_string() + "\n";
  }
  expect_generated(kGraphPage, "refusals", block + "```\n");
}

}  // namespace
}  // namespace rondo
