// The contest's own problems, and others of its family, solved and run: proven, counted, and
// (where the reference in double precision takes no minutes) compared.
//
//   fusion_run_contest [--replay-below=GFLOP] [--prove-below=GFLOP] [--work=N] [--generated=N]
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "planner/fusion/generate.h"
#include "planner/fusion/graph/contest_graph.h"
#include "planner/fusion/lower/lower_solution.h"
#include "planner/fusion/problem.h"
#include "planner/fusion/search/solve.h"
#include "tests/planner/fusion/lower/lowered.h"

namespace rondo::fusion {

double replay_below_gflop = 1;
double prove_below_gflop = 1e9;
uint64_t solver_work = 20000;
uint64_t generated_count = 36;

namespace {

double gflop(const Problem& problem) {
  double sum = 0;
  for (uint32_t op = 0; op < problem.operators.size(); ++op)
    if (problem.is_matmul(op))
      sum += 2e-9 * static_cast<double>(problem.tensors[problem.operators[op].output].size()) *
             static_cast<double>(problem.depth(op));
  return sum;
}

TEST(ContestProblems, RunAsTheyAreSolved) {
  const std::filesystem::path folder = std::filesystem::path(RONDO_SOURCE_DIR) / "../shared/data/mlsys";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no problems in " << folder;
  for (const int number : {1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 20}) {
    const std::string file = (folder / ("mlsys-2026-" + std::to_string(number) + ".json")).string();
    SCOPED_TRACE(file);
    const Result<Problem> problem = load_problem(file);
    ASSERT_TRUE(problem.ok()) << problem.error().to_string();
    if (gflop(*problem) >= prove_below_gflop) {
      std::printf("problem %2d: left out\n", number);
      continue;
    }
    SolveOptions options;
    options.work = solver_work;
    const Result<Solved> solved = solve(*problem, options);
    ASSERT_TRUE(solved.ok()) << solved.error().to_string();
    const auto start = std::chrono::steady_clock::now();
    const bool replay = gflop(*problem) < replay_below_gflop;
    Journey journey;
    EXPECT_EQ(whole_way(*problem, solved->solution, {.seed = 1, .replay = replay}, &journey), "good");
    std::printf("problem %2d: cost %.1f, %zu subgraphs, %llu ops, %s in %.1f s\n", number, solved->latency,
                solved->solution.subgraphs.size(), static_cast<unsigned long long>(journey.operations),
                replay ? "replayed" : "proven",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
}

// Nothing here is made for the published ones: families, extents and sizes as the generator
// has them. Those that the reference computes at once are compared.
TEST(GeneratedProblems, RunAsTheyAreSolved) {
  uint64_t operations = 0, subgraphs = 0, made = 0;
  for (uint64_t seed = 1; made < generated_count; ++seed) {
    const FamilyName family = families()[seed % families().size()];
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::string(family.name));
    const Result<Problem> problem = generate({.seed = seed,
                                              .operators = static_cast<uint32_t>(5 + seed * 7 % 40),
                                              .family = family.family,
                                              .native = 32,
                                              .ragged = seed / families().size() % 2 != 0});
    ASSERT_TRUE(problem.ok()) << problem.error().to_string();
    if (gflop(*problem) > 0.02) continue;
    ++made;
    SolveOptions options;
    options.work = 1000;
    options.seed = seed;
    const Result<Solved> solved = solve(*problem, options);
    ASSERT_TRUE(solved.ok()) << solved.error().to_string();
    Journey journey;
    ASSERT_EQ(whole_way(*problem, solved->solution, {.seed = seed}, &journey), "good");
    operations += journey.operations;
    subgraphs += solved->solution.subgraphs.size();
  }
  std::printf("%llu generated problems, %llu subgraphs, %llu ops\n", static_cast<unsigned long long>(made),
              static_cast<unsigned long long>(subgraphs), static_cast<unsigned long long>(operations));
}

// Hundreds of subgraphs share one arena, each with addresses of its own, and where extents
// are ragged with row pitches of its own: proven.
TEST(GeneratedProblems, AreProvenWhereHundredsOfSubgraphsShareFastMemory) {
  struct Case {
    Family family;
    uint32_t operators;
    bool ragged;
    uint64_t seed;
  };
  for (const Case& each : {Case{Family::kBranches, 400, false, 6}, Case{Family::kChain, 400, true, 3},
                           Case{Family::kMixed, 250, true, 3}, Case{Family::kExperts, 150, true, 3}}) {
    SCOPED_TRACE(static_cast<int>(each.family));
    const Result<Problem> problem =
        generate({.seed = each.seed, .operators = each.operators, .family = each.family, .ragged = each.ragged});
    ASSERT_TRUE(problem.ok()) << problem.error().to_string();
    SolveOptions options;
    options.work = 200;
    const Result<Solved> solved = solve(*problem, options);
    ASSERT_TRUE(solved.ok()) << solved.error().to_string();
    EXPECT_GT(solved->solution.subgraphs.size(), each.operators / 5);
    EXPECT_EQ(whole_way(*problem, solved->solution, {.replay = false}), "good");
  }
}

}  // namespace
}  // namespace rondo::fusion

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--replay-below=", 15) == 0) rondo::fusion::replay_below_gflop = std::atof(argv[i] + 15);
    if (std::strncmp(argv[i], "--prove-below=", 14) == 0) rondo::fusion::prove_below_gflop = std::atof(argv[i] + 14);
    if (std::strncmp(argv[i], "--generated=", 12) == 0)
      rondo::fusion::generated_count = std::strtoull(argv[i] + 12, nullptr, 10);
    if (std::strncmp(argv[i], "--work=", 7) == 0) rondo::fusion::solver_work = std::strtoull(argv[i] + 7, nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
