#include "planner/fusion/cost/price.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <numeric>
#include <optional>
#include "planner/fusion/cost/oracle.h"
#include "planner/fusion/cost/random.h"
#include "planner/fusion/evaluate.h"
#include "random_problem.h"
#include "tests/sweep.h"

namespace rondo::fusion {
namespace {

// Every operator alone on tiles of one element, everything stored; then, if asked, the
// producer of `entering` again, retaining it; then the group in question.
class Stand {
 public:
  explicit Stand(const Problem& problem) : problem_(problem), net_(make_network(problem)) {
    for (const uint32_t op : net_.original) before_.subgraphs.push_back({{op}, 1, 1, 1, {}, {}});
  }

  std::optional<SubgraphCost> judged(const std::vector<uint32_t>& group, int entering,
                                     const std::vector<uint32_t>& retained, const Granularity& g, bool divisible,
                                     const std::vector<uint32_t>& order = {}) const {
    Solution solution = before_;
    if (entering >= 0) {
      const uint32_t producer = static_cast<uint32_t>(problem_.producer[static_cast<size_t>(entering)]);
      solution.subgraphs.push_back({{producer}, 1, 1, 1, {static_cast<uint32_t>(entering)}, {}});
    }
    Subgraph last;
    for (const uint32_t op : group) last.operators.push_back(net_.original[op]);
    last.w = g.w, last.h = g.h, last.k = g.k, last.retained = retained;
    const uint32_t out = grid_of(last);
    last.order = traversal_order(g.traversal, (problem_.tensors[out].height + g.h - 1) / g.h,
                                 (problem_.tensors[out].width + g.w - 1) / g.w);
    if (!order.empty()) last.order = order;
    solution.subgraphs.push_back(last);
    const Result<Evaluation> evaluation = evaluate(problem_, solution, {divisible});
    if (evaluation.ok()) return evaluation->subgraphs.back();
    // The steps before must not be what fails.
    EXPECT_NE(evaluation.error().message.find("subgraph " + std::to_string(solution.subgraphs.size() - 1)),
              std::string::npos)
        << evaluation.error().message;
    return std::nullopt;
  }

  const Network& net() const { return net_; }

 private:
  uint32_t grid_of(const Subgraph& subgraph) const {  // some boundary output
    for (const uint32_t op : subgraph.operators) {
      const uint32_t out = problem_.operators[op].output;
      const bool used = std::any_of(subgraph.operators.begin(), subgraph.operators.end(), [&](uint32_t other) {
        const std::vector<uint32_t>& inputs = problem_.operators[other].inputs;
        return std::find(inputs.begin(), inputs.end(), out) != inputs.end();
      });
      if (!used) return out;
    }
    return 0;
  }

  const Problem& problem_;
  const Network net_;
  Solution before_;
};

// A connected set grown from a random operator.
std::vector<uint32_t> random_group(const Network& net, Random& random) {
  std::vector<uint32_t> group{random.below(static_cast<uint32_t>(net.operators.size()))};
  const uint32_t size = 1 + random.below(5);
  for (uint32_t tries = 0; group.size() < size && tries < 20; ++tries) {
    const NetworkOperator& op = net.operators[group[random.below(static_cast<uint32_t>(group.size()))]];
    std::vector<uint32_t> next;
    for (const uint32_t tensor : op.inputs) {
      if (net.producer[tensor] != Network::kGraphInput) next.push_back(net.producer[tensor]);
      next.insert(next.end(), net.consumers[tensor].begin(), net.consumers[tensor].end());
    }
    next.insert(next.end(), net.consumers[op.output].begin(), net.consumers[op.output].end());
    if (next.empty()) break;
    group.push_back(next[random.below(static_cast<uint32_t>(next.size()))]);
    std::sort(group.begin(), group.end());
    group.erase(std::unique(group.begin(), group.end()), group.end());
  }
  return group;
}

Traversal any_traversal(Random& random) {
  if (random.below(4) == 0) return Traversal::kRaster;
  const Traversal ways = static_cast<Traversal>(4 * random.below(8));
  return (random.below(2) == 0 ? Traversal::kRowSnake : Traversal::kColumnSnake) | ways;
}

struct Case {
  std::vector<uint32_t> group;
  int entering = -1;
  std::vector<uint32_t> retained;
  Residency residency;
};

Case random_case(const Network& net, Random& random) {
  Case one{random_group(net, random), -1, {}, {}};
  const Demand demand = find_demand(net, one.group);
  std::vector<uint32_t> entering;
  if (random.below(3) == 0 && !demand.inputs.empty()) {
    const uint32_t tensor = demand.inputs[random.below(static_cast<uint32_t>(demand.inputs.size()))];
    if (net.producer[tensor] != Network::kGraphInput && 2 * net.size[tensor] < net.capacity) {
      one.entering = static_cast<int>(tensor);
      entering.push_back(tensor);
    }
  }
  if (random.below(3) == 0)
    one.retained.push_back(net.operators[one.group[random.below(static_cast<uint32_t>(one.group.size()))]].output);
  EXPECT_TRUE(Oracle::residency_of(net, demand, entering, one.retained, one.residency));
  return one;
}

TEST(Price, IsWhatTheJudgeSaysAtEveryGranularityAndRefusesWhatItRefuses) {
  uint64_t good = 0, bad = 0, inner = 0;
  for (uint64_t seed = 0; seed < testing::swept(400); ++seed) {
    const Problem problem = random_problem(seed, 2 + seed % 9);
    const Stand stand(problem);
    Random random(seed + 1000);
    for (int draw = 0; draw < 25; ++draw) {
      const Case one = random_case(stand.net(), random);
      const Demand demand = find_demand(stand.net(), one.group);
      const auto native = static_cast<uint32_t>(problem.native);
      const auto extent = [&] {
        return static_cast<int64_t>(random.below(3) == 0 ? native : 1 + random.below(native + 1));
      };
      const Granularity g{extent(), extent(), extent(), any_traversal(random)};
      const bool divisible = random.below(8) == 0;
      const Price price = price_at(stand.net(), demand, one.residency, g, divisible);
      const std::optional<SubgraphCost> judged = stand.judged(one.group, one.entering, one.retained, g, divisible);
      ASSERT_EQ(price.possible(), judged.has_value()) << "seed " << seed << " draw " << draw;
      if (judged) {
        ASSERT_NEAR(price.latency, judged->latency, 1e-12 * judged->latency) << "seed " << seed << " draw " << draw;
        ASSERT_NEAR(price.traffic, judged->memory, 1e-12 * judged->memory) << "seed " << seed << " draw " << draw;
      }
      (judged ? good : bad) += 1;
      if (judged && demand.accumulators + demand.inner.size() > 0) ++inner;
    }
  }
  EXPECT_GT(good, testing::swept(1500));
  EXPECT_GT(bad, testing::swept(1500));
  EXPECT_GT(inner, testing::swept(300)) << "the draws must reach groups with ephemeral tensors";
}

TEST(Price, OfAGroupIsTheLeastOverAllGranularities) {
  int compared = 0, equal = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    const Problem problem = random_problem(seed, 2 + seed % 7);
    const Network net = make_network(problem);
    Random random(seed + 77);
    for (int draw = 0; draw < 2; ++draw) {
      const Case one = random_case(net, random);
      const Demand demand = find_demand(net, one.group);
      if (!demand.possible) continue;
      const bool divisible = random.below(4) == 0;
      double least = Price::kImpossible;
      for (int64_t w = 1; w <= problem.native; ++w)
        for (int64_t h = 1; h <= problem.native; ++h)
          for (int64_t k = 1; k <= (demand.has_loop ? demand.max_k : 1); ++k)
            for (const Traversal traversal : {Traversal::kRaster, Traversal::kRowSnake, Traversal::kColumnSnake})
              least = std::min(least, price_at(net, demand, one.residency, {w, h, k, traversal}, divisible).latency);
      const Price price = price_group(net, demand, one.residency, {divisible, true});
      ASSERT_EQ(price.possible(), least < Price::kImpossible) << "seed " << seed;
      if (!price.possible()) continue;
      ++compared;
      equal += price.latency <= least * (1 + 1e-12);
      // The k that balances the steps best may be missed, by little.
      EXPECT_LE(price.latency, least * 1.05) << "seed " << seed;
    }
  }
  EXPECT_GT(compared, 100);
  EXPECT_GE(equal, compared * 95 / 100) << "of " << compared;
}

// Against everything: each w, h and k, and of few tiles every order, as the judge prices it.
TEST(Price, IsNeverBelowItsProvenFloorInAnyOrderAtAnyGranularity) {
  int groups = 0, tight = 0, orders = 0, below_the_price = 0;
  for (uint64_t seed = 0; seed < 80; ++seed) {
    Problem problem = random_problem(seed, 2 + seed % 5);
    if (seed % 2 == 0) problem.bandwidth *= 4;  // compute and traffic in balance more often
    const Stand stand(problem);
    Random random(seed + 31);
    const Case one = random_case(stand.net(), random);
    const Demand demand = find_demand(stand.net(), one.group);
    if (!demand.possible) continue;
    const ProvenPrice proven = prove_price(stand.net(), demand, one.residency, {});
    if (!proven.price.possible()) continue;
    ++groups;
    tight += proven.floor >= proven.price.latency * (1 - 1e-12);
    EXPECT_LE(proven.floor, proven.price.latency);
    EXPECT_LE(proven.price.latency, price_group(stand.net(), demand, one.residency, {}).latency);
    double least = Price::kImpossible;
    for (int64_t w = 1; w <= problem.native; ++w)
      for (int64_t h = 1; h <= problem.native; ++h)
        for (int64_t k = 1; k <= (demand.has_loop ? demand.max_k : 1); ++k)
          for (const Traversal traversal : {Traversal::kRaster, Traversal::kRowSnake, Traversal::kColumnSnake})
            least = std::min(least, price_at(stand.net(), demand, one.residency, {w, h, k, traversal}, false).latency);
    ASSERT_GE(least, proven.floor * (1 - 1e-12)) << "seed " << seed;
    below_the_price += least < proven.price.latency * (1 - 1e-12);
    // Few tiles: all of their orders.
    for (int draw = 0; draw < 3; ++draw) {
      const Granularity g{1 + random.below(static_cast<uint32_t>(problem.native)),
                          1 + random.below(static_cast<uint32_t>(problem.native)),
                          1 + random.below(static_cast<uint32_t>(demand.max_k)), Traversal::kRaster};
      const int64_t tiles = ((demand.grid_width + g.w - 1) / g.w) * ((demand.grid_height + g.h - 1) / g.h);
      if (tiles > 6 || !price_at(stand.net(), demand, one.residency, g, false).possible()) continue;
      std::vector<uint32_t> order(static_cast<size_t>(tiles));
      std::iota(order.begin(), order.end(), 0u);
      do {
        const std::optional<SubgraphCost> judged = stand.judged(one.group, one.entering, one.retained, g, false, order);
        ASSERT_TRUE(judged.has_value());
        ASSERT_GE(judged->latency, proven.floor * (1 - 1e-12)) << "seed " << seed;
        ++orders;
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
  EXPECT_GT(groups, 50);
  EXPECT_GE(tight, groups * 8 / 10) << "of " << groups << ": the floors say little";
  EXPECT_EQ(below_the_price, 0) << "of " << groups;
  EXPECT_GT(orders, 1000);
}

TEST(Price, SnakesReuseAStripAtEachTurn) {
  // out[32,32] = x[32,8] @ y[8,32] on tiles of 8 x 8, one k-step: 16 tiles. A raster walk
  // loads each row strip once and the column strips again in every row; a row snake saves
  // one column strip (64 elements) at each of its three turns.
  Problem problem;
  problem.tensors = {{8, 32}, {32, 8}, {32, 32}};
  problem.operators = {{OperatorType::kMatMul, {0, 1}, 2, 1}};
  problem.capacity = 1000, problem.bandwidth = 1, problem.native = 8;
  const Network net = make_network(problem);
  const uint32_t op = 0;
  const Demand demand = find_demand(net, {&op, 1});
  const auto at = [&](Traversal traversal) { return price_at(net, demand, {}, {8, 8, 8, traversal}, false).latency; };
  EXPECT_EQ(at(Traversal::kRaster), 4 * 64 + 16 * 64 + 16 * 64);
  EXPECT_EQ(at(Traversal::kRowSnake), at(Traversal::kRaster) - 3 * 64);
  EXPECT_EQ(at(Traversal::kColumnSnake), at(Traversal::kRowSnake));
}

}  // namespace
}  // namespace rondo::fusion
