// The search that looks at everything, against one that does so more slowly and shares no
// code with it: exact_optimum.h tries every subgraph, granularity and retained set of tiny
// problems with the judge's own cost.
#include "planner/fusion/search/exhaust.h"
#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/anneal.h"
#include "planner/fusion/search/list_groups.h"
#include "planner/fusion/search/merge_greedily.h"
#include "planner/fusion/search/solve.h"
#include "random_problem.h"
#include "tests/planner/fusion/exact_optimum.h"
#include "tests/planner/fusion/problems.h"
#include "tests/planner/fusion/tiny_problem.h"
#include "tests/sweep.h"

namespace rondo::fusion {
namespace {

constexpr double kSame = 1e-9;

TEST(Exhaust, EndsAtTheOptimumOfTinyProblemsAndTheSolverReachesIt) {
  const char* asked = std::getenv("RONDO_TINY_PROBLEMS");  // long checks set it
  const int problems = asked != nullptr ? std::atoi(asked) : 120;
  std::mt19937_64 random(asked != nullptr ? 23 : 5);
  int proven = 0;
  for (int turn = 0; turn < problems; ++turn) {
    const Problem problem = tiny_problem(random);
    const double optimum = exact_optimum(problem);
    const double bound = exhaustive_bound(problem, 1e300, 4'000'000);
    // The slow search knows four orders of the tiles, the fast one's bound holds for all.
    ASSERT_LE(bound, optimum * (1 + kSame)) << "problem " << turn << "\n" << print_problem(problem);
    proven += bound >= optimum * (1 - kSame);
    SolveOptions options;
    options.work = 20'000;
    const Result<Solved> solved = solve(problem, options);
    ASSERT_TRUE(solved.ok());
    ASSERT_LE(solved->latency, optimum * (1 + kSame)) << "problem " << turn << "\n" << print_problem(problem);
    ASSERT_GE(solved->latency, bound * (1 - kSame));
    if (solved->optimal) {
      ASSERT_NEAR(solved->least, solved->latency, kSame * solved->latency);
    }
  }
  EXPECT_GE(proven, problems * 95 / 100);
}

TEST(Exhaust, BoundsStayBelowWhatTheSolverFindsWithoutIt) {
  uint64_t ended = 0;
  for (uint64_t seed = 0; seed < testing::swept(60, 3); ++seed) {
    const Problem problem = random_problem(seed, 5 + seed % 8);
    const Network net = make_network(problem);
    Exhaust exhaust(net, {seed % 4 == 0, true});
    // Without a solution to compare with, in slices: the bound only grows.
    double last = 0;
    for (int slice = 0; slice < 40 && !exhaust.ended(); ++slice) {
      exhaust.run(1e300, 2'000);
      EXPECT_GE(exhaust.least(), last);
      last = exhaust.least();
    }
    SolveOptions options;
    options.work = 2'000;
    options.divisible = seed % 4 == 0;
    const Result<Solved> solved = solve(problem, options);
    ASSERT_TRUE(solved.ok());
    EXPECT_LE(last, solved->latency * (1 + kSame)) << "seed " << seed;
    if (!exhaust.complete()) continue;
    ++ended;
    double cost = 0;
    Oracle oracle(net, {seed % 4 == 0, true});
    std::vector<uint32_t> entering;
    for (const Stage& stage : exhaust.found()) {
      cost += oracle.proven_price(*stage.group, entering, stage.retained).floor;
      entering = stage.retained;
    }
    EXPECT_NEAR(cost, exhaust.least(), kSame * cost) << "seed " << seed;
  }
  EXPECT_GT(ended, testing::swept(25, 3));
}

// Two to three chains of two to three deep MatMuls that share their weights, as the
// contest's problem 13 does with sixteen: where the bounds by shares say most.
Problem chains_on_shared_weights(std::mt19937_64& random) {
  const auto below = [&](uint64_t limit) { return static_cast<int64_t>(random() % limit); };
  Problem problem;
  problem.native = 2 + below(3);
  const uint32_t chains = 2 + static_cast<uint32_t>(below(2)), length = 2 + static_cast<uint32_t>(below(2));
  const int64_t rows = 1 + below(5);
  std::vector<int64_t> extents;
  for (uint32_t i = 0; i <= length; ++i) extents.push_back(1 + below(9));
  std::vector<uint32_t> weights;
  const auto tensor = [&](int64_t width, int64_t height) {
    problem.tensors.push_back({width, height});
    return static_cast<uint32_t>(problem.tensors.size() - 1);
  };
  for (uint32_t i = 0; i < length; ++i) weights.push_back(tensor(extents[i + 1], extents[i]));
  for (uint32_t chain = 0; chain < chains; ++chain) {
    uint32_t x = tensor(extents[0], rows);
    for (uint32_t i = 0; i < length; ++i) {
      const bool own = i + 1 == length || below(4) == 0;
      const uint32_t weight = own ? tensor(extents[i + 1], extents[i]) : weights[i];
      const uint32_t made = tensor(extents[i + 1], rows);
      problem.operators.push_back(matmul(x, weight, made, static_cast<double>(below(3))));
      x = made;
    }
  }
  problem.bandwidth = 1;
  problem.capacity = 8 + below(60);
  const Status status = finish_problem(problem);
  EXPECT_TRUE(status.ok()) << status.error().to_string();
  return problem;
}

TEST(Exhaust, ProvesOptimaThatTheBoundsByShareStayBelow) {
  const char* asked = std::getenv("RONDO_TINY_PROBLEMS");  // long checks set it
  const int problems = asked != nullptr ? std::atoi(asked) : 300;
  std::mt19937_64 random(asked != nullptr ? 29 : 7);
  int optimal = 0, beyond_traffic = 0;
  for (int turn = 0; turn < problems; ++turn) {
    const Problem problem = chains_on_shared_weights(random);
    const LowerBounds bounds = lower_bounds(problem);
    SolveOptions options;
    options.work = 20'000;
    const Result<Solved> solved = solve(problem, options);
    ASSERT_TRUE(solved.ok());
    optimal += solved->optimal;
    ASSERT_LE(bounds.best(), solved->latency * (1 + kSame)) << "problem " << turn << "\n" << print_problem(problem);
    beyond_traffic += bounds.best() > std::max(bounds.compute, bounds.traffic) * (1 + kSame);
  }
  EXPECT_GT(optimal, problems / 2);
  EXPECT_GT(beyond_traffic, problems / 4);
}

// Residual blocks in a memory that holds one of their sums: x1 is stored for the second
// addition and, made once more in a step of its own, stays for the next MatMul.
TEST(Moves, RepeatAnOperatorToKeepWhatItHadToStore) {
  const Tensor wide{512, 128}, narrow{256, 128}, down{256, 512}, up{512, 256};
  std::vector<Tensor> tensors{wide};
  std::vector<Operator> operators;
  uint32_t x = 0;
  for (int block = 0; block < 2; ++block) {
    const auto at = static_cast<uint32_t>(tensors.size());
    tensors.insert(tensors.end(), {down, narrow, narrow, up, wide, wide});
    operators.push_back(matmul(x, at, at + 1, 2000));
    operators.push_back(pointwise({at + 1}, at + 2, 300));
    operators.push_back(matmul(at + 2, at + 3, at + 4, 2000));
    operators.push_back(pointwise({x, at + 4}, at + 5, 300));
    x = at + 5;
  }
  const Problem problem = make_problem(tensors, operators, 135'000, 15);
  const double optimum = exhaustive_bound(problem, 1e300, 4'000'000);
  const Network net = make_network(problem);
  Oracle oracle(net, {});
  Random random(1);
  std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
  ASSERT_TRUE(arrangement.has_value());
  merge_greedily(*arrangement, oracle, random, {});
  EXPECT_GT(arrangement->latency(), optimum * 1.01);
  AnnealOptions options;
  options.proposals = 50'000;
  anneal(*arrangement, oracle, random, options);
  EXPECT_NEAR(arrangement->latency(), optimum, kSame * optimum);
  const Solution solution = solution_of(*arrangement, oracle);
  size_t runs = 0;
  for (const Subgraph& subgraph : solution.subgraphs) runs += subgraph.operators.size();
  EXPECT_GT(runs, operators.size());
}

TEST(Exhaust, GivesUpWhereThereAreTooManySets) {
  // Sixteen operators on one input: 2^16 sets, and 70 operators do not fit a word.
  for (const uint32_t count : {16u, 70u}) {
    std::vector<Tensor> tensors(count + 1, Tensor{64, 64});
    std::vector<Operator> operators;
    for (uint32_t i = 0; i < count; ++i) operators.push_back(pointwise({0}, i + 1, 1));
    const Problem problem = make_problem(tensors, operators, 100'000, 10, 32);
    const Network net = make_network(problem);
    Exhaust exhaust(net, {});
    const uint64_t steps = exhaust.run(1e300, 1'000'000);
    EXPECT_TRUE(exhaust.ended());
    EXPECT_FALSE(exhaust.complete());
    EXPECT_EQ(exhaust.least(), 0);
    EXPECT_LT(steps, 100'000u);
  }
}

TEST(Exhaust, ListsEverySetThatCanBeASubgraph) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Problem problem = random_problem(seed, 4 + seed % 7);
    const Network net = make_network(problem);
    const auto count = static_cast<uint32_t>(net.operators.size());
    std::vector<OperatorSet> expected;
    for (OperatorSet set = 1; set < OperatorSet{1} << count; ++set) {
      std::vector<uint32_t> members;
      for (uint32_t op = 0; op < count; ++op)
        if ((set >> op & 1) != 0) members.push_back(op);
      if (find_demand(net, members).possible) expected.push_back(set);
    }
    GroupList list = list_groups(net, 1'000'000);
    EXPECT_TRUE(list.complete);
    std::vector<OperatorSet> possible;
    for (const OperatorSet set : list.sets) {
      std::vector<uint32_t> members;
      for (uint32_t op = 0; op < count; ++op)
        if ((set >> op & 1) != 0) members.push_back(op);
      if (find_demand(net, members).possible) possible.push_back(set);
    }
    std::sort(possible.begin(), possible.end());
    EXPECT_EQ(possible, expected) << "seed " << seed;
  }
}

TEST(Exhaust, ProvesTheContestsNarrowBenchmarksOptimal) {
  const std::filesystem::path folder = std::filesystem::path(RONDO_SOURCE_DIR) / "../shared/data/mlsys";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << ": nothing is proven of the benchmarks";
  struct Known {
    int number;
    double optimum;
  };
  for (const Known& known :
       {Known{1, 367'001.6}, {2, 26'000}, {3, 78'643.2}, {5, 609'033.87}, {6, 192'238.93}, {9, 44'962'938.88}}) {
    const Result<Problem> problem = load_problem(folder / ("mlsys-2026-" + std::to_string(known.number) + ".json"));
    ASSERT_TRUE(problem.ok());
    SolveOptions options;
    options.work = 1'000'000;
    const Result<Solved> solved = solve(*problem, options);
    ASSERT_TRUE(solved.ok());
    EXPECT_TRUE(solved->optimal) << known.number;
    EXPECT_NEAR(solved->latency, known.optimum, 0.01) << known.number;
  }
}

}  // namespace
}  // namespace rondo::fusion
