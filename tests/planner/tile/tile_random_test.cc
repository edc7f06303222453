// Random graphs of every operator under every option: whatever comes out is
// proven, or says truthfully that it does not fit.
#include <gtest/gtest.h>
#include <random>
#include "rondo/plan.h"
#include "rondo/verify.h"
#include "tests/planner/tile/tile_graphs.h"
#include "tests/sweep.h"
#include "tests/whole/random_graph.h"

namespace rondo {
namespace {

struct Draw {
  std::mt19937_64 random;

  explicit Draw(uint64_t seed) : random(seed) {}
  template <class T>
  T of(std::initializer_list<T> choices) {
    return choices.begin()[random() % choices.size()];
  }
};

PlanOptions draw_options(Draw& draw) {
  PlanOptions options;
  options.staging = Staging::kStaged;
  options.policy = draw.of({PlacementPolicy::kDefault, PlacementPolicy::kDefault, PlacementPolicy::kLru});
  options.tile = draw.of({7u, 8u, 16u, 17u, 32u, 32u, 48u, 128u});
  options.fuse = draw.of({true, false});
  options.chain = draw.of({true, true, false});
  options.depth = draw.of({1u, 2u, 2u, 3u, 5u});
  options.hoist = draw.of({0u, 1u, 4u, 8u, 100u});
  return options;
}

Machine draw_machine(Draw& draw) {
  Machine machine = testing::engine_machine(uint64_t{1} << 22, draw.of({0u, 1u, 1u}), draw.of({0u, 1u}));
  machine.copy_in_flight = draw.of({1u, 1u, 2u, 4u});
  machine.direct_operands = draw.of({false, false, true});  // what does not fit may stay where it lies
  if (draw.of({true, false})) machine.costs.clear();
  if (draw.of({true, false}))
    machine.costs = {{"copy", 10, 0, 0.25}, {"matmul", 20, 0.01, 0}, {"softmax", 5, 0.5, 0.1}, {"add", 1, 0, 0.125}};
  return machine;
}

std::string describe(const PlanOptions& options, const Machine& machine) {
  return "tile " + std::to_string(options.tile) + ", scratch " + std::to_string(options.scratch_bytes) + ", depth " +
         std::to_string(options.depth) + ", hoist " + std::to_string(options.hoist) + (options.fuse ? ", fuse" : "") +
         (options.chain ? ", chain" : "") + (options.policy == PlacementPolicy::kLru ? ", lru" : "") + ", engines " +
         std::to_string(machine.copy_in_engines) + "+" + std::to_string(machine.copy_out_engines) + " x " +
         std::to_string(machine.copy_in_flight);
}

// "needs at least 12,288 bytes of scratch" -> 12288; 0 if there is no such phrase.
uint64_t least_bytes(const std::string& message) {
  const std::string phrase = "needs at least ";
  size_t at = message.find(phrase);
  if (at == std::string::npos) return 0;
  uint64_t bytes = 0;
  for (at += phrase.size(); at < message.size() && (message[at] == ',' || (message[at] >= '0' && message[at] <= '9'));
       ++at)
    if (message[at] != ',') bytes = bytes * 10 + static_cast<uint64_t>(message[at] - '0');
  return bytes;
}

void expect_proven(const Plan& plan, const std::string& how) {
  const Verification checked = verify(plan.schedule);
  EXPECT_TRUE(checked.report.faithful()) << how << ": " << checked.report.summary();
  for (const Finding& finding : checked.report.findings)
    ADD_FAILURE() << how << ": " << finding.rule << " " << finding.message;
  for (const LowerBound& bound : plan.summary.bounds)
    EXPECT_LE(bound.value, bound.achieved * (1 + 1e-12) + 1e-9) << how << ": " << bound.what;
  EXPECT_EQ(plan.summary.live_at_end_bytes, 0u) << how;
}

TEST(StagedPlans, OfRandomGraphsAreFaithfulFromTheLeastScratchToPlenty) {
  uint64_t proven = 0, refused = 0, unavailable = 0;
  for (uint64_t seed = 0; seed < testing::swept(300, 8); ++seed) {
    const Graph graph = testing::random_graph(seed, {.operators = 6, .extent = 49});
    Draw draw(seed);
    for (int variant = 0; variant < 2; ++variant) {
      PlanOptions options = draw_options(draw);
      const Machine machine = draw_machine(draw);
      // Nothing fits in 64 bytes but the smallest tiles: the error says what does.
      options.scratch_bytes = 64;
      auto plan = plan_tiles(graph, machine, options);
      if (!plan.ok() && plan.error().code == ErrorCode::kUnavailable) {
        ++unavailable;  // a table chooses rows of a state to write
        ASSERT_NE(plan.error().message.find("reach scratch only"), std::string::npos) << plan.error().message;
        continue;
      }
      uint64_t least = 64;
      if (!plan.ok()) {
        ++refused;
        ASSERT_EQ(plan.error().code, ErrorCode::kDoesNotFit) << plan.error().message;
        if (options.policy == PlacementPolicy::kLru) continue;  // it promises nothing at the least
        const std::string refusal = plan.error().message;
        least = least_bytes(refusal);
        ASSERT_NE(least, 0u) << plan.error().message;
        options.scratch_bytes = least - 64;
        EXPECT_FALSE(plan_tiles(graph, machine, options).ok())
            << "seed " << seed << " fits in less than the least: " << describe(options, machine) << ": " << refusal;
      }
      for (const uint64_t bytes : {least, least + 64 * (draw.random() % 40), least * 3, uint64_t{1} << 21}) {
        options.scratch_bytes = std::min(bytes, uint64_t{1} << 22);
        const std::string how = "seed " + std::to_string(seed) + ": " + describe(options, machine);
        plan = plan_tiles(graph, machine, options);
        ASSERT_TRUE(plan.ok()) << how << ": " << plan.error().message;
        expect_proven(*plan, how);
        ++proven;
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(proven, testing::swept(1400, 16));
  EXPECT_GT(refused, testing::swept(100, 16));
  EXPECT_LT(unavailable, 80u);
}

TEST(StagedPlans, AreTheSameBytesForTheSameInput) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Graph graph = testing::random_graph(seed);
    const Machine machine = testing::engine_machine(1 << 20);
    PlanOptions options;
    options.scratch_bytes = 1 << 18;
    const auto once = plan_tiles(graph, machine, options), again = plan_tiles(graph, machine, options);
    ASSERT_TRUE(once.ok() && again.ok());
    EXPECT_EQ(once->schedule.names, again->schedule.names);
    EXPECT_TRUE(once->schedule.ops == again->schedule.ops);
    EXPECT_TRUE(once->schedule.operands == again->schedule.operands);
    EXPECT_TRUE(once->schedule.labels == again->schedule.labels);
  }
}

}  // namespace
}  // namespace rondo
