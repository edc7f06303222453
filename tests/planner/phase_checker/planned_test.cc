// What planner/phase makes, handed over as a file and judged by the checker.
#include <gtest/gtest.h>
#include <filesystem>
#include "planner/phase/load_graph.h"
#include "planner/phase/placements.h"
#include "planner/phase/realise.h"
#include "planner/phase/search.h"
#include "rondo/load.h"
#include "tests/planner/phase_checker/random_phase_case.h"
#include "tests/sweep.h"

namespace rondo::phase_checker {
namespace {

// Prints a planner's schedule, reads it as the checker does, and expects it to be good.
// A width that first-fit made is the least for its phases.
void expect_good(const Graph& graph, const phase::PhaseSchedule& schedule, bool least, const std::string& what) {
  const std::string text = phase::print_certificate(schedule);
  const Result<Certificate> certificate = parse_certificate(text, "planned.json");
  ASSERT_TRUE(certificate.ok()) << what << ": " << certificate.error().to_string();
  CheckOptions options;
  options.seeds = 4;
  const Report report = check(graph, *certificate, options);
  std::string findings;
  for (const Finding& finding : report.findings)
    findings += std::string(text_of(finding.obligation).id) + ": " + finding.message + "\n";
  EXPECT_TRUE(report.good()) << what << '\n' << findings << text;
  if (least) {
    EXPECT_EQ(report.measures.overlap, report.measures.width) << what;
  }
}

void expect_placements_good(const phase::GateGraph& graph, const Graph& judged, uint32_t layers) {
  const Result<phase::Windows> windows = phase::windows(graph, layers);
  ASSERT_TRUE(windows.ok()) << windows.error().to_string();
  const std::pair<const char*, std::vector<uint32_t>> placements[] = {
      {"earliest", phase::place_earliest(graph, *windows)},
      {"latest", phase::place_latest(graph, *windows)},
      {"greedy", phase::place_greedy(graph, *windows)}};
  for (const auto& [name, phases] : placements)
    for (phase::Mode mode : {phase::Mode::kDelayed, phase::Mode::kFused, phase::Mode::kMixed})
      for (bool lazy : {false, true}) {
        const Result<phase::PhaseSchedule> schedule =
            phase::realise(graph, layers, phases, {.mode = mode, .lazy = lazy});
        const std::string what = judged.name + " " + name + " " + phase::name_of(mode) + (lazy ? " lazy" : "");
        ASSERT_TRUE(schedule.ok()) << what << ": " << schedule.error().to_string();
        expect_good(judged, *schedule, !lazy, what);
      }
}

TEST(PlannedPhases, AreGoodForRandomLayeredGraphs) {
  for (uint64_t seed = 0; seed < testing::swept(40, 4) && !HasFailure(); ++seed) {
    const PhaseCase made = random_layered_case(seed, 10 + seed, Mode::kFused, false);
    const Result<phase::GateGraph> graph = phase::parse_gate_graph(made.graph_text, "random.json");
    ASSERT_TRUE(graph.ok()) << graph.error().to_string();
    const Result<uint32_t> least = phase::least_layers(*graph);
    ASSERT_TRUE(least.ok()) << least.error().to_string();
    for (uint32_t layers : {*least, *least + 2}) expect_placements_good(*graph, made.graph, layers);
  }
}

TEST(PlannedPhases, AreGoodForRandomStrictGraphs) {
  for (uint64_t seed = 0; seed < testing::swept(60, 3) && !HasFailure(); ++seed) {
    const PhaseCase made = random_strict_case(seed, 6 + static_cast<uint32_t>(seed));
    const Result<phase::SlotGraph> graph = phase::parse_slot_graph(made.graph_text, "random.json");
    ASSERT_TRUE(graph.ok()) << graph.error().to_string();
    for (const phase::SlotPlacement& placement : {phase::list_schedule(*graph), phase::published_heuristic(*graph)}) {
      const Result<phase::PhaseSchedule> schedule = phase::realise(*graph, placement.layers, placement.phase_of_gate);
      ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
      expect_good(made.graph, *schedule, true, "seed " + std::to_string(seed));
    }
  }
}

TEST(PlannedPhases, AreGoodWhateverTheSearchFinds) {
  for (uint64_t seed = 0; seed < 12 && !HasFailure(); ++seed) {
    const PhaseCase made = random_layered_case(seed, 40, Mode::kFused, false);
    const phase::GateGraph graph = *phase::parse_gate_graph(made.graph_text, "random.json");
    phase::SearchOptions options;
    options.mode = seed % 3 == 0 ? phase::Mode::kDelayed : seed % 3 == 1 ? phase::Mode::kFused : phase::Mode::kMixed;
    options.lazy = seed % 2 == 0;
    options.moves = 20000;
    const Result<phase::SearchResult> found = phase::search(graph, *phase::least_layers(graph) + 1, options);
    ASSERT_TRUE(found.ok()) << found.error().to_string();
    expect_good(made.graph, found->schedule, false, "seed " + std::to_string(seed));
    EXPECT_LE(found->bound, found->schedule.width);
  }
}

TEST(PlannedPhases, AreGoodForTheSharedGraphs) {
  const std::string folder = RONDO_SOURCE_DIR "/../shared/data/phase_graphs/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << ": schedules of its graphs are not checked";
  for (const char* name : {"tvm_universal.json", "tvm_spec_hello.json"}) {
    const Result<phase::AnyGraph> graph = phase::load_graph(folder + name);
    ASSERT_TRUE(graph.ok()) << graph.error().to_string();
    const auto& layered = std::get<phase::GateGraph>(*graph);
    expect_placements_good(layered, *load_graph(folder + name), *phase::least_layers(layered));
  }
  for (const char* name :
       {"psi_running_sum.json", "psi_verb_parity.json", "psi_stack_micro.json", "psi_window_interpreter.json"}) {
    const phase::AnyGraph graph = *phase::load_graph(folder + name);
    const auto& strict = std::get<phase::SlotGraph>(graph);
    const phase::SlotPlacement placement = phase::list_schedule(strict);
    expect_good(*load_graph(folder + name), *phase::realise(strict, placement.layers, placement.phase_of_gate), true,
                name);
  }
}

}  // namespace
}  // namespace rondo::phase_checker
