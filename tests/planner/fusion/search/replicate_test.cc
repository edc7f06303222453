#include "planner/fusion/search/replicate.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <numeric>
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/moves.h"

namespace rondo::fusion {
namespace {

// `heads` times MatMul, Pointwise, MatMul on one input, then a sum of all; the operators
// listed in an order drawn from `seed` (0: block by block).
Problem heads_problem(uint32_t heads, uint64_t seed) {
  Problem problem;
  problem.native = 16, problem.capacity = 6'000, problem.bandwidth = 4;
  const auto tensor = [&](int64_t width, int64_t height) {
    problem.tensors.push_back({width, height});
    return static_cast<uint32_t>(problem.tensors.size() - 1);
  };
  const uint32_t input = tensor(32, 64);
  uint32_t sum = 0;
  for (uint32_t head = 0; head < heads; ++head) {
    const uint32_t up = tensor(64, 32), wide = tensor(64, 64), active = tensor(64, 64), down = tensor(32, 64),
                   out = tensor(32, 64);
    problem.operators.push_back({OperatorType::kMatMul, {input, up}, wide, 50});
    problem.operators.push_back({OperatorType::kPointwise, {wide}, active, 10});
    problem.operators.push_back({OperatorType::kMatMul, {active, down}, out, 50});
    if (head == 0) {
      sum = out;
    } else {
      const uint32_t next = tensor(32, 64);
      problem.operators.push_back({OperatorType::kPointwise, {sum, out}, next, 5});
      sum = next;
    }
  }
  Random random(seed);
  if (seed != 0)
    for (size_t at = problem.operators.size(); at > 1; --at)
      std::swap(problem.operators[at - 1], problem.operators[random.below(static_cast<uint32_t>(at))]);
  const Status finished = finish_problem(problem);
  EXPECT_TRUE(finished.ok()) << (finished.ok() ? "" : finished.error().to_string());
  return problem;
}

TEST(Replicate, GivesEveryBlockWhatOneHas) {
  for (const uint64_t seed : {0, 1, 2, 3}) {
    const Problem problem = heads_problem(6, seed);
    const Network net = make_network(problem);
    Oracle oracle(net, {false, true});
    std::optional<Arrangement> arrangement = Arrangement::singletons(oracle, nullptr);
    ASSERT_TRUE(arrangement.has_value());
    // The pointwise operator of one head joins the product before it, or finds its result
    // in fast memory.
    uint32_t pointwise = 0;
    for (uint32_t op = 0; op < net.operators.size(); ++op)
      if (!net.operators[op].matmul && net.operators[op].inputs.size() == 1) pointwise = op;
    const uint32_t product = net.producer[net.operators[pointwise].inputs[0]];
    Random random(1);
    Moves moves(oracle, random);
    const uint32_t slot_before = arrangement->holders(product)[0], slot_after = arrangement->holders(pointwise)[0];
    Edit edit;
    if (seed % 2 == 0) {
      edit = moves.merge(*arrangement, slot_before, 0, slot_after, 0, false);
    } else {
      ASSERT_TRUE(
          moves.retain(*arrangement, slot_before, 0, slot_after, 0, net.operators[product].output, false, edit));
    }
    std::vector<Chain> chains;
    Arrangement::Gain gain;
    ASSERT_TRUE(arrangement->prepare(oracle, edit, chains, gain));
    ASSERT_GT(gain.latency, 0);
    ASSERT_TRUE(arrangement->apply(edit, std::move(chains)));
    const double before = arrangement->latency();

    const uint32_t slot = arrangement->holders(product)[0];
    const auto place = static_cast<size_t>(std::find(arrangement->order().begin(), arrangement->order().end(), slot) -
                                           arrangement->order().begin());
    const Replicator replicator(net);
    ASSERT_TRUE(replicator.useful());
    uint64_t work = 0;
    EXPECT_EQ(replicator.replicate(*arrangement, oracle, place, place + 1, work), 5u) << "seed " << seed;
    EXPECT_NEAR(arrangement->latency(), before - 5 * gain.latency, 1e-9 * before);
    const Result<Evaluation> evaluation = evaluate(problem, solution_of(*arrangement, oracle));
    ASSERT_TRUE(evaluation.ok()) << evaluation.error().message;
    EXPECT_NEAR(evaluation->latency, arrangement->latency(), 1e-9 * before);
  }
}

TEST(Replicate, FindsNothingWhereNothingIsAlike) {
  Problem problem = heads_problem(1, 0);
  const Network net = make_network(problem);
  EXPECT_FALSE(Replicator(net).useful());
}

}  // namespace
}  // namespace rondo::fusion
