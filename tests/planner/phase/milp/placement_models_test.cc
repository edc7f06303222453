// The programmes against what they stand for: every placement of small graphs, realised.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "planner/phase/lifetimes.h"
#include "planner/phase/milp/gate_model.h"
#include "planner/phase/milp/slot_model.h"
#include "planner/phase/milp/solver.h"
#include "planner/phase/realise.h"
#include "planner/phase/windows.h"
#include "tests/planner/phase/milp/random_gate_graphs.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

using milp::SolverKind;

// Calls `visit` with every placement (time of each op) within the windows; false when there are
// more than `limit` combinations to try.
bool for_each_placement(const Windows& windows, uint64_t limit,
                        const std::function<void(const std::vector<uint32_t>&)>& visit) {
  uint64_t combinations = 1;
  for (size_t op = 0; op < windows.low.size(); ++op) combinations *= windows.high[op] - windows.low[op] + 1;
  if (combinations > limit) return false;
  std::vector<uint32_t> times = windows.low;
  for (;;) {
    visit(times);
    size_t op = 0;
    while (op < times.size() && times[op] == windows.high[op]) {
      times[op] = windows.low[op];
      ++op;
    }
    if (op == times.size()) return true;
    ++times[op];
  }
}

std::vector<uint32_t> phases_of(const GateGraph& graph, const std::vector<uint32_t>& halves) {
  std::vector<uint32_t> phases;
  for (size_t op = 0; op < halves.size(); ++op) phases.push_back(phase_of(graph.ops[op].type, halves[op]));
  return phases;
}

double least(const ScheduleModel& model) {
  const milp::SolveOptions options{.round = [&](std::span<const double> point) { return model.round(point); }};
  const Result<milp::SolveResult> result = milp::solve(model.model(), SolverKind::kOwn, options);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().to_string());
  if (!result.ok()) return -1;
  if (result->status == milp::SolveStatus::kInfeasible) return std::numeric_limits<double>::infinity();
  EXPECT_EQ(result->status, milp::SolveStatus::kOptimal);
  EXPECT_TRUE(result->certificate.has_value());
  return result->objective;
}

class EveryMode : public ::testing::TestWithParam<Mode> {};

TEST_P(EveryMode, TheLeastWidthIsThatOfTheBestPlacement) {
  int compared = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    const GateGraph graph = random_gate_graph(seed, 3 + seed % 6, seed % 3 == 2 ? 4 : 1);
    const Result<uint32_t> fewest = least_layers(graph);
    if (!fewest.ok()) continue;  // ties that cannot hold
    const uint32_t layers = *fewest + seed % 2;
    const Result<Windows> known = windows(graph, layers);
    ASSERT_TRUE(known.ok());
    uint32_t best = ~0u;
    if (!for_each_placement(*known, 20000, [&](const std::vector<uint32_t>& halves) {
          const Result<PhaseSchedule> schedule = realise(graph, layers, phases_of(graph, halves), {.mode = GetParam()});
          if (schedule.ok()) best = std::min(best, d_model_of(*schedule));
        })) {
      continue;
    }
    ++compared;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Result<ScheduleModel> model = build_gate_model(graph, {.layers = layers, .mode = GetParam()});
    ASSERT_TRUE(model.ok()) << model.error().to_string();
    ASSERT_TRUE(milp::check_model(model->model()).ok()) << milp::check_model(model->model()).error().message;
    ASSERT_EQ(2 * least(*model), best);
  }
  EXPECT_GT(compared, 60);
}

TEST_P(EveryMode, ThePointOfAPlacementHasItsWidth) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const GateGraph graph = random_gate_graph(seed, 8);
    const Result<uint32_t> fewest = least_layers(graph);
    if (!fewest.ok()) continue;
    const Result<Windows> known = windows(graph, *fewest + 1);
    for (const std::vector<uint32_t>& halves : {known->low, known->high}) {
      const Result<PhaseSchedule> schedule =
          realise(graph, *fewest + 1, phases_of(graph, halves), {.mode = GetParam()});
      ASSERT_TRUE(schedule.ok());
      const Result<ScheduleModel> model = build_gate_model(graph, {.layers = *fewest + 1, .mode = GetParam()});
      const std::optional<std::vector<double>> point = model->point_of(halves);
      ASSERT_TRUE(point.has_value());
      EXPECT_EQ(2 * (*point)[0], d_model_of(*schedule));
      EXPECT_EQ(model->times_of(*point), halves);
    }
  }
}

// The average of one layer and that of the next take turns in a slot: cleared by the half-layer
// that reads the first, it is clean before the one that makes the second.
//
//   half-layer   0          1          2          3
//   slot 4       x          gated ---> gated      again
//   slot 5       seen ----> seen       seen_again seen_again
TEST(GateModel, GivesASlotToTwoAveragesInTurn) {
  const GateGraph graph = parsed(two_averages_text());
  const std::vector<uint32_t> halves = {0, 1, 2, 3};
  const PhaseSchedule schedule = *realise(graph, 2, phases_of(graph, halves), {.mode = Mode::kMixed});
  EXPECT_EQ(schedule.slot_of_dim, (std::vector<int32_t>{3, 0, 1, 2, 4, 5, 4, 5, 4}));
  for (const bool lazy : {false, true}) {
    GateModelOptions options{.layers = 2, .mode = Mode::kMixed};
    if (lazy) options.given_columns = 6, options.lazy = true;
    const ScheduleModel model = *build_gate_model(graph, options);
    // Its width, or its neurons within six columns.
    EXPECT_EQ(
        least(model),
        lazy ? realise(graph, 2, phases_of(graph, halves), {.mode = Mode::kMixed, .lazy = true, .columns = 6})->d_ffn
             : 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, EveryMode, ::testing::Values(Mode::kDelayed, Mode::kFused, Mode::kMixed),
                         [](const auto& it) { return std::string(name_of(it.param)); });

TEST(GateModel, TheFewestNeuronsAreThoseOfTheBestLazyPlacement) {
  int compared = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const GateGraph graph = random_gate_graph(seed, 3 + seed % 4);
    const Result<uint32_t> layers = least_layers(graph);
    if (!layers.ok()) continue;
    const Result<Windows> known = windows(graph, *layers);
    for (const Mode mode : {Mode::kDelayed, Mode::kFused, Mode::kMixed}) {
      const uint32_t columns = 4 + 2 * (seed % 4);
      uint32_t best = ~0u;
      if (!for_each_placement(*known, 2000, [&](const std::vector<uint32_t>& halves) {
            const Result<PhaseSchedule> schedule =
                realise(graph, *layers, phases_of(graph, halves), {.mode = mode, .lazy = true, .columns = columns});
            if (schedule.ok()) best = std::min(best, schedule->d_ffn);
          })) {
        continue;
      }
      SCOPED_TRACE("seed " + std::to_string(seed) + " " + name_of(mode));
      const Result<ScheduleModel> model =
          build_gate_model(graph, {.layers = *layers, .mode = mode, .given_columns = columns, .lazy = true});
      ASSERT_TRUE(model.ok());
      const double found = least(*model);
      ++compared;
      if (best == ~0u) {
        EXPECT_EQ(found, std::numeric_limits<double>::infinity());
      } else {
        EXPECT_EQ(found, best);
      }
    }
  }
  EXPECT_GT(compared, 40);
}

TEST(SlotModel, TheLeastWidthIsThatOfTheBestPlacement) {
  int compared = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    const SlotGraph graph = random_slot_graph(seed, 4 + seed % 6);
    const uint32_t layers = std::max(1u, least_layers(graph)) + seed % 2;
    const Result<Windows> known = windows(graph, layers);
    ASSERT_TRUE(known.ok());
    Windows fixed = *known;
    for (size_t gate = 0; gate < graph.gates.size(); ++gate) {
      if (graph.gates[gate].type == GateType::kWrite) fixed.low[gate] = fixed.high[gate];
    }
    uint32_t best = ~0u;
    if (!for_each_placement(fixed, 60000, [&](const std::vector<uint32_t>& phases) {
          const Result<PhaseSchedule> schedule = realise(graph, layers, phases);
          if (schedule.ok()) best = std::min(best, schedule->width);
        })) {
      continue;
    }
    ++compared;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Result<ScheduleModel> model = build_slot_model(graph, layers);
    ASSERT_TRUE(model.ok());
    ASSERT_EQ(least(*model), best);
  }
  EXPECT_GT(compared, 40);
}

TEST(GateModel, RefusesTooFewLayersAndTheOtherMachine) {
  const GateGraph graph = parsed(chain_text());
  EXPECT_EQ(build_gate_model(graph, {.layers = 1}).error().code, ErrorCode::kDoesNotFit);
  EXPECT_EQ(build_gate_model(graph, {.layers = 2, .mode = Mode::kStrict}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(build_gate_model(graph, {.layers = 100'000'000}).error().code, ErrorCode::kTooComplex);
  EXPECT_EQ(build_gate_model(GateGraph(), {.layers = 100'000'000}).error().code, ErrorCode::kTooComplex);
  EXPECT_EQ(build_slot_model(SlotGraph(), 100'000'000).error().code, ErrorCode::kTooComplex);
  EXPECT_FALSE(build_gate_model(graph, {.layers = 2})->point_of(std::vector<uint32_t>{9, 9, 9, 9}).has_value());
  EXPECT_FALSE(build_gate_model(graph, {.layers = 2})->point_of({}).has_value());
}

TEST(GateModel, IsTheSameTextEveryTime) {
  const GateGraph graph = parsed(chain_text());
  const std::string text = milp::print_mps(build_gate_model(graph, {.layers = 3})->model());
  EXPECT_EQ(milp::print_mps(build_gate_model(graph, {.layers = 3})->model()), text);
  EXPECT_NE(text.find("y1_1"), std::string::npos);
}

}  // namespace
}  // namespace rondo::phase
