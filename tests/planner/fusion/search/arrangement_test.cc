#include "planner/fusion/search/arrangement.h"
#include <gtest/gtest.h>
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/moves.h"
#include "random_problem.h"

namespace rondo::fusion {
namespace {

// A random walk that takes nearly every move: what the search believes of each
// arrangement it meets must be what the judge says of it.
TEST(Arrangement, OfEveryKindIsValidAndCostsWhatTheJudgeSays) {
  uint64_t taken = 0, retaining = 0, recomputing = 0, refused = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    const Problem problem = random_problem(seed, 4 + seed % 14);
    const Network net = make_network(problem);
    Oracle oracle(net, {seed % 5 == 0, true}, 500);  // small, so that it is emptied on the way
    std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
    ASSERT_TRUE(arrangement.has_value());
    Random random(seed);
    Moves moves(oracle, random);
    Edit edit;
    std::vector<Chain> chains;
    for (int step = 0; step < 400; ++step) {
      Arrangement::Gain gain;
      if (!moves.propose(*arrangement, edit) || !arrangement->prepare(oracle, edit, chains, gain)) continue;
      if (gain.latency < -0.3 * arrangement->latency()) continue;
      const double before = arrangement->latency();
      if (!arrangement->apply(edit, std::move(chains))) {
        ++refused;
        EXPECT_EQ(arrangement->latency(), before);
        continue;
      }
      EXPECT_NEAR(arrangement->latency(), before - gain.latency, 1e-9 * before);
      if (++taken % 4 != 0) continue;
      const Solution solution = solution_of(*arrangement, oracle);
      const Result<Evaluation> evaluation = evaluate(problem, solution, {seed % 5 == 0});
      ASSERT_TRUE(evaluation.ok()) << "seed " << seed << " step " << step << ": " << evaluation.error().message;
      arrangement->resum();
      ASSERT_NEAR(arrangement->latency(), evaluation->latency, 1e-12 * evaluation->latency) << "seed " << seed;
      size_t operators = 0;
      for (const Subgraph& subgraph : solution.subgraphs) {
        operators += subgraph.operators.size();
        retaining += !subgraph.retained.empty();
      }
      recomputing += operators > problem.operators.size();
    }
  }
  EXPECT_GT(taken, 4000u);
  EXPECT_GT(retaining, 300u);
  EXPECT_GT(recomputing, 300u);
  EXPECT_GT(refused, 100u);
}

TEST(Arrangement, OfASolutionGivesTheSolutionBack) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Problem problem = random_problem(seed, 12);
    const Network net = make_network(problem);
    Oracle oracle(net, {false, true});
    std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
    ASSERT_TRUE(arrangement.has_value());
    Random random(seed);
    Moves moves(oracle, random);
    Edit edit;
    std::vector<Chain> chains;
    for (int step = 0; step < 300; ++step) {
      Arrangement::Gain gain;
      if (moves.propose(*arrangement, edit) && arrangement->prepare(oracle, edit, chains, gain) && gain.latency > 0)
        arrangement->apply(edit, std::move(chains));
    }
    const Solution solution = solution_of(*arrangement, oracle);
    std::optional<Arrangement> again = arrangement_of(solution, oracle);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(solution_of(*again, oracle), solution);
  }
}

}  // namespace
}  // namespace rondo::fusion
