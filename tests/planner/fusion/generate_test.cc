// Generated problems are problems, of the size asked for, the same every time.
#include "planner/fusion/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "planner/fusion/evaluate.h"
#include "tests/planner/fusion/random_solution.h"

namespace rondo::fusion {
namespace {

TEST(Generate, MakesExactlyTheOperatorsAskedForInEveryFamily) {
  for (const FamilyName& family : families())
    for (uint32_t operators : {0U, 1U, 2U, 7U, 31U, 100U, 1000U})
      for (uint64_t seed : {1, 2}) {
        GenerateOptions options{seed, operators, family.family, 128, seed == 2};
        Result<Problem> problem = generate(options);
        ASSERT_TRUE(problem.ok());
        EXPECT_EQ(problem->operators.size(), operators) << family.name;
        const Status status = finish_problem(*problem);
        EXPECT_TRUE(status.ok()) << family.name << ": " << status.error().to_string();
      }
}

TEST(Generate, GivesTheSameProblemForTheSameSeed) {
  std::set<std::string> texts;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const GenerateOptions options{seed, 40};
    const std::string text = print_problem(*generate(options));
    EXPECT_EQ(text, print_problem(*generate(options)));
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 20U);
}

TEST(Generate, HasTheShapesThatTheFamilyNames) {
  const Problem heads = *generate({3, 64, Family::kAttention});
  const Problem shared = *generate({3, 64, Family::kSharedWeights});
  const auto most_readers = [](const Problem& problem) {
    size_t most = 0;
    for (const auto& readers : problem.consumers) most = std::max(most, readers.size());
    return most;
  };
  EXPECT_GE(most_readers(heads), 4U) << "heads read one input";
  EXPECT_GE(most_readers(shared), 2U) << "chains share two weights";
  const Problem diamonds = *generate({3, 64, Family::kDiamond});
  for (uint32_t op = 0; op < diamonds.operators.size(); ++op) EXPECT_FALSE(diamonds.is_matmul(op));
}

TEST(Generate, RefusesWhatItCannotMake) {
  EXPECT_EQ(generate({1, kMaxGenerated + 1}).error().message, "100001 operators; at most 100000 are generated");
  EXPECT_EQ(generate({1, 10, Family::kMixed, 1}).error().message, "a native granularity of 1; it must be 2 to 4096");
}

// What other tests build on: the random solutions are valid until a fault is planted.
TEST(RandomSolutions, AreValidForEveryFamily) {
  std::mt19937_64 random(5);
  for (const FamilyName& family : families())
    for (int turn = 0; turn < 12; ++turn) {
      GenerateOptions options{random(), static_cast<uint32_t>(1 + random() % 40), family.family, 16, turn % 2 == 0};
      const Problem problem = *generate(options);
      const Result<Evaluation> evaluation = evaluate(problem, random_solution(problem, random, 64));
      EXPECT_TRUE(evaluation.ok()) << family.name << ": " << evaluation.error().to_string();
    }
}

}  // namespace
}  // namespace rondo::fusion
