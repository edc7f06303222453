#include "planner/fusion/search/resolve_window.h"
#include <gtest/gtest.h>
#include <algorithm>
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/moves.h"
#include "random_problem.h"
#include "tests/sweep.h"

namespace rondo::fusion {
namespace {

// Every sequence of groups that runs each operator once, with every choice of what is
// retained; the judge decides what is valid.
class Exhaustive {
 public:
  Exhaustive(const Problem& problem, Oracle& oracle) : problem_(problem), oracle_(oracle) {}
  double least() {
    extend((1u << problem_.operators.size()) - 1, {});
    return least_;
  }

 private:
  void extend(uint32_t left, const std::vector<uint32_t>& entering) {
    if (left == 0) {
      const Result<Evaluation> evaluation = evaluate(problem_, solution_);
      if (evaluation.ok()) least_ = std::min(least_, evaluation->latency);
      return;
    }
    for (uint32_t set = left; set != 0; set = (set - 1) & left) {
      std::vector<uint32_t> operators, made;
      for (uint32_t op = 0; op < problem_.operators.size(); ++op)
        if ((set >> op & 1) != 0) {
          operators.push_back(op);
          made.push_back(oracle_.network().operators[op].output);
        }
      const GroupPointer group = oracle_.group(operators);
      if (!group->demand.possible) continue;
      const uint32_t choices = left == set ? 1 : 1u << made.size();
      for (uint32_t choice = 0; choice < choices; ++choice) {
        std::vector<uint32_t> retained;
        for (size_t i = 0; i < made.size(); ++i)
          if ((choice >> i & 1) != 0) retained.push_back(made[i]);
        const Price& price = oracle_.price(*group, entering, retained);
        if (!price.possible()) continue;
        const Granularity& g = price.granularity;
        Subgraph subgraph;
        for (const uint32_t op : operators) subgraph.operators.push_back(oracle_.network().original[op]);
        subgraph.w = g.w, subgraph.h = g.h, subgraph.k = g.k, subgraph.retained = retained;
        subgraph.order = traversal_order(g.traversal, (group->demand.grid_height + g.h - 1) / g.h,
                                         (group->demand.grid_width + g.w - 1) / g.w);
        solution_.subgraphs.push_back(std::move(subgraph));
        extend(left & ~set, retained);
        solution_.subgraphs.pop_back();
      }
    }
  }

  const Problem& problem_;
  Oracle& oracle_;
  Solution solution_;
  double least_ = 1e300;
};

TEST(ResolveWindow, OfAWholeGraphFindsWhatAnExhaustiveSearchFinds) {
  uint64_t better_than_singletons = 0, retaining = 0;
  for (uint64_t seed = 0; seed < testing::swept(160, 4); ++seed) {
    const Problem problem = random_problem(seed, 2 + seed % 4);
    const Network net = make_network(problem);
    Oracle oracle(net, {false, true});
    std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
    ASSERT_TRUE(arrangement.has_value());
    const double before = arrangement->latency();
    uint64_t work = 0;
    const WindowResult result = resolve_window(*arrangement, oracle, 0, arrangement->order().size(), {}, work);
    EXPECT_NE(result, WindowResult::kGaveUp);
    const Solution solution = solution_of(*arrangement, oracle);
    const Result<Evaluation> evaluation = evaluate(problem, solution);
    ASSERT_TRUE(evaluation.ok()) << evaluation.error().message;
    // Lower where an operator is run twice, which the exhaustive search does not try.
    EXPECT_LE(evaluation->latency, Exhaustive(problem, oracle).least() * (1 + 1e-12)) << "seed " << seed;
    better_than_singletons += arrangement->latency() < before;
    for (const Subgraph& subgraph : solution.subgraphs) retaining += !subgraph.retained.empty();
  }
  EXPECT_GT(better_than_singletons, testing::swept(20, 4));
  EXPECT_GT(retaining, testing::swept(5, 4));
}

TEST(ResolveWindow, LeavesAValidArrangementThatIsNoWorse) {
  int improved = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Problem problem = random_problem(seed, 24);
    const Network net = make_network(problem);
    Oracle oracle(net, {false, true});
    std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
    ASSERT_TRUE(arrangement.has_value());
    Random random(seed);
    WindowLimits limits;
    limits.operators = 10;
    limits.steps = 2'000;
    for (int tries = 0; tries < 20; ++tries) {
      arrangement->reorder(random);
      const size_t chains = arrangement->order().size(), wide = std::min<size_t>(chains, 2 + random.below(4));
      const size_t first = random.below(static_cast<uint32_t>(chains - wide + 1));
      const double before = arrangement->latency();
      uint64_t work = 0;
      improved += resolve_window(*arrangement, oracle, first, first + wide, limits, work) == WindowResult::kImproved;
      EXPECT_LE(arrangement->latency(), before);
      EXPECT_LE(work, 3 * limits.steps);
      const Result<Evaluation> evaluation = evaluate(problem, solution_of(*arrangement, oracle));
      ASSERT_TRUE(evaluation.ok()) << "seed " << seed << ": " << evaluation.error().message;
      arrangement->resum();
      ASSERT_NEAR(evaluation->latency, arrangement->latency(), 1e-12 * evaluation->latency);
    }
  }
  EXPECT_GT(improved, 100);
}

// Used up in one group and wanted by another: made twice, for that is cheaper than stored.
TEST(ResolveWindow, RecomputesWhatItUsedUp) {
  // p = f(a); q = g(p, x @ y); r = g(p, u @ v). Two reductions of different length never
  // share a group, and to load a twice is cheaper than to store p and load it twice.
  Problem problem;
  problem.native = 8, problem.capacity = 400, problem.bandwidth = 1;
  for (int i = 0; i < 2; ++i) problem.tensors.push_back({32, 32});
  problem.operators.push_back({OperatorType::kPointwise, {0}, 1, 1});
  for (uint32_t i = 0; i < 2; ++i) {  // two MatMuls whose reductions differ: never in one group
    problem.tensors.push_back({i == 0 ? 16 : 8, 32});
    const auto right = static_cast<uint32_t>(problem.tensors.size() - 1);
    problem.tensors.push_back({32, 32});
    problem.operators.push_back({OperatorType::kMatMul,
                                 {right, static_cast<uint32_t>(problem.tensors.size())},
                                 static_cast<uint32_t>(problem.tensors.size() - 1),
                                 1});
    problem.tensors.push_back({32, i == 0 ? 16 : 8});
    problem.tensors.push_back({32, 32});
    problem.operators.push_back({OperatorType::kPointwise,
                                 {1, static_cast<uint32_t>(problem.tensors.size() - 3)},
                                 static_cast<uint32_t>(problem.tensors.size() - 1),
                                 1});
  }
  ASSERT_TRUE(finish_problem(problem).ok());
  const Network net = make_network(problem);
  Oracle oracle(net, {false, true});
  std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
  ASSERT_TRUE(arrangement.has_value());
  uint64_t work = 0;
  EXPECT_EQ(resolve_window(*arrangement, oracle, 0, arrangement->order().size(), {}, work), WindowResult::kImproved);
  const Solution solution = solution_of(*arrangement, oracle);
  ASSERT_TRUE(evaluate(problem, solution).ok());
  size_t operators = 0;
  for (const Subgraph& subgraph : solution.subgraphs) operators += subgraph.operators.size();
  EXPECT_EQ(operators, 6u) << "the shared pointwise operator runs in both groups";
}

}  // namespace
}  // namespace rondo::fusion
