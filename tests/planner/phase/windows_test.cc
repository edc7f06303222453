#include "planner/phase/windows.h"

#include <gtest/gtest.h>

#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

TEST(GateWindows, FollowTheCriticalPathAndTheTypes) {
  const GateGraph graph = parsed(chain_text());
  ASSERT_EQ(*least_layers(graph), 2U);
  const Windows two = *windows(graph, 2);
  EXPECT_EQ(two.low, (std::vector<uint32_t>{0, 1, 1, 3}));
  EXPECT_EQ(two.high, (std::vector<uint32_t>{0, 1, 2, 3}));
  const Windows three = *windows(graph, 3);
  EXPECT_EQ(three.high, (std::vector<uint32_t>{2, 3, 4, 5}));
}

TEST(GateWindows, SayTheLeastLayersWhenTheBudgetIsBelow) {
  Result<Windows> none = windows(parsed(chain_text()), 1);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kDoesNotFit);
  EXPECT_EQ(none.error().message, "layer budget 1 is below the critical path of 'small'; the least is 2");
}

// A second lookup reads what the first one's ReGLU makes, and one more ReGLU reads the
// averages of both: it cannot be in the layer of each.
TEST(GateWindows, SayWhenCoLocationCannotHold) {
  GateGraph graph = parsed(average_text());
  Op second = graph.ops[0];
  second.expressions[4] = {{6, 1}};
  second.inputs = {0, 1, 2, 3, 6};
  second.outputs = {7};
  Op both = graph.ops[1];
  both.expressions = {{{5, 1}}, {{7, 1}}};
  both.inputs = {5, 7};
  both.outputs = {8};
  graph.ops.push_back(second);
  graph.ops.push_back(both);
  graph.dims.push_back({"later", 2, {}});
  graph.dims.push_back({"both", 3, {}});
  ASSERT_TRUE(finish_graph(graph).ok());
  Result<uint32_t> least = least_layers(graph);
  ASSERT_FALSE(least.ok());
  EXPECT_EQ(least.error().code, ErrorCode::kInvalidGraph);
  EXPECT_EQ(least.error().message.find("co-location cannot hold: "), 0U) << least.error().message;
}

// The tie pulls the averaging lookup down to the layer of a ReGLU that waits for a chain.
TEST(GateWindows, PullALookupToTheLayerOfItsLatestReader) {
  GateGraph graph = parsed(average_text());
  Op chain = graph.ops[1];  // reads x only
  chain.expressions = {{{4, 1}}, {{4, 1}}};
  chain.inputs = {4};
  chain.outputs = {7};
  graph.ops.push_back(chain);
  graph.dims.push_back({"chained", 2, {}});
  graph.ops[1].expressions[0] = {{7, 1}};
  graph.ops[1].inputs = {5, 7};
  ASSERT_TRUE(finish_graph(graph).ok());
  ASSERT_EQ(*least_layers(graph), 2U);
  EXPECT_EQ(windows(graph, 2)->low, (std::vector<uint32_t>{2, 3, 1}));
}

TEST(GateWindows, OfTheReferenceGraphsHaveTheirKnownCriticalPaths) {
  struct Known {
    const char* file;
    uint32_t layers;
  };
  for (const Known& known : {Known{"tvm_universal.json", 7}, Known{"tvm_universal_bitops.json", 10},
                             Known{"tvm_spec_hello.json", 8}, Known{"tvm_spec_addition.json", 8}}) {
    const std::optional<std::string> text = reference_file(known.file);
    if (!text)
      GTEST_SKIP() << "no ../shared/data/phase_graphs: the critical paths of the published graphs were not checked";
    EXPECT_EQ(*least_layers(parsed(*text)), known.layers) << known.file;
  }
}

TEST(SlotWindows, FollowTheStrictPhases) {
  const SlotGraph graph = parsed_slots(parity_text());
  ASSERT_EQ(least_layers(graph), 2U);
  const Windows two = *windows(graph, 2);
  EXPECT_EQ(two.low, (std::vector<uint32_t>{0, 0, 1, 2, 5, 7, 8, 8}));
  EXPECT_EQ(two.high, (std::vector<uint32_t>{0, 0, 1, 4, 5, 7, 8, 8}));
  EXPECT_EQ(windows(graph, 1).error().message, "layer budget 1 is below the critical path of 'parity'; the least is 2");
}

}  // namespace
}  // namespace rondo::phase
