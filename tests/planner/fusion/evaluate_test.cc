// The judge: the examples of the contest's statement, and every rule with the nearest
// solution on either side of it.
#include "planner/fusion/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "planner/fusion/walk_tiles.h"
#include "tests/planner/fusion/problems.h"

namespace rondo::fusion {
namespace {

using Steps = std::vector<Subgraph>;

std::string verdict(const Problem& problem, const Steps& subgraphs, bool divisible = false) {
  const Result<Evaluation> evaluation = evaluate(problem, {subgraphs, {}}, {divisible});
  return evaluation.ok() ? "valid" : evaluation.error().to_string();
}
double cost(const Problem& problem, const Steps& subgraphs) {
  const Result<Evaluation> evaluation = evaluate(problem, {subgraphs, {}});
  EXPECT_TRUE(evaluation.ok()) << evaluation.error().to_string();
  return evaluation.ok() ? evaluation->latency : -1;
}

constexpr Tensor kSquare{128, 128};

// --- the statement's examples ------------------------------------------------

Problem two_pointwise(int64_t side) {
  return make_problem({{side, side}, {side, side}, {side, side}}, {pointwise({0}, 1, 1000), pointwise({1}, 2, 100)},
                      35000, 10);
}

TEST(Statement, Example1TwoPointwiseOperators) {
  const Problem problem = two_pointwise(128);
  EXPECT_EQ(cost(problem, {{{0}, 128, 128, 1}, {{1}, 128, 128, 1}}), 6553.6);  // A: spilled between
  EXPECT_EQ(cost(problem, {{{0, 1}, 128, 128, 1}}), 3276.8);                   // B: fused
  EXPECT_EQ(cost(problem, {{{0, 1}, 64, 64, 1}}), 4400);                       // C: small tiles pay in full
}

TEST(Statement, Example2TensorsLargerThanNative) {
  const Problem problem = two_pointwise(256);
  EXPECT_DOUBLE_EQ(cost(problem, {{{0}, 128, 128, 1}, {{1}, 128, 128, 1}}), 26214.4);
  EXPECT_DOUBLE_EQ(cost(problem, {{{0, 1}, 128, 128, 1}}), 13107.2);
}

//  0 -op0-> 1 -op1-> 2
//           1 -------op2-> 3
Problem diamond() {
  return make_problem({kSquare, kSquare, kSquare, kSquare},
                      {pointwise({0}, 1, 1500), pointwise({1}, 2, 1500), pointwise({1, 2}, 3, 1500)}, 50000, 10);
}

TEST(Statement, Example3ADiamondSpilledRecomputedRetained) {
  const Problem problem = diamond();
  EXPECT_DOUBLE_EQ(cost(problem, {{{0}, 128, 128, 1}, {{1}, 128, 128, 1}, {{2}, 128, 128, 1}}), 11468.8);
  EXPECT_DOUBLE_EQ(cost(problem, {{{0, 1}, 128, 128, 1, {2}}, {{0, 2}, 128, 128, 1}}), 6276.8);
  EXPECT_DOUBLE_EQ(cost(problem, {{{0}, 128, 128, 1, {1}}, {{1, 2}, 128, 128, 1}}), 4638.4);
}

TEST(Statement, Example4ASnakeReusesWhatARasterReloads) {
  const Problem problem = make_problem({kSquare, kSquare, kSquare}, {matmul(0, 1, 2, 1500)}, 25000, 10);
  EXPECT_EQ(cost(problem, {{{0}, 64, 64, 128}}), 7096);
  EXPECT_EQ(cost(problem, {{{0}, 64, 64, 128, {}, {0, 1, 3, 2}}}), 6548);
}

Problem two_matmuls() {
  return make_problem({kSquare, kSquare, kSquare, kSquare, kSquare}, {matmul(0, 1, 3, 2000), matmul(3, 2, 4, 2000)},
                      45000, 10);
}

TEST(Statement, Example5AChainOfMatMulsFitsWithSplitK) {
  const Problem problem = two_matmuls();
  EXPECT_EQ(verdict(problem, {{{0, 1}, 128, 128, 128}}), "R9: subgraph 0: working set 65536 exceeds capacity 45000");
  const Result<Evaluation> split = evaluate(problem, {{{{0, 1}, 128, 128, 32}}, {}});
  ASSERT_TRUE(split.ok()) << split.error().to_string();
  EXPECT_DOUBLE_EQ(split->latency, 6915.2);
  const SubgraphCost& only = split->subgraphs.front();
  EXPECT_EQ(only.working_set, 40960);
  EXPECT_EQ(only.tiles, 1);
  EXPECT_EQ(only.k_steps, 4);
  EXPECT_EQ(only.loaded, 3 * 16384);
  EXPECT_EQ(only.evicted, 16384);
  EXPECT_DOUBLE_EQ(only.compute, 4000);
  EXPECT_DOUBLE_EQ(only.memory, 6553.6);
}

// --- rules --------------------------------------------------------------------

TEST(RuleR0, AsksForOperatorsThatExistOnceAndForAGranularity) {
  const Problem problem = two_pointwise(128);
  EXPECT_EQ(verdict(problem, {{{}, 1, 1, 1}}), "R0: subgraph 0: it has no operators");
  EXPECT_EQ(verdict(problem, {{{0}, 128, 128, 1}, {{1, 2}, 1, 1, 1}}),
            "R0: subgraph 1: it lists operator 2; there are 2, from 0");
  EXPECT_EQ(verdict(problem, {{{0, 1, 0}, 1, 1, 1}}), "R0: subgraph 0: it lists operator 0 twice");
  EXPECT_EQ(verdict(problem, {{{0, 1}, 1, 0, 1}}), "R0: subgraph 0: granularity [1, 0, 1]; each must be 1 or more");
}

TEST(RuleR1, RefusesTilesAndStepsAboveNative) {
  const Problem pointwise_only = two_pointwise(256);
  EXPECT_EQ(verdict(pointwise_only, {{{0, 1}, 129, 8, 1}}), "R1: subgraph 0: tile 129 x 8 exceeds native 128 x 128");
  EXPECT_EQ(verdict(pointwise_only, {{{0, 1}, 128, 8, 1'000'000}}), "valid") << "k means nothing without a MatMul";
  const Problem problem = make_problem({{256, 128}, {128, 256}, kSquare}, {matmul(0, 1, 2, 1)}, 90000, 10);
  EXPECT_EQ(verdict(problem, {{{0}, 128, 128, 129}}), "R1: subgraph 0: k = 129 exceeds native 128");
  EXPECT_EQ(verdict(problem, {{{0}, 128, 128, 128}}), "valid");
}

TEST(RuleR2, RefusesAStepDeeperThanAMatMul) {
  const Problem problem = make_problem({{64, 128}, {128, 64}, kSquare}, {matmul(0, 1, 2, 1)}, 90000, 10);
  EXPECT_EQ(verdict(problem, {{{0}, 128, 128, 65}}), "R2: subgraph 0: k = 65 exceeds K = 64 of MatMul 0");
  EXPECT_EQ(verdict(problem, {{{0}, 128, 128, 64}}), "valid");
}

TEST(RuleR3, RefusesBoundaryOutputsOfDifferentShape) {
  // Two MatMuls read tensor 0; their outputs are 8 x 8 and 4 x 8.
  const Problem problem =
      make_problem({{8, 8}, {8, 8}, {4, 8}, {8, 8}, {4, 8}}, {matmul(0, 1, 3, 1), matmul(0, 2, 4, 1)}, 1000, 10);
  EXPECT_EQ(verdict(problem, {{{0, 1}, 4, 4, 8}}), "R3: subgraph 0: outputs 3 (8 x 8) and 4 (4 x 8) differ in shape");
}

TEST(RuleR4, AcceptsAnInputInCommonAndRefusesNothingInCommon) {
  const Problem common =
      make_problem({kSquare, kSquare, kSquare}, {pointwise({0}, 1, 1), pointwise({0}, 2, 1)}, 50000, 1);
  EXPECT_EQ(verdict(common, {{{0, 1}, 128, 128, 1}}), "valid");
  const Problem apart =
      make_problem({kSquare, kSquare, kSquare, kSquare}, {pointwise({0}, 2, 1), pointwise({1}, 3, 1)}, 70000, 1);
  EXPECT_EQ(verdict(apart, {{{0, 1}, 128, 128, 1}}),
            "R4: subgraph 0: operators 0 and 1 have nothing in common that links them");
}

TEST(RuleR5, RefusesAConsumerBeforeItsProducer) {
  EXPECT_EQ(verdict(two_pointwise(128), {{{1, 0}, 128, 128, 1}}),
            "R5: subgraph 0: operator 1 is listed before 0, which makes its input");
}

TEST(RuleR6, RefusesTwoLoopsOfDifferentLength) {
  // 3 = 0 @ 1 (K 8), 4 = 2 @ 5 (K 4), 6 = 3 + 4.
  const Problem problem = make_problem({{8, 8}, {8, 8}, {4, 8}, {8, 8}, {8, 8}, {8, 4}, {8, 8}},
                                       {matmul(0, 1, 3, 1), matmul(2, 5, 4, 1), pointwise({3, 4}, 6, 1)}, 1000, 10);
  EXPECT_EQ(verdict(problem, {{{0, 1, 2}, 8, 8, 4}}),
            "R6: subgraph 0: MatMuls 1 and 0 loop over k with different K: 4 and 8");
}

TEST(RuleR7, RefusesAnInputThatWasNeverStored) {
  const Problem problem = diamond();
  // Tensor 1 lives and dies inside the first subgraph.
  EXPECT_EQ(verdict(problem, {{{0, 1}, 128, 128, 1}, {{2}, 64, 64, 1}}),
            "R7: subgraph 1: input tensor 1 is neither in slow memory nor retained");
  EXPECT_EQ(verdict(problem, {{{0, 1}, 64, 64, 1, {1}}, {{2}, 64, 64, 1}}), "valid");
  // Retention lasts one subgraph.
  EXPECT_EQ(verdict(problem, {{{0}, 64, 64, 1, {1}}, {{1}, 64, 64, 1}, {{2}, 64, 64, 1}}),
            "R7: subgraph 2: input tensor 1 is neither in slow memory nor retained");
}

TEST(RuleR8, RefusesToRetainWhatIsNotMadeHere) {
  const Problem problem = diamond();
  EXPECT_EQ(verdict(problem, {{{0}, 64, 64, 1, {0}}}), "R8: subgraph 0: it retains tensor 0, which it does not make");
  EXPECT_EQ(verdict(problem, {{{0}, 64, 64, 1, {99}}}), "R8: subgraph 0: it retains tensor 99, which it does not make");
  EXPECT_EQ(verdict(problem, {{{0}, 64, 64, 1, {1}}, {{1}, 64, 64, 1, {1}}}),
            "R8: subgraph 1: it retains tensor 1, which it does not make");
}

TEST(RuleR9, CountsTheWorkingSetToTheElement) {
  const auto with_capacity = [](int64_t capacity) {
    return make_problem({{64, 32}, {16, 64}, {16, 32}, {16, 32}}, {matmul(0, 1, 2, 1), pointwise({2}, 3, 1)}, capacity,
                        1);
  };
  // 8 x 4 tiles, k = 16: LHS 4 x 16, RHS 16 x 8, the sum, the output of the pointwise.
  const Steps fused = {{{0, 1}, 8, 4, 16}};
  const int64_t needs = 4 * 16 + 16 * 8 + 2 * 32;
  EXPECT_EQ(verdict(with_capacity(needs), fused), "valid");
  EXPECT_EQ(verdict(with_capacity(needs - 1), fused), "R9: subgraph 0: working set 256 exceeds capacity 255");
  // In one k-step nothing accumulates.
  EXPECT_EQ(verdict(with_capacity(64 * 4 + 64 * 8 + 32), {{{0, 1}, 8, 4, 64}}), "valid");
  // What is retained counts whole here, and whole in the next subgraph.
  const Steps retained = {{{0}, 8, 4, 16, {2}}, {{1}, 16, 32, 1}};
  EXPECT_EQ(verdict(with_capacity(4 * 16 + 16 * 8 + 512 - 1), retained),
            "R9: subgraph 0: working set 704 exceeds capacity 703");
  EXPECT_EQ(verdict(with_capacity(1023), retained), "R9: subgraph 1: working set 1024 exceeds capacity 1023");
  EXPECT_EQ(verdict(with_capacity(1024), retained), "valid");
}

TEST(RuleR10, AsksForAPrologueInOnePiece) {
  // LHS through a pointwise: w >= K.
  const Problem lhs =
      make_problem({{64, 128}, {128, 64}, {64, 128}, kSquare}, {pointwise({0}, 2, 1), matmul(2, 1, 3, 1)}, 90000, 10);
  EXPECT_EQ(verdict(lhs, {{{0, 1}, 63, 128, 32}}),
            "R10: subgraph 0: Pointwise 0 feeds the LHS of MatMul 1: w = 63 is below K = 64");
  EXPECT_EQ(verdict(lhs, {{{0, 1}, 64, 1, 32}}), "valid");
  const Problem rhs =
      make_problem({{64, 128}, {128, 64}, {128, 64}, kSquare}, {pointwise({1}, 2, 1), matmul(0, 2, 3, 1)}, 90000, 10);
  EXPECT_EQ(verdict(rhs, {{{0, 1}, 128, 63, 32}}),
            "R10: subgraph 0: Pointwise 0 feeds the RHS of MatMul 1: h = 63 is below K = 64");
  EXPECT_EQ(verdict(rhs, {{{0, 1}, 1, 64, 32}}), "valid");
}

TEST(RuleR11, RefusesAnEphemeralSliceAboveNative) {
  // Three MatMuls in a row: the first output is needed over all of the second's K.
  const auto chain = [](int64_t width) {
    return make_problem({{8, 8}, {width, 8}, {8, width}, {8, 8}, {width, 8}, {8, 8}, {8, 8}},
                        {matmul(0, 1, 4, 1), matmul(4, 2, 5, 1), matmul(5, 3, 6, 1)}, 9000, 10, 16);
  };
  EXPECT_EQ(verdict(chain(16), {{{0, 1, 2}, 8, 8, 4}}), "valid");
  EXPECT_EQ(verdict(chain(17), {{{0, 1, 2}, 8, 8, 4}}),
            "R11: subgraph 0: the slice of tensor 4, which lives only inside, is 17 x 8; native is 16 x 16");
}

TEST(RuleR12, AsksForEveryTileOnce) {
  const Problem problem = two_pointwise(128);
  EXPECT_EQ(verdict(problem, {{{0, 1}, 64, 64, 1, {}, {3, 1, 0, 2}}}), "valid");
  const std::string refused =
      "R12: subgraph 0: the traversal order (4 entries) does not name each of the tiles 0 to 3 once";
  EXPECT_EQ(verdict(problem, {{{0, 1}, 64, 64, 1, {}, {3, 1, 0, 1}}}), refused);
  EXPECT_EQ(verdict(problem, {{{0, 1}, 64, 64, 1, {}, {3, 1, 0, 4}}}), refused);
  EXPECT_THAT(verdict(problem, {{{0, 1}, 64, 64, 1, {}, {3, 1, 0}}}), testing::StartsWith("R12"));
}

TEST(RuleR13, AppliesOnlyWhereTilesMustDivide) {
  const Problem problem = make_problem({{100, 8}, {8, 100}, {8, 8}}, {matmul(0, 1, 2, 1)}, 9000, 10);
  const Steps ragged = {{{0}, 8, 8, 30}};
  EXPECT_EQ(verdict(problem, ragged), "valid");
  EXPECT_EQ(verdict(problem, ragged, true), "R13: subgraph 0: [8, 8, 30] does not divide 8 x 8, K = 100");
  EXPECT_EQ(verdict(problem, {{{0}, 9, 100, 25}}, true), "valid") << "a tile may reach past its axis";
}

TEST(RuleC1, AsksForEveryOperator) {
  EXPECT_EQ(verdict(two_pointwise(128), {{{0}, 128, 128, 1}}), "C1: operator 1 is in no subgraph");
  EXPECT_EQ(verdict(two_pointwise(128), {}), "C1: operator 0 is in no subgraph");
}

TEST(RuleC2, AsksForEveryGraphOutputInSlowMemory) {
  EXPECT_EQ(verdict(two_pointwise(128), {{{0, 1}, 128, 128, 1, {2}}}),
            "C2: graph output 2 is not in slow memory at the end");
}

// --- cost ---------------------------------------------------------------------

TEST(Cost, OfNothingIsNothing) {
  const Problem problem = make_problem({}, {}, 1, 1);
  const Result<Evaluation> evaluation = evaluate(problem, {});
  ASSERT_TRUE(evaluation.ok());
  EXPECT_EQ(evaluation->latency, 0);
}

TEST(Cost, ClipsTheTrafficOfEdgeTilesButNotTheirCompute) {
  const Problem problem = make_problem({{5, 3}, {5, 3}}, {pointwise({0}, 1, 7)}, 100, 1, 4);
  const Result<Evaluation> evaluation = evaluate(problem, {{{{0}, 4, 2, 1}}, {}});
  ASSERT_TRUE(evaluation.ok());
  const SubgraphCost& only = evaluation->subgraphs.front();
  EXPECT_EQ(only.tiles, 4);
  EXPECT_EQ(only.loaded, 15);
  EXPECT_EQ(only.evicted, 15);
  EXPECT_EQ(only.compute, 28);
  EXPECT_EQ(only.latency, 16 + 7 + 8 + 7);
}

TEST(Cost, ComputesAnEpilogueInTheLastStep) {
  // K = 8 in two steps: compute 5, then 5 + 3; loads 64 + 64, then the same, the addend and the output.
  const Problem problem = make_problem({{16, 8}, {8, 16}, {8, 8}, {8, 8}, {8, 8}},
                                       {matmul(0, 1, 2, 10), pointwise({2, 3}, 4, 3)}, 1000, 1000, 16);
  EXPECT_DOUBLE_EQ(cost(problem, {{{0, 1}, 8, 8, 8}}), 5 + 8);
}

TEST(Cost, OfARasterCountedByClassIsThatOfTheWalk) {
  for (int64_t rows : {1, 2, 3, 5})
    for (int64_t columns : {1, 2, 3, 5}) {
      Geometry geometry;
      geometry.tile_rows = rows;
      geometry.tile_columns = columns;
      int64_t counted[TileClass::kCount] = {};
      int64_t walked[TileClass::kCount] = {};
      count_raster(geometry, counted);
      walk_tiles(geometry, {}, [&](TileClass tile, int64_t, int64_t) { ++walked[tile.index()]; });
      EXPECT_THAT(counted, testing::ElementsAreArray(walked)) << rows << " x " << columns;
    }
}

TEST(Cost, OfAnEndlessGridIsFoundWithoutWalkingIt) {
  const int64_t side = int64_t{1} << 23;
  const Problem problem = make_problem({{side, side}, {side, side}}, {pointwise({0}, 1, 0.5)}, 100, 1);
  EXPECT_EQ(cost(problem, {{{0}, 1, 1, 1}}), 2.0 * static_cast<double>(side) * static_cast<double>(side));
}

TEST(SolutionFile, IsPrintedWithItsLatenciesAndReadBack) {
  const Problem problem = diamond();
  const Solution solution{{{{0}, 128, 128, 1, {1}}, {{1, 2}, 64, 64, 1, {}, {0, 1, 3, 2}}}, {}};
  const std::string text = print_solution(problem, solution);
  EXPECT_THAT(text, testing::HasSubstr("\"subgraph_latencies\": [\n    1638.4,\n    12000\n  ]"));
  const Result<Solution> again = parse_solution(text, "again");
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->subgraphs, solution.subgraphs);
  EXPECT_THAT(print_solution(problem, {{{{0}, 128, 128, 1}}, {}}), testing::Not(testing::HasSubstr("latencies")));
}

}  // namespace
}  // namespace rondo::fusion
