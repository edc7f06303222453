// rondo contest lower: from problem and solution files to a schedule that verify and run take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/tools/small_files.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A product with an epilogue, K = 6 in two steps.
const std::string kProblem = R"({"widths": [6, 4, 4, 4, 4], "heights": [4, 6, 4, 4, 4],
"inputs": [[0, 1], [2, 3]], "outputs": [[2], [4]], "base_costs": [10, 5], "op_types": ["MatMul", "Pointwise"],
"fast_memory_capacity": 72, "slow_memory_bandwidth": 4, "native_granularity": [4, 4]})";
const std::string kSolution = R"({"subgraphs": [[0, 1]], "granularities": [[4, 4, 3]], "tensors_to_retain": [[]]})";

struct ContestFolder : ScratchFolder {
  ContestFolder() {
    write_bytes("problem.json", kProblem);
    write_bytes("solution.json", kSolution);
  }
};

TEST(ContestLowerVerb, WritesAScheduleThatIsProvenAndComputesTheGraphBesideIt) {
  const ContestFolder folder;
  const Ran ran = rondo({"contest", "lower", "problem.json", "solution.json", "--graph", "problem.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("  latency"), HasSubstr("bytes of 288; the largest working set is 288"),
                             HasSubstr("wrote solution.rondo: "), HasSubstr(", binary, and problem.yaml\n")));
  EXPECT_EQ(rondo({"verify", "solution.rondo", "--require", "faithful"}).code, 0);
  const Ran checked = rondo({"run", "solution.rondo", "--random-inputs", "1", "--check", "problem.yaml"});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("agrees"));
}

TEST(ContestLowerVerb, PrintsLatenciesAsTheOtherVerbsDo) {
  const ContestFolder folder;
  write_bytes("slow.json", with(kProblem, "[10, 5]", "[123456, 5]"));
  const Ran ran = rondo({"contest", "lower", "slow.json", "solution.json", "--dry-run"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, ::testing::ContainsRegex("latency +[0-9]+,[0-9][0-9][0-9]\\.[0-9]  2 operators"));
}

TEST(ContestLowerVerb, PrintsTheBytesOfEachSubgraphAsJson) {
  const ContestFolder folder;
  const Ran ran = rondo({"contest", "lower", "problem.json", "solution.json", "--dry-run", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\"bytes_in\": 256"), HasSubstr("\"bytes_out\": 64"),
                             HasSubstr("\"working_set_bytes\": 288"), HasSubstr("\"written\": null")));
  EXPECT_FALSE(std::filesystem::exists("solution.rondo"));
}

TEST(ContestLowerVerb, RefusesASolutionThatBreaksARuleByTheRule) {
  const ContestFolder folder;
  write_bytes("wide.json", R"({"subgraphs": [[0, 1]], "granularities": [[5, 4, 3]], "tensors_to_retain": [[]]})");
  const Ran ran = rondo({"contest", "lower", "problem.json", "wide.json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("wide.json: R1: subgraph 0"));
  EXPECT_FALSE(std::filesystem::exists("wide.rondo"));
}

TEST(ContestLowerVerb, RefusesFilesThatAreNoneAndToOverwriteThem) {
  const ContestFolder folder;
  EXPECT_EQ(rondo({"contest", "lower", "none.json", "solution.json"}).code, 3);
  write_bytes("broken.json", "{");
  EXPECT_EQ(rondo({"contest", "lower", "problem.json", "broken.json"}).code, 1);
  EXPECT_EQ(rondo({"contest", "lower", "broken.json", "solution.json"}).code, 1);
  const Ran over = rondo({"contest", "lower", "problem.json", "solution.json", "--graph", "problem.json"});
  EXPECT_EQ(over.code, 2);
  EXPECT_THAT(over.err, HasSubstr("problem.json would overwrite the input problem.json"));
  EXPECT_EQ(rondo({"contest", "lower", "problem.json", "solution.json", "-o", "-", "--json"}).code, 2);
  EXPECT_EQ(read_bytes("problem.json"), kProblem);
}

TEST(ContestLowerVerb, RefusesMoreOperationsThanAllowed) {
  const ContestFolder folder;
  const Ran ran = rondo({"contest", "lower", "problem.json", "solution.json", "--max-operations", "9"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("the limit is 9 (which may be 1 to 1073741824)"));
}

}  // namespace
}  // namespace rondo::cli
