// The committed solutions of the contest's benchmarks, scored, and the page that lists them.
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/exhaust.h"
#include "tests/planner/document_blocks.h"

namespace rondo::fusion {
namespace {

struct Benchmark {
  int number;
  // Known before: the best schedule that anyone has shown, or what the leaderboard implies.
  const char* before;
  double before_at_most;
};
constexpr Benchmark kBenchmarks[] = {{1, "367,001.6", 367'001.6},
                                     {2, "26,000.0", 26'000},
                                     {3, "91,750.4", 91'750.4},
                                     {5, "610,536.0", 610'536},
                                     {6, "218,453.3", 218'453.3},
                                     {9, "44,962,938.9", 44'962'938.9},
                                     {10, "about 11.22 to 11.27 million", 11'270'000},
                                     {13, "11,576,606.7", 11'576'606.7},
                                     {14, "about 2.759 to 2.792 million", 2'792'000},
                                     {17, "4,966,400.0", 4'966'400},
                                     {20, "5,228,800.0", 5'228'800}};

std::string grouped(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", number);
  std::string digits = text;
  for (size_t at = digits.find('.'); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

TEST(Records, AreWhatThePageSays) {
  const std::filesystem::path problems = std::filesystem::path(RONDO_SOURCE_DIR) / "../shared/data/mlsys",
                              solutions = std::filesystem::path(RONDO_SOURCE_DIR) / "schedules/library/contest";
  if (!std::filesystem::exists(problems))
    GTEST_SKIP() << "no " << problems << ": the committed solutions were not scored";
  std::vector<std::vector<std::string>> rows = {
      {"benchmark", "operators", "known before", "rondo", "proven least", "gap", "rondo, only tiles that divide"}};
  for (const Benchmark& benchmark : kBenchmarks) {
    const std::string name = "mlsys-2026-" + std::to_string(benchmark.number);
    const Result<Problem> problem = load_problem(problems / (name + ".json"));
    ASSERT_TRUE(problem.ok()) << problem.error().to_string();
    const auto scored = [&](const std::string& file, bool divisible) {
      const Result<Solution> solution = load_solution(solutions / file);
      EXPECT_TRUE(solution.ok()) << (solution.ok() ? "" : solution.error().to_string());
      if (!solution.ok()) return 0.0;
      const Result<Evaluation> evaluation = evaluate(*problem, *solution, {divisible});
      EXPECT_TRUE(evaluation.ok()) << file << ": " << (evaluation.ok() ? "" : evaluation.error().message);
      return evaluation.ok() ? evaluation->latency : 0.0;
    };
    const double latency = scored(name + ".solution.json", false), divisible = scored(name + ".divisible.json", true);
    const double least = std::max(lower_bounds(*problem).best(), exhaustive_bound(*problem, latency, 2'000'000));
    EXPECT_LE(latency, benchmark.before_at_most + 0.05) << name;
    EXPECT_LE(latency, divisible) << name;
    EXPECT_GE(latency, least) << name;
    const bool record = latency < benchmark.before_at_most * 0.9999 && benchmark.number != 14;
    char gap[32];
    std::snprintf(gap, sizeof gap, "%.2f %%", 100 * (1 - least / latency));
    rows.push_back({std::to_string(benchmark.number), std::to_string(problem->operators.size()), benchmark.before,
                    record ? "**" + grouped(latency) + "**" : grouped(latency), grouped(least),
                    latency - least < 1e-9 * latency ? "0: optimal" : gap, grouped(divisible)});
  }
  expect_generated("docs/contest-results.md", "contest results", markdown_table(rows));
}

}  // namespace
}  // namespace rondo::fusion
