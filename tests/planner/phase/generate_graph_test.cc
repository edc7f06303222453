#include "planner/phase/generate_graph.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "planner/phase/lifetimes.h"
#include "planner/phase/placements.h"
#include "planner/phase/realise.h"
#include "planner/phase/search.h"
#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

GateGraph generated(std::string_view profile, uint32_t steps = 66, uint64_t seed = 0) {
  return std::get<GateGraph>(*generate_graph(profile, steps, seed));
}

// Ops of each half-layer when all run as early as they can: lookups or ReGLU, persists.
std::vector<std::pair<int, int>> profile_of(const GateGraph& graph) {
  const uint32_t layers = *least_layers(graph);
  std::vector<std::pair<int, int>> halves(2 * layers);
  const Windows early = *windows(graph, layers);
  for (uint32_t op = 0; op < graph.ops.size(); ++op)
    ++(graph.ops[op].type == OpType::kPersist ? halves[early.low[op]].second : halves[early.low[op]].first);
  return halves;
}

TEST(GeneratedGraphs, HaveTheStatisticsOfThePublishedInterpreter) {
  const GateGraph graph = generated("universal-1");
  EXPECT_EQ(*least_layers(graph), 7U);
  EXPECT_EQ(graph.ops.size(), 159U);
  EXPECT_EQ(graph.dims.size(), 186U);
  EXPECT_EQ(graph.inputs, 18U);
  EXPECT_EQ(graph.outputs.size(), 22U);
  EXPECT_EQ(graph.colocations.size(), 3U);
  EXPECT_EQ(profile_of(graph), (std::vector<std::pair<int, int>>{{5, 3},
                                                                 {11, 5},
                                                                 {1, 0},
                                                                 {3, 0},
                                                                 {6, 1},
                                                                 {27, 7},
                                                                 {5, 1},
                                                                 {16, 6},
                                                                 {4, 0},
                                                                 {28, 6},
                                                                 {0, 0},
                                                                 {17, 3},
                                                                 {0, 0},
                                                                 {3, 1}}));
}

TEST(GeneratedGraphs, HaveTheirDepthWhateverTheSeed) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(*least_layers(generated("universal-1", 0, seed)), 7U) << seed;
    EXPECT_EQ(*least_layers(generated("bitops-1", 0, seed)), 10U) << seed;
    EXPECT_EQ(*least_layers(generated("specialised-1", 66, seed)), 8U) << seed;
    EXPECT_EQ(least_layers(std::get<SlotGraph>(*generate_graph("window-1", 0, seed))), 6U) << seed;
  }
}

TEST(GeneratedGraphs, GrowByTwoNeuronsForEachStepOfAProgram) {
  EXPECT_EQ(generated("specialised-1", 67).ops.size(), generated("specialised-1", 66).ops.size() + 2);
  EXPECT_EQ(generated("specialised-1", 1000).ops.size(), generated("specialised-1", 66).ops.size() + 2 * 934);
}

TEST(GeneratedGraphs, AreTheSameForTheSameSeedAndReadBack) {
  for (const GraphProfile& profile : graph_profiles()) {
    const AnyGraph graph = *generate_graph(profile.name, 10, 3);
    const auto printed = [](const AnyGraph& any) {
      return std::holds_alternative<GateGraph>(any) ? print_gate_graph(std::get<GateGraph>(any))
                                                    : print_slot_graph(std::get<SlotGraph>(any));
    };
    const std::string text = printed(graph);
    EXPECT_EQ(printed(*generate_graph(profile.name, 10, 3)), text) << profile.name;
    EXPECT_NE(printed(*generate_graph(profile.name, 10, 4)), text) << profile.name;
    Result<AnyGraph> again = parse_graph(text, "g.json");
    ASSERT_TRUE(again.ok()) << again.error().to_string();
    EXPECT_EQ(printed(*again), text) << profile.name;
  }
}

TEST(GeneratedGraphs, SayWhichProfilesThereAre) {
  EXPECT_EQ(generate_graph("universal-9", 0, 0).error().message,
            "there is no profile 'universal-9'; there are universal-1, bitops-1, specialised-1, window-1");
  EXPECT_EQ(generate_graph("specialised-1", 1, 0).error().message,
            "profile specialised-1 wants 2 to 100000 steps; there are 1");
}

// Whatever the rules and the search make of many graphs must be a schedule, and the modes
// must keep their order: fused is never wider than mixed, mixed never than delayed.
TEST(GeneratedGraphs, AreScheduledByEveryRule) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const GateGraph graph = generated("universal-1", 0, seed);
    for (uint32_t layers : {7U, 9U}) {
      const Windows windows = *phase::windows(graph, layers);
      for (const std::vector<uint32_t>& phases :
           {place_earliest(graph, windows), place_latest(graph, windows), place_greedy(graph, windows)}) {
        ASSERT_TRUE(check_placement(graph, layers, phases).ok())
            << check_placement(graph, layers, phases).error().message;
        uint32_t last = 0;
        for (Mode mode : {Mode::kFused, Mode::kMixed, Mode::kDelayed}) {
          const PhaseSchedule eager = *realise(graph, layers, phases, {mode});
          EXPECT_GE(eager.width, last);
          last = eager.width;
          EXPECT_LE(eager.width, slots_without_reuse(graph, phases));
          const PhaseSchedule lazy = *realise(graph, layers, phases, {mode, true, d_model_of(eager)});
          EXPECT_LE(lazy.d_ffn, eager.d_ffn);
          EXPECT_LE(d_model_of(lazy), d_model_of(eager));
        }
      }
    }
    const SearchResult found = *search(graph, 7, {.mode = Mode::kFused, .moves = 10000});
    EXPECT_LE(d_model_of(found.schedule),
              d_model_of(*realise(graph, 7, place_greedy(graph, *windows(graph, 7)), {Mode::kFused})));
    const SlotGraph slots = std::get<SlotGraph>(*generate_graph("window-1", 0, seed));
    const SlotPlacement list = list_schedule(slots), published = published_heuristic(slots);
    const uint32_t list_width = realise(slots, list.layers, list.phase_of_gate)->width;
    EXPECT_LE(realise(slots, published.layers, published.phase_of_gate)->width, list_width);
    EXPECT_LE(search(slots, 6, {.moves = 10000})->schedule.width, list_width);
  }
}

// A hundred thousand steps: rules are near linear, and the search ends with its moves.
TEST(GeneratedGraphs, OfManyStepsAreScheduledInSeconds) {
  const GateGraph graph = generated("specialised-1", 20'000);
  const Windows windows = *phase::windows(graph, 8);
  EXPECT_TRUE(realise(graph, 8, place_greedy(graph, windows), {Mode::kFused, true}).ok());
  Result<SearchResult> found = search(graph, 8, {.mode = Mode::kFused, .moves = 2000});
  ASSERT_TRUE(found.ok());
  EXPECT_LT(found->schedule.width, 64U);
}

}  // namespace
}  // namespace rondo::phase
