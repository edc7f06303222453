// Problem and solution files: what is read, and what is refused where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "planner/fusion/problem.h"
#include "planner/fusion/solution.h"

namespace rondo::fusion {
namespace {

// A MatMul 4x2 = [3 deep] and a Pointwise after it, one list a line.
std::string problem_text(const std::function<void(std::string&)>& change = [](std::string&) {}) {
  std::string text = R"({
"widths": [3, 4, 4, 4],
"heights": [2, 3, 2, 2],
"inputs": [[0, 1], [2]],
"outputs": [[2], [3]],
"base_costs": [1000, 0.5],
"op_types": ["MatMul", "Pointwise"],
"fast_memory_capacity": 100,
"slow_memory_bandwidth": 10,
"native_granularity": [128, 128]
})";
  change(text);
  return text;
}

std::function<void(std::string&)> swap(const std::string& from, const std::string& to) {
  return [=](std::string& text) {
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
}

std::string refusal(const std::string& from, const std::string& to) {
  Result<Problem> problem = parse_problem(problem_text(swap(from, to)), "p.json");
  return problem.ok() ? "accepted" : problem.error().to_string();
}

TEST(ProblemFile, IsReadWithProducersAndConsumers) {
  Result<Problem> problem = parse_problem(problem_text(), "p.json");
  ASSERT_TRUE(problem.ok()) << problem.error().to_string();
  EXPECT_EQ(problem->tensors[1], (Tensor{4, 3}));
  EXPECT_EQ(problem->operators[0], (Operator{OperatorType::kMatMul, {0, 1}, 2, 1000.0}));
  EXPECT_EQ(problem->operators[1], (Operator{OperatorType::kPointwise, {2}, 3, 0.5}));
  EXPECT_EQ(problem->capacity, 100);
  EXPECT_EQ(problem->bandwidth, 10.0);
  EXPECT_EQ(problem->native, 128);
  EXPECT_THAT(problem->producer, testing::ElementsAre(-1, -1, 0, 1));
  EXPECT_THAT(problem->consumers[2], testing::ElementsAre(1));
  EXPECT_TRUE(problem->is_input(0));
  EXPECT_TRUE(problem->is_output(3));
  EXPECT_FALSE(problem->is_output(2));
  EXPECT_EQ(problem->depth(0), 3);
}

TEST(ProblemFile, IsPrintedAsItIsRead) {
  Result<Problem> problem = parse_problem(problem_text(), "p.json");
  ASSERT_TRUE(problem.ok());
  Result<Problem> again = parse_problem(print_problem(*problem), "again");
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->tensors, problem->tensors);
  EXPECT_EQ(again->operators, problem->operators);
  EXPECT_EQ(print_problem(*again), print_problem(*problem));
}

TEST(ProblemFile, MayHoldNothing) {
  Result<Problem> problem = parse_problem(
      R"({"widths":[],"heights":[],"inputs":[],"outputs":[],"base_costs":[],"op_types":[],
          "fast_memory_capacity":1,"slow_memory_bandwidth":1,"native_granularity":[1,1,1],"note":"x"})",
      "p");
  EXPECT_TRUE(problem.ok()) << problem.error().to_string();
}

TEST(ProblemFile, RefusesListsThatAreMissingOrDiffer) {
  EXPECT_EQ(refusal("\"widths\"", "\"width\""), "p.json:1:1: there is no 'widths'");
  EXPECT_EQ(refusal("[2, 3, 2, 2]", "[2, 3, 2]"), "p.json:3:12: 'heights' has 3 entries, 'widths' has 4");
  EXPECT_EQ(refusal("[[2], [3]]", "[[2]]"), "p.json:5:12: 'outputs' has 1 entries, 'op_types' has 2");
  EXPECT_EQ(refusal("[2, 3, 2, 2]", "7"), "p.json:3:12: 'heights' must be a list, it is a number");
  EXPECT_EQ(refusal("[2, 3, 2, 2]", "[2, 3, 2.5, 2]"), "p.json:3:19: the height of tensor 2 must be a whole number");
  EXPECT_EQ(refusal("\"Pointwise\"", "\"Softmax\""),
            "p.json:7:24: the type of operator 1 must be \"MatMul\" or \"Pointwise\"");
}

TEST(ProblemFile, RefusesOperatorsOfTheWrongForm) {
  EXPECT_EQ(refusal("[0, 1], [2]", "[0], [2]"), "p.json:4:12: MatMul 0 has 1 inputs; a MatMul has 2");
  EXPECT_EQ(refusal("[0, 1], [2]", "[0, 1], []"), "p.json:4:20: Pointwise 1 has no inputs; a Pointwise has at least 1");
  EXPECT_EQ(refusal("[[2], [3]]", "[[2], [3, 1]]"), "p.json:5:18: operator 1 has 2 outputs; every operator has one");
  EXPECT_EQ(refusal("[[2], [3]]", "[[2], [4]]"), "p.json:5:18: operator 1 makes tensor 4; there are 4 tensors, from 0");
  EXPECT_EQ(refusal("[0, 1], [2]", "[0, 9], [2]"),
            "p.json:4:12: operator 0 reads tensor 9; there are 4 tensors, from 0");
  EXPECT_EQ(refusal("[0, 1], [2]", "[0, -1], [2]"),
            "p.json:4:16: inputs[0] must be 0 or more and below 2^32, one is -1");
  EXPECT_EQ(refusal("[2, 3, 2, 2]", "[2, 5, 2, 2]"),
            "p.json:4:12: MatMul 0: an LHS of 3 x 2 (width x height) and an RHS of 4 x 5 do not make 4 x 2: the LHS's "
            "width is the RHS's height, the output has the LHS's height and the RHS's width");
  EXPECT_EQ(refusal("[0, 1], [2]", "[0, 1], [0]"),
            "p.json:4:20: Pointwise 1: input tensor 0 is 3 x 2, the output is 4 x 2");
  EXPECT_EQ(refusal("[[2], [3]]", "[[2], [2]]"), "p.json:5:18: tensor 2 is made twice, by operators 0 and 1");
}

TEST(ProblemFile, RefusesAGraphThatFeedsItself) {
  EXPECT_EQ(refusal("[0, 1], [2]", "[0, 1], [3]"), "p.json:4:20: operators feed themselves: 1 -> 1");
  const char* ring = R"({"widths":[1,1,1,1],"heights":[1,1,1,1],"inputs":[[3],[0],[1],[2]],"outputs":[[0],[1],[2],[3]],
    "base_costs":[1,1,1,1],"op_types":["Pointwise","Pointwise","Pointwise","Pointwise"],
    "fast_memory_capacity":100,"slow_memory_bandwidth":10,"native_granularity":[128,128]})";
  Result<Problem> problem = parse_problem(ring, "r");
  ASSERT_FALSE(problem.ok());
  EXPECT_EQ(problem.error().message, "operators feed themselves: 0 -> 1 -> 2 -> 3 -> 0");
  EXPECT_EQ(problem.error().code, ErrorCode::kInvalidGraph);
}

TEST(ProblemFile, RefusesSizesAndRatesOutOfRange) {
  EXPECT_EQ(refusal("[3, 4, 4, 4]", "[3, 4, 0, 4]"), "p.json:2:18: tensor 2 has width 0; it must be 1 to 2147483647");
  EXPECT_EQ(refusal("[3, 4, 4, 4]", "[3, 4, 4, 99999999999]"),
            "p.json:2:21: tensor 3 has width 99999999999; it must be 1 to 2147483647");
  EXPECT_EQ(parse_problem(R"({"widths":[2000000000],"heights":[2000000000],"inputs":[],"outputs":[],"base_costs":[],
    "op_types":[],"fast_memory_capacity":1,"slow_memory_bandwidth":1,"native_granularity":[1,1]})",
                          "p")
                .error()
                .to_string(),
            "p:1:12: with tensor 0 (2000000000 x 2000000000) the tensors have more than 281474976710656 elements "
            "together");
  EXPECT_EQ(refusal("[1000, 0.5]", "[-1, 0.5]"),
            "p.json:6:16: the base cost of operator 0 must be a finite number, 0 or more");
  EXPECT_EQ(refusal("bandwidth\": 10", "bandwidth\": 0"), "p.json:9:26: the bandwidth must be a finite number above 0");
  EXPECT_EQ(refusal("capacity\": 100", "capacity\": 0"),
            "p.json:8:25: a capacity of 0 elements; it must be 1 to 281474976710656");
  EXPECT_EQ(refusal("[128, 128]", "[128, 64]"),
            "p.json:10:29: 'native_granularity' must be one number for all axes, not 128 and 64");
  EXPECT_EQ(refusal("[128, 128]", "[0, 0]"), "p.json:10:23: a native granularity of 0; it must be 1 to 2147483647");
}

TEST(ProblemFile, RefusesACapacityInWhichSomeOperatorCannotRun) {
  EXPECT_EQ(refusal("capacity\": 100", "capacity\": 2"),
            "p.json:8:25: the capacity of 2 elements is too small for operator 0, which needs at least 3 (its inputs "
            "and output, one element of each)");
  EXPECT_EQ(parse_problem(problem_text(swap("capacity\": 100", "capacity\": 2")), "p").error().code,
            ErrorCode::kDoesNotFit);
  EXPECT_EQ(refusal("capacity\": 100", "capacity\": 3"), "accepted");
}

constexpr const char* kSolution = R"({
"subgraphs": [[0], [1]],
"granularities": [[4, 2, 3], [4, 2, 1]],
"tensors_to_retain": [[2], []],
"traversal_orders": [null, [0]],
"subgraph_latencies": [1000.5, 1]
})";

std::string solution_refusal(const std::string& from, const std::string& to) {
  std::string text = kSolution;
  swap(from, to)(text);
  Result<Solution> solution = parse_solution(text, "s.json");
  return solution.ok() ? "accepted" : solution.error().to_string();
}

TEST(SolutionFile, IsRead) {
  Result<Solution> solution = parse_solution(kSolution, "s.json");
  ASSERT_TRUE(solution.ok()) << solution.error().to_string();
  EXPECT_THAT(solution->subgraphs,
              testing::ElementsAre(Subgraph{{0}, 4, 2, 3, {2}, {}}, Subgraph{{1}, 4, 2, 1, {}, {0}}));
  EXPECT_THAT(solution->claimed, testing::ElementsAre(1000.5, 1.0));
}

TEST(SolutionFile, MayLeaveOutOrdersLatenciesAndRetention) {
  EXPECT_EQ(solution_refusal("\"traversal_orders\": [null, [0]],", ""), "accepted");
  EXPECT_EQ(solution_refusal("[null, [0]]", "null"), "accepted");
  EXPECT_EQ(solution_refusal("[1000.5, 1]", "[]"), "accepted");
  EXPECT_EQ(solution_refusal("[[2], []]", "[null, null]"), "accepted");
}

TEST(SolutionFile, RefusesAFaultOfFormAsRuleR0) {
  EXPECT_EQ(solution_refusal("[[2], []]", "[[2]]"),
            "s.json:4:22: R0: 'tensors_to_retain' has 1 entries, 'subgraphs' has 2");
  EXPECT_EQ(solution_refusal("\"granularities\"", "\"tiles\""), "s.json:1:1: R0: there is no 'granularities'");
  EXPECT_EQ(solution_refusal("[4, 2, 3]", "[4, 2]"),
            "s.json:3:19: R0: subgraph 0: a granularity is a list of three numbers: w, h, k");
  EXPECT_EQ(solution_refusal("[4, 2, 3]", "[4, 2.5, 3]"),
            "s.json:3:23: R0: subgraph 0: w, h and k must be whole numbers");
  EXPECT_EQ(solution_refusal("[[0], [1]]", "[[-1], [1]]"),
            "s.json:2:16: R0: subgraph 0: its operators must be 0 or more and below 2^32, one is -1");
  EXPECT_EQ(solution_refusal("[1000.5, 1]", "[1000.5]"),
            "s.json:6:23: R0: 'subgraph_latencies' has 1 entries, 'subgraphs' has 2");
}

}  // namespace
}  // namespace rondo::fusion
