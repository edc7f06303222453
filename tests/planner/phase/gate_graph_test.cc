#include "planner/phase/gate_graph.h"

#include <gtest/gtest.h>

#include "planner/phase/load_graph.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

std::string error_of(const std::string& text) {
  Result<GateGraph> graph = parse_gate_graph(text, "g.json");
  return graph.ok() ? "no error" : graph.error().to_string();
}

TEST(GateGraphs, AreReadWithProducersConsumersAndOrder) {
  const GateGraph graph = parsed(chain_text());
  EXPECT_EQ(graph.inputs, 5U);
  EXPECT_EQ(graph.ops[1].type, OpType::kReglu);
  EXPECT_EQ(graph.dims[5].op, 0);
  EXPECT_EQ(graph.dims[5].consumers, (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(graph.order, (std::vector<uint32_t>{0, 1, 2, 3}));
  EXPECT_TRUE(graph.is_output[8] && graph.is_protected[3] && !graph.is_protected[0]);
  EXPECT_TRUE(graph.colocations.empty());
  EXPECT_EQ(graph.ops[0].expressions.size(), 5U);
}

TEST(GateGraphs, DeriveWhichOpsShareTheLayerOfAnAverage) {
  EXPECT_EQ(parsed(average_text()).colocations, (std::vector<Colocation>{{1, 0}}));
}

TEST(GateGraphs, KnowAverages) {
  EXPECT_EQ(parsed(average_text()).is_average, (std::vector<bool>{false, false, false, false, false, true, false}));
}

TEST(GateGraphs, PrintAsTheyRead) {
  for (const std::string& text : {chain_text(), average_text()}) {
    const std::string printed = print_gate_graph(parsed(text));
    EXPECT_EQ(print_gate_graph(parsed(printed)), printed);
  }
}

TEST(GateGraphs, RefuseACycleAndSpellItOut) {
  // The lookup reads the sum of what it feeds.
  const std::string cyclic = with(with(chain_text(), "[0, 1, 2, 3, 4], \"tie", "[0, 1, 2, 3, 7], \"tie"),
                                  "\"value\": [[[4, 1]]]", "\"value\": [[[7, 1]]]");
  const std::string error = error_of(cyclic);
  EXPECT_NE(error.find("ops form a cycle: "), std::string::npos) << error;
  EXPECT_NE(error.find("0 -> "), std::string::npos) << error;
  EXPECT_EQ(error.find("g.json:"), 0U) << error;
}

TEST(GateGraphs, RefuseWhatIsMalformedWithItsPlace) {
  const std::string text = chain_text();
  EXPECT_EQ(error_of(with(text, "phase-graph/1", "phase-graph/9")),
            "g.json:2:12: the format is 'phase-graph/9'; known: phase-graph/1");
  EXPECT_EQ(error_of(with(text, "\"type\": \"persist\"", "\"type\": \"store\"")),
            "g.json:22:21: the type of op 2 is 'store'; known: lookup, reglu, persist");
  EXPECT_EQ(error_of(with(text, "{\"id\": 6, \"name\"", "{\"id\": 5, \"name\"")),
            "g.json:14:3: dim 5 is listed twice, first in line 13");
  EXPECT_EQ(error_of(with(text, "{\"id\": 3, \"type\"", "{\"id\": 9, \"type\"")),
            "g.json:23:10: 'id' of an op is 9, outside 0 to 3");
  EXPECT_EQ(error_of(with(text, "\"outputs\": [7]", "\"outputs\": [6]")),
            "g.json:22:3: dim 6 is made by op 1 and by op 2");
  EXPECT_EQ(error_of(with(text, "[4, 5], \"exprs\"", "[4, 55], \"exprs\"")),
            "g.json:21:77: inputs of op 1: there is no dim 55; the file lists 9");
  EXPECT_EQ(error_of(with(text, "[4, 5], \"exprs\"", "[4, 6], \"exprs\"")),
            "g.json:21:3: reglu op 1 reads dim 5 but does not list it as an input");
  EXPECT_EQ(error_of(with(text, "[4, 5], \"exprs\"", "[3, 4, 5], \"exprs\"")),
            "g.json:21:3: reglu op 1 lists input dim 3 but no expression of it reads it");
  EXPECT_EQ(error_of(with(text, "\"inv_log_pos\": 2", "\"inv_log_pos\": 7")),
            "g.json:15:4: special dim 'inv_log_pos' is made by op 2; it must be an input");
  EXPECT_EQ(error_of(with(text, "[0, 8]", "[0, 9]")), "g.json:6:17: 'outputs': there is no dim 9; the file lists 9");
  EXPECT_EQ(error_of(with(text, "\"kind\": \"reglu\"", "\"kind\": \"lookup\"")),
            "g.json:14:38: dim 6 is called a lookup, but the reglu op 1 makes it");
  EXPECT_EQ(error_of(with(text, "\"heads\": 1", "\"heads\": 2")),
            "g.json:19:122: 'heads' of op 0, which makes 1 dims, is 2, outside 1 to 1");
  EXPECT_EQ(error_of(with(average_text(), "[[1, 0]]", "[]")),
            "g.json:7:25: op 1 reads an average of op 0; 'colocate_same_layer' lacks the pair");
  EXPECT_EQ(error_of(with(text, "\"ops\"", "\"opps\"")), "g.json:1:1: the graph lacks 'ops'");
  EXPECT_NE(error_of("").find("g.json"), std::string::npos);
  EXPECT_EQ(error_of("[]"), "g.json:1:1: the graph is an array; wanted an object");
}

TEST(GateGraphs, OfTheReferenceDataHaveThePublishedSizes) {
  struct Known {
    const char* file;
    size_t ops, dims, outputs;
  };
  for (const Known& known :
       {Known{"tvm_universal.json", 159, 186, 22}, Known{"tvm_universal_bitops.json", 542, 651, 23},
        Known{"tvm_spec_hello.json", 317, 335, 22}, Known{"tvm_spec_addition.json", 567, 585, 22}}) {
    const std::optional<std::string> text = reference_file(known.file);
    if (!text) GTEST_SKIP() << "no ../shared/data/phase_graphs: the published gate graphs were not read";
    Result<AnyGraph> graph = parse_graph(*text, known.file);
    ASSERT_TRUE(graph.ok()) << graph.error().to_string();
    const auto& gates = std::get<GateGraph>(*graph);
    EXPECT_EQ(gates.ops.size(), known.ops);
    EXPECT_EQ(gates.dims.size(), known.dims);
    EXPECT_EQ(gates.outputs.size(), known.outputs);
    EXPECT_EQ(print_gate_graph(parsed(print_gate_graph(gates))), print_gate_graph(gates));
  }
}

}  // namespace
}  // namespace rondo::phase
