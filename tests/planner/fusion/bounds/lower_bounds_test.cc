// Bounds are bounds: never above the best solution that trying everything finds, nor
// above anything that anyone found; and each sees what it is there to see.
#include "planner/fusion/bounds/lower_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "planner/fusion/evaluate.h"
#include "planner/fusion/generate.h"
#include "tests/planner/fusion/exact_optimum.h"
#include "tests/planner/fusion/problems.h"
#include "tests/planner/fusion/random_solution.h"

namespace rondo::fusion {
namespace {

constexpr double kSlack = 1 + 1e-9;

// One to four operators on extents of 1 to 7 at native 2 or 3, in a memory that is nearly
// too small: small enough to try everything, ragged, with shared and repeated operands.
Problem tiny_problem(std::mt19937_64& random) {
  const auto below = [&](uint64_t limit) { return random() % limit; };
  Problem problem;
  problem.native = 2 + static_cast<int64_t>(below(2));
  problem.bandwidth = static_cast<double>(1 + below(4));
  const uint64_t wanted = 1 + below(3) + below(4) / 3;
  const auto extent = [&] { return static_cast<int64_t>(1 + below(below(3) == 0 ? 7 : 4)); };
  problem.tensors.push_back({extent(), extent()});
  const auto find_or_make = [&](int64_t width, int64_t height) {
    std::vector<uint32_t> fitting;
    for (uint32_t t = 0; t < problem.tensors.size(); ++t)
      if (problem.tensors[t] == Tensor{width, height}) fitting.push_back(t);
    if (!fitting.empty() && below(3) != 0) return fitting[below(fitting.size())];
    problem.tensors.push_back({width, height});
    return static_cast<uint32_t>(problem.tensors.size() - 1);
  };
  while (problem.operators.size() < wanted) {
    const auto x = static_cast<uint32_t>(below(2) == 0 ? problem.tensors.size() - 1 : below(problem.tensors.size()));
    const Tensor shape = problem.tensors[x];
    const auto cost = static_cast<double>(below(12));
    Operator op;
    switch (below(3)) {
      case 0:
        op = pointwise({x}, 0, cost);
        if (below(2) == 0) op.inputs.push_back(find_or_make(shape.width, shape.height));
        problem.tensors.push_back(shape);
        break;
      case 1: {
        const int64_t columns = extent();
        op = matmul(x, find_or_make(columns, shape.width), 0, cost);
        problem.tensors.push_back({columns, shape.height});
        break;
      }
      default: {
        const int64_t rows = extent();
        op = matmul(find_or_make(shape.height, rows), x, 0, cost);
        problem.tensors.push_back({shape.width, rows});
        break;
      }
    }
    op.output = static_cast<uint32_t>(problem.tensors.size() - 1);
    problem.operators.push_back(op);
  }
  problem.capacity = static_cast<int64_t>(4 + below(below(2) == 0 ? 10 : 40));
  const Status status = finish_problem(problem);
  EXPECT_TRUE(status.ok()) << status.error().to_string();
  return problem;
}

TEST(LowerBounds, AreNeverAboveTheOptimumOfTinyProblems) {
  const char* asked = std::getenv("RONDO_TINY_PROBLEMS");  // long checks set it
  const int problems = asked != nullptr ? std::atoi(asked) : 150;
  std::mt19937_64 random(asked != nullptr ? 11 : 3);
  int reached = 0;
  int told = 0;
  for (int turn = 0; turn < problems; ++turn) {
    const Problem problem = tiny_problem(random);
    const double optimum = exact_optimum(problem);
    const LowerBounds bounds = lower_bounds(problem);
    for (double bound : {bounds.compute, bounds.traffic, bounds.reload, bounds.parts})
      ASSERT_LE(bound, optimum * kSlack) << "problem " << turn << "\n" << print_problem(problem);
    reached += bounds.best() * kSlack >= optimum ? 1 : 0;
    told += bounds.best() > std::max(bounds.compute, bounds.traffic) * kSlack ? 1 : 0;
  }
  EXPECT_GT(reached, problems / 10) << "the bounds say next to nothing";
  EXPECT_GT(told, problems / 10) << "reload and parts add nothing";
}

TEST(LowerBounds, AreNeverAboveRandomSolutions) {
  std::mt19937_64 random(9);
  for (int turn = 0; turn < 120; ++turn) {
    const GenerateOptions options{random(), static_cast<uint32_t>(1 + random() % 30),
                                  families()[random() % families().size()].family, 16, turn % 2 == 0};
    const Problem problem = *generate(options);
    const Result<Evaluation> evaluation = evaluate(problem, random_solution(problem, random, 4096));
    ASSERT_TRUE(evaluation.ok()) << evaluation.error().to_string();
    EXPECT_LE(lower_bounds(problem).best(), evaluation->latency * kSlack) << print_problem(problem);
  }
}

TEST(LowerBounds, OfAStreamOfPointwiseOperatorsIsItsTraffic) {
  const Problem problem =
      make_problem({{64, 64}, {64, 64}, {64, 64}}, {pointwise({0}, 1, 1), pointwise({1}, 2, 1)}, 1000, 4, 16);
  const LowerBounds bounds = lower_bounds(problem);
  EXPECT_NEAR(bounds.compute, 32, 1e-6);
  EXPECT_NEAR(bounds.traffic, 2048, 1e-6);
  EXPECT_STREQ(bounds.best_name(), "traffic");
}

TEST(LowerBounds, SeeThatADeepMatMulReloadsItsOperands) {
  // K = 64 at native 16: 16 x 16 tiles reload each operand four times.
  const Problem problem = make_problem({{64, 64}, {64, 64}, {64, 64}}, {matmul(0, 1, 2, 1)}, 1000, 1, 16);
  EXPECT_NEAR(lower_bounds(problem).reload, 4096 * (4 + 4 + 1), 1e-4);
}

TEST(LowerBounds, SeeThatCapacityLimitsHowManyShareALoad) {
  // Eight MatMuls share a weight; sums of 16 x 16 leave room for three at a time.
  std::vector<Tensor> tensors{{64, 64}};
  std::vector<Operator> operators;
  for (uint32_t i = 0; i < 8; ++i) {
    tensors.push_back({64, 16});
    tensors.push_back({64, 16});
    operators.push_back(matmul(1 + 2 * i, 0, 2 + 2 * i, 1));
  }
  const double roomy = lower_bounds(make_problem(tensors, operators, 100'000, 1, 16)).reload;
  const double tight = lower_bounds(make_problem(tensors, operators, 800, 1, 16)).reload;
  EXPECT_NEAR(roomy, 4096 + 8 * 1024 * 4 + 8 * 1024, 1e-3);
  EXPECT_GT(tight, 4096.0 * 8 / 3 + 8 * 1024 * 4 + 8 * 1024 - 1);
}

TEST(LowerBounds, SeeThatAnIntermediateIsStoredBeforeADeepMatMul) {
  // A Pointwise cannot feed K = 64 > 16 from inside, and 64 x 64 does not stay in 1000.
  const Problem problem =
      make_problem({{64, 64}, {64, 64}, {16, 64}, {16, 64}}, {pointwise({0}, 1, 1), matmul(1, 2, 3, 1)}, 1000, 1, 16);
  const LowerBounds bounds = lower_bounds(problem);
  EXPECT_NEAR(bounds.reload, 4096 + 4096 + 4096 + 4 * 1024 + 1024, 1e-3);
  EXPECT_EQ(bounds.part_count, 2U);
}

TEST(LowerBounds, AddUpPartsThatCannotMeet) {
  // All compute in one part, all traffic in the other.
  const Problem problem = make_problem({{64, 64}, {64, 64}, {16, 64}, {16, 64}},
                                       {pointwise({0}, 1, 10'000), matmul(1, 2, 3, 1)}, 1000, 1, 16);
  const LowerBounds bounds = lower_bounds(problem);
  EXPECT_NEAR(bounds.parts, 16 * 10'000 + (4096 + 4 * 1024 + 1024), 1e-3);
  EXPECT_GT(bounds.parts, bounds.reload);
  EXPECT_STREQ(bounds.best_name(), "parts");
}

// The best anyone has shown, from whom a bound must stay away.
TEST(LowerBounds, StayBelowTheBestKnownOfTheContest) {
  const std::filesystem::path folder = std::filesystem::path(RONDO_SOURCE_DIR) / "../shared/data/mlsys";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << " with the contest's problems";
  struct Known {
    int number;
    double best, bound;  // the bound that must at least be proven
  };
  constexpr Known kKnown[] = {{1, 367'001.6, 294'911},      {2, 26'000, 25'999},
                              {3, 91'750.4, 65'535},        {5, 610'536.0, 348'432},
                              {6, 218'453.3, 124'518},      {9, 44'962'938.9, 44'648'365},
                              {10, 11'220'000, 10'118'757}, {13, 11'576'606.7, 10'644'538},
                              {14, 2'792'000, 2'755'199},   {17, 4'966'400, 4'966'399},
                              {20, 5'228'800, 5'228'799}};
  for (const Known& known : kKnown) {
    const Result<Problem> problem = load_problem(folder / ("mlsys-2026-" + std::to_string(known.number) + ".json"));
    ASSERT_TRUE(problem.ok()) << problem.error().to_string();
    const double bound = lower_bounds(*problem).best();
    EXPECT_LE(bound, known.best * kSlack) << known.number;
    EXPECT_GE(bound, known.bound) << known.number;
  }
}

TEST(LowerBounds, OfAThousandOperatorsTakeNoTime) {
  for (const FamilyName& family : families()) {
    const LowerBounds bounds = lower_bounds(*generate({1, 1000, family.family}));
    EXPECT_GT(bounds.best(), 0) << family.name;
  }
}

TEST(LowerBounds, OfHugeExtentsAreFoundByMergedCuts) {
  // Native 2^20 and extents of 2^23: every cut would be six million pairs.
  const int64_t side = int64_t{1} << 23;
  const Problem problem =
      make_problem({{side, side}, {side, 3}, {side, 3}}, {matmul(1, 0, 2, 1)}, int64_t{1} << 40, 1, int64_t{1} << 20);
  const LowerBounds bounds = lower_bounds(problem);
  EXPECT_GE(bounds.reload, bounds.traffic);
}

TEST(LowerBounds, OfNothingAreNothing) { EXPECT_EQ(lower_bounds(make_problem({}, {}, 1, 1)).best(), 0); }

}  // namespace
}  // namespace rondo::fusion
