#include "planner/phase/slot_graph.h"

#include <gtest/gtest.h>

#include "planner/phase/load_graph.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

std::string slot_error_of(const std::string& text) {
  Result<AnyGraph> graph = parse_graph(text, "g.json");
  return graph.ok() ? "no error" : graph.error().to_string();
}

TEST(SlotGraphs, AreReadWithConsumersAndChannels) {
  const SlotGraph graph = parsed_slots(parity_text());
  EXPECT_EQ(graph.gates[4].consumers, (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(graph.gates[3].constant, -1);
  EXPECT_EQ(graph.gates[6].coefficients, (std::vector<int64_t>{1, 1, -2}));
  EXPECT_TRUE(graph.is_output[6]);
  EXPECT_EQ(graph.previous_cumsum[2], -1);
  EXPECT_EQ(print_slot_graph(parsed_slots(print_slot_graph(graph))), print_slot_graph(graph));
}

TEST(SlotGraphs, KeepTheOrderOfSumsOnOneChannel) {
  const std::string two = with(parity_text(), "\"type\": \"read\", \"inputs\": [3], \"name\": \"\", \"channel\": 0",
                               "\"type\": \"cumsum\", \"inputs\": [3], \"name\": \"\", \"channel\": 1");
  EXPECT_EQ(parsed_slots(two).previous_cumsum[4], 2);
}

TEST(SlotGraphs, RefuseWhatIsMalformedWithItsPlace) {
  const std::string text = parity_text();
  EXPECT_EQ(slot_error_of(with(text, "alm-graph/1", "alm-graph/2")),
            "g.json:2:12: the format is 'alm-graph/2'; known: phase-graph/1, alm-graph/1");
  EXPECT_EQ(slot_error_of(with(text, "\"inputs\": [0, 4]", "\"inputs\": [0, 6]")),
            "g.json:11:3: reglu gate 5 reads gate 6, which does not come before it");
  EXPECT_EQ(slot_error_of(with(text, "\"inputs\": [0, 4]", "\"inputs\": [0]")),
            "g.json:11:3: reglu gate 5 has 1 inputs; wanted 2");
  EXPECT_EQ(slot_error_of(with(text, "\"id\": 4", "\"id\": 3")),
            "g.json:10:3: gate 3 stands where gate 4 is due: it is listed twice");
  EXPECT_EQ(slot_error_of(with(text, "[1, 1, -2]", "[1, 1]")),
            "g.json:12:3: linear gate 6 has 2 coefficients for 3 inputs");
  EXPECT_EQ(slot_error_of(with(text, "\"channel\": 1", "\"channel\": 0")),
            "g.json:10:3: read gate 4 uses channel 0, which cumsum gate 2 uses as a sum");
  EXPECT_EQ(slot_error_of(with(text, "\"outputs\": [6]", "\"outputs\": [7]")),
            "g.json:13:3: gate 7 is an output, but a write makes no value");
}

}  // namespace
}  // namespace rondo::phase
