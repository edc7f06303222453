#include "planner/phase/plan_phases.h"

#include <gtest/gtest.h>

#include "planner/phase/costs.h"
#include "planner/phase/generate_graph.h"
#include "planner/phase/windows.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

AnyGraph graph_of(std::string_view profile) { return *generate_graph(profile, 66, 0); }

std::vector<std::string> methods_of(const std::vector<PhasePlan>& plans) {
  std::vector<std::string> names;
  for (const PhasePlan& plan : plans) names.push_back(plan.method);
  return names;
}

TEST(PhaseCosts, FollowTheFormulasOfThePublishedBenchmarks) {
  PhaseSchedule schedule;
  schedule.layers = 7;
  schedule.width = 38;
  schedule.d_ffn = 47;
  // The note of the reference: 225 k flops a token, 147 k parameters.
  EXPECT_EQ(flops_per_token(schedule), 7U * (8 * 38 * 38 + 6 * 47 * 38) + 2U * 915 * 38);
  EXPECT_EQ(flops_per_token(schedule) / 1000, 225U);
  EXPECT_EQ(parameters(schedule) / 1000, 147U);
}

TEST(PlanPhases, TakesTheLeastLayersUnlessTold) {
  const AnyGraph graph = graph_of("universal-1");
  EXPECT_EQ(plan_phases(graph, {.solver = Solver::kNone, .moves = 1000})->schedule.layers, 7U);
  EXPECT_EQ(plan_phases(graph, {.layers = 9, .solver = Solver::kNone, .moves = 1000})->schedule.layers, 9U);
  EXPECT_EQ(plan_phases(graph, {.layers = 6, .solver = Solver::kNone, .moves = 1000}).error().message,
            "layer budget 6 is below the critical path of 'universal-1'; the least is 7");
}

TEST(PlanPhases, ChoosesTheLayersWithTheLeastFlops) {
  const AnyGraph graph = graph_of("universal-1");
  const PlanPhasesOptions options{
      .mode = Mode::kFused, .lazy = true, .objective = Objective::kFlops, .solver = Solver::kNone, .moves = 3000};
  const PhasePlan chosen = *plan_phases(graph, options);
  PlanPhasesOptions least = options;
  least.objective = Objective::kWidth;
  EXPECT_LE(flops_per_token(chosen.schedule), flops_per_token(plan_phases(graph, least)->schedule));
  EXPECT_EQ(plan_phases(graph_of("window-1"), options).error().code, ErrorCode::kInvalidArgument);
}

TEST(PlanPhases, EndsWhenTheCallerSaysSoWithWhatThereIs) {
  uint64_t calls = 0;
  const PhasePlan plan = *plan_phases(
      graph_of("universal-1"), {.solver = Solver::kNone, .moves = 1'000'000'000, .progress = [&](const PhaseProgress&) {
                                  return ++calls == 3;
                                }});
  EXPECT_EQ(calls, 3U);
  EXPECT_GT(plan.schedule.width, plan.bound);
}

TEST(ComparedMethods, AreOrderedFromTheBaselineToTheBest) {
  const std::vector<PhasePlan> plans = *compare_methods(graph_of("universal-1"), {Mode::kDelayed, Mode::kFused},
                                                        {.solver = Solver::kNone, .moves = 20000});
  EXPECT_EQ(methods_of(plans), (std::vector<std::string>{"no-reuse", "asap", "alap", "greedy", "search", "search+lazy",
                                                         "asap", "alap", "greedy", "search", "search+lazy"}));
  EXPECT_EQ(erasures(plans[0].schedule), 0U);
  for (size_t i = 1; i < plans.size(); ++i) EXPECT_LE(plans[i].schedule.width, plans[0].schedule.width);
  EXPECT_LT(columns_of(plans[4].schedule), columns_of(plans[1].schedule));
  EXPECT_LT(columns_of(plans[9].schedule), columns_of(plans[4].schedule));
  EXPECT_LE(plans[10].schedule.d_ffn, plans[9].schedule.d_ffn);
  EXPECT_EQ(status_of(plans[1]), "-");
  EXPECT_EQ(status_of(plans[9]).substr(0, 4), "gap ");
}

TEST(ComparedMethods, OfTheStrictMachineBeginWithThePublishedOnes) {
  const std::vector<PhasePlan> plans =
      *compare_methods(graph_of("window-1"), {}, {.solver = Solver::kNone, .moves = 20000});
  EXPECT_EQ(methods_of(plans), (std::vector<std::string>{"list-schedule", "published-heuristic", "alap", "search"}));
  EXPECT_LE(plans[3].schedule.width, plans[1].schedule.width);
  EXPECT_LT(plans[3].schedule.width, plans[0].schedule.width);
}

TEST(ComparedMethods, OfAGraphWithoutOpsAreTrivial) {
  GateGraph empty;
  empty.dims.resize(4);
  empty.special = {0, 1, 2, 3};
  empty.protected_dims = {1, 2, 3};
  ASSERT_TRUE(finish_graph(empty).ok());
  const std::vector<PhasePlan> plans = *compare_methods(AnyGraph(empty), {Mode::kFused}, {.solver = Solver::kNone});
  for (const PhasePlan& plan : plans) EXPECT_EQ(plan.schedule.width, 4U) << plan.method;
  SlotGraph none;
  ASSERT_TRUE(finish_graph(none).ok());
  const std::vector<PhasePlan> strict = *compare_methods(AnyGraph(none), {}, {.solver = Solver::kNone});
  EXPECT_EQ(strict.back().schedule.width, 0U);
}

TEST(PlanPhases, ProvesTheWidthWithTheOwnSolver) {
  const AnyGraph graph = graph_of("universal-1");
  const PhasePlan plan = *plan_phases(graph, {.mode = Mode::kFused, .moves = 20000, .time_limit_seconds = 30});
  EXPECT_EQ(plan.schedule.proof, Proof::kOptimal);
  EXPECT_EQ(status_of(plan), "optimal");
  EXPECT_EQ(plan.bound, d_model_of(plan.schedule));
  EXPECT_EQ(plan.bound_from, "proof");
  EXPECT_EQ(plan.certificate.substr(0, 14), "rondo-bound 1\n");
}

TEST(PlanPhases, UsesNoMoreLayersThanTheWidthNeeds) {
  const AnyGraph graph = parsed(chain_text());
  PlanPhasesOptions options{.layers = 4, .mode = Mode::kFused, .moves = 2000};
  EXPECT_EQ(plan_phases(graph, options)->schedule.layers, 4U);
  options.fewest_layers = true;
  const PhasePlan plan = *plan_phases(graph, options);
  EXPECT_EQ(plan.schedule.layers, 2U);
  EXPECT_EQ(d_model_of(plan.schedule), 6U);
  EXPECT_EQ(plan.schedule.proof, Proof::kOptimal);
}

TEST(PlanPhases, PrintsTheProgrammeOfTheSolver) {
  Result<std::string> mps = programme_of(graph_of("universal-1"), {.mode = Mode::kFused});
  ASSERT_TRUE(mps.ok());
  EXPECT_NE(mps->find("ROWS"), std::string::npos);
  EXPECT_NE(mps->find("ENDATA"), std::string::npos);
}

}  // namespace
}  // namespace rondo::phase
