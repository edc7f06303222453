// rondo contest score, rules and generate: what they print and refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedules/json/node.h"
#include "tests/tools/scratch_folder.h"

namespace rondo::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Two Pointwise operators in a row on 256 x 256: the statement's second example.
constexpr const char* kTwoPointwise = R"({
"widths": [256, 256, 256], "heights": [256, 256, 256],
"inputs": [[0], [1]], "outputs": [[1], [2]], "base_costs": [1000, 100], "op_types": ["Pointwise", "Pointwise"],
"fast_memory_capacity": 35000, "slow_memory_bandwidth": 10, "native_granularity": [128, 128]})";
constexpr const char* kBothFused =
    R"({"subgraphs": [[0, 1]], "granularities": [[128, 128, 1]], "tensors_to_retain": [[]]})";

class Contest : public ::testing::Test {
 protected:
  Contest() {
    write_bytes("p.json", kTwoPointwise);
    write_bytes("s.json", kBothFused);
  }
  ScratchFolder folder_;
};

TEST_F(Contest, ScorePrintsCostsAndBounds) {
  const Ran ran = rondo({"contest", "score", "p.json", "s.json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("0  0 1        [128,128,1]  raster      4        1      93.62 %  4,400.0  13,107.2  "
                                 "13,107.2  memory"));
  EXPECT_THAT(ran.out, HasSubstr("latency 13,107.2; no schedule has less than\n"));
  EXPECT_THAT(ran.out, ContainsRegex("\n  compute +4,400.0  gap 66.43 %"));
  EXPECT_THAT(ran.out, ContainsRegex("\n  traffic +13,107.2  gap 0.00 %"));
  EXPECT_THAT(rondo({"contest", "score", "p.json", "s.json", "-q"}).out, StartsWith("latency 13,107.2;"));
}

TEST_F(Contest, ScoreExplainsWhatOtherGranularitiesBreakOrCost) {
  const Ran ran = rondo({"contest", "score", "p.json", "s.json", "--explain"});
  EXPECT_THAT(ran.out, HasSubstr("subgraph 0: [128,128,1] on outputs of 256 x 256\n"
                                 "  fast memory 32,768 of 35,000: inputs 16,384 outputs 16,384\n"
                                 "  loads 65,536, evicts 65,536\n"
                                 "  w = 256: R1, tile 256 x 128 exceeds native 128 x 128\n"
                                 "  w = 86: 13,107.2 (the same)\n"));
}

TEST_F(Contest, ScoreNamesTheRuleThatIsBroken) {
  write_bytes("bad.json", R"({"subgraphs": [[0], [1, 0]], "granularities": [[128, 128, 1], [64, 64, 1]],
    "tensors_to_retain": [[], []]})");
  const Ran ran = rondo({"contest", "score", "p.json", "bad.json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "rondo: bad.json: R5: subgraph 1: operator 1 is listed before 0, which makes its input\n");
  write_bytes("short.json", R"({"subgraphs": [[0]], "granularities": [], "tensors_to_retain": [[]]})");
  EXPECT_EQ(rondo({"contest", "score", "p.json", "short.json"}).err,
            "rondo: short.json:1:39: R0: 'granularities' has 0 entries, 'subgraphs' has 1\n");
  write_bytes("ragged.json", R"({"subgraphs": [[0, 1]], "granularities": [[100, 128, 1]], "tensors_to_retain": [[]]})");
  EXPECT_EQ(rondo({"contest", "score", "p.json", "ragged.json"}).code, 0);
  EXPECT_THAT(rondo({"contest", "score", "p.json", "ragged.json", "--divisible"}).err, HasSubstr("R13: subgraph 0:"));
}

TEST_F(Contest, ScoreSaysWhereTheFileIsWrongAboutItself) {
  write_bytes("proud.json", R"({"subgraphs": [[0, 1]], "granularities": [[128, 128, 1]], "tensors_to_retain": [[]],
    "subgraph_latencies": [13000]})");
  const Ran ran = rondo({"contest", "score", "p.json", "proud.json"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("the file says that subgraph 0 takes 13,000.0; it takes 13,107.2"));
}

TEST_F(Contest, ScorePrintsTheSameAsJson) {
  const Ran ran = rondo({"contest", "score", "p.json", "s.json", "--json"});
  Result<json::Node> root = json::parse(ran.out, "out");
  ASSERT_TRUE(root.ok()) << root.error().to_string();
  EXPECT_TRUE(root->find("valid")->boolean);
  EXPECT_DOUBLE_EQ(root->find("latency")->number, 13107.2);
  EXPECT_EQ(root->find("least_latency_by")->text, "traffic");
  EXPECT_EQ(root->find("subgraphs")->items[0].find("working_set")->integer, 32768);
  EXPECT_EQ(root->find("subgraphs")->items[0].find("loaded")->integer, 65536);
}

TEST_F(Contest, ScoreDrawsThePictureAndOverwritesNothingItReads) {
  EXPECT_EQ(rondo({"contest", "score", "p.json", "s.json", "--svg", "t.svg"}).code, 0);
  const std::string svg = read_bytes("t.svg");
  EXPECT_THAT(svg, StartsWith("<svg "));
  EXPECT_THAT(svg, HasSubstr("p.json as scheduled by s.json"));
  EXPECT_THAT(svg, HasSubstr("its first 4 of 4 steps"));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(rondo({"contest", "score", "p.json", "s.json", "--svg", "-"}).out, StartsWith("<svg "));
  EXPECT_EQ(rondo({"contest", "score", "p.json", "s.json", "--svg", "s.json"}).code, 2);
  EXPECT_EQ(read_bytes("s.json"), kBothFused);
}

TEST_F(Contest, ScoreOfNothingIsNothing) {
  write_bytes("empty.json", R"({"widths": [], "heights": [], "inputs": [], "outputs": [], "base_costs": [],
    "op_types": [], "fast_memory_capacity": 1, "slow_memory_bandwidth": 1, "native_granularity": [1, 1]})");
  write_bytes("none.json", R"({"subgraphs": [], "granularities": [], "tensors_to_retain": []})");
  const Ran ran = rondo({"contest", "score", "empty.json", "none.json", "--explain", "--svg", "e.svg"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("latency 0.0"));
}

TEST_F(Contest, MissingFilesAreCode3AndBadProblemsCode1) {
  EXPECT_EQ(rondo({"contest", "score", "nowhere.json", "s.json"}).code, 3);
  EXPECT_EQ(rondo({"contest", "score", "p.json", "nowhere.json"}).code, 3);
  write_bytes("p.json", "{\"widths\": [1,]}");
  const Ran ran = rondo({"contest", "score", "p.json", "s.json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, StartsWith("rondo: p.json:1:15: "));
}

TEST_F(Contest, GenerateMakesWhatScoreAndSolveRead) {
  const Ran ran = rondo({"contest", "generate", "g.json", "--operators", "20", "--family", "experts", "--seed", "4"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("g.json: 20 operators on "));
  EXPECT_EQ(rondo({"contest", "solve", "g.json", "gs.json", "--work", "300"}).code, 0);
  EXPECT_EQ(rondo({"contest", "score", "g.json", "gs.json"}).code, 0);
  EXPECT_EQ(rondo({"contest", "generate", "-", "--operators", "20", "--family", "experts", "--seed", "4"}).out,
            read_bytes("g.json"));
  EXPECT_EQ(rondo({"contest", "generate", "h.json", "--family", "trees"}).code, 2);
  EXPECT_EQ(rondo({"contest", "generate", "h.json", "--operators", "100001"}).code, 2);
}

TEST_F(Contest, RulesListsEachByName) {
  const Ran ran = rondo({"contest", "rules"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, StartsWith("R0   well formed: "));
  EXPECT_THAT(ran.out, HasSubstr("\nR13  tiles divide: "));
  EXPECT_THAT(ran.out, HasSubstr("\nC2   outputs are stored: "));
}

}  // namespace
}  // namespace rondo::cli
