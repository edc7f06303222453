// Proofs of the planner, checked without it; and what is no proof.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "planner/phase/load_graph.h"
#include "planner/phase/milp/least_schedule.h"
#include "planner/phase/windows.h"
#include "tests/planner/phase/milp/random_gate_graphs.h"
#include "tests/planner/phase/small_graphs.h"
#include "tests/planner/phase_checker/random_phase_case.h"
#include "tests/sweep.h"

namespace rondo::phase_checker {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

uint64_t averages_of(const Graph& graph) {
  uint64_t count = 0;
  for (const Op& op : graph.ops) count += op.average;
  return count;
}

TEST(PhaseBound, ProofsOfLayeredSchedulesHold) {
  uint32_t proven = 0;
  for (uint64_t seed = 0; seed < 15; ++seed)
    for (phase::Mode mode : {phase::Mode::kDelayed, phase::Mode::kFused, phase::Mode::kMixed}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " " + phase::name_of(mode));
      const PhaseCase made = random_layered_case(seed, 18, Mode::kFused, false);
      const phase::GateGraph graph = *phase::parse_gate_graph(made.graph_text, "random.json");
      const auto least = phase::least_schedule(graph, {.layers = *phase::least_layers(graph) + 1, .mode = mode});
      ASSERT_TRUE(least.ok()) << least.error().to_string();
      if (least->certificate.empty()) continue;
      const Result<ProvenBound> bound = check_bound(made.graph, least->certificate, "proof");
      ASSERT_TRUE(bound.ok()) << bound.error().to_string() << '\n' << least->certificate;
      EXPECT_EQ(bound->columns, least->columns_bound);
      ++proven;

      const Certificate certificate = *parse_certificate(phase::print_certificate(least->schedule), "planned.json");
      CheckOptions options;
      options.seeds = 1;
      options.bound = *bound;
      const Report report = check(made.graph, certificate, options);
      EXPECT_TRUE(report.good());
      EXPECT_EQ(report.proven_optimal, least->schedule.proof == phase::Proof::kOptimal);
    }
  EXPECT_GT(proven, 25u);
}

// All lookups average, so that averages take turns in slots.
TEST(PhaseBound, ProofsOfGraphsWithSeveralAveragesHold) {
  uint32_t proven = 0;
  for (uint64_t seed = 0; seed < testing::swept(80, 2); ++seed) {
    SCOPED_TRACE(seed);
    const phase::GateGraph graph = phase::random_gate_graph(seed, 12, 4);
    const Result<uint32_t> layers = phase::least_layers(graph);
    if (!layers.ok()) continue;  // ties that cannot hold
    const Graph known = *parse_graph(print_gate_graph(graph), "random.json");
    if (averages_of(known) < 2) continue;
    const auto least = phase::least_schedule(graph, {.layers = *layers + 1, .mode = phase::Mode::kMixed});
    ASSERT_TRUE(least.ok()) << least.error().to_string();
    if (least->certificate.empty()) continue;
    const Result<ProvenBound> bound = check_bound(known, least->certificate, "proof");
    ASSERT_TRUE(bound.ok()) << bound.error().to_string() << '\n' << least->certificate;
    EXPECT_EQ(bound->columns, least->columns_bound);
    EXPECT_EQ(bound->columns, d_model_of(least->schedule));
    ++proven;
  }
  EXPECT_GT(proven, testing::swept(8, 2));
}

// One average is cleared in the half-layer before the next is made: six columns, which a
// schedule reaches. A programme that kept a slot for both at once would prove eight.
TEST(PhaseBound, TwoAveragesMayTakeTurnsInASlot) {
  const std::string text = phase::two_averages_text();
  const phase::GateGraph graph = phase::parsed(text);
  const auto least = phase::least_schedule(graph, {.layers = 2, .mode = phase::Mode::kMixed});
  ASSERT_TRUE(least.ok()) << least.error().to_string();
  EXPECT_EQ(d_model_of(least->schedule), 6u);
  EXPECT_EQ(least->schedule.proof, phase::Proof::kOptimal);
  const Graph known = *parse_graph(text, "g.json");
  const Result<ProvenBound> bound = check_bound(known, least->certificate, "proof");
  ASSERT_TRUE(bound.ok()) << bound.error().to_string();
  EXPECT_EQ(bound->columns, 6);
  CheckOptions options;
  options.bound = *bound;
  const Report report = check(known, *parse_certificate(phase::print_certificate(least->schedule), "c.json"), options);
  EXPECT_TRUE(report.good());
  EXPECT_TRUE(report.proven_optimal);
  EXPECT_EQ(report.measures.overlap, 6u);
}

TEST(PhaseBound, ProofsOfStrictSchedulesHold) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    const PhaseCase made = random_strict_case(seed, 22);
    const phase::SlotGraph graph = *phase::parse_slot_graph(made.graph_text, "random.json");
    const auto least = phase::least_schedule(graph, {.layers = phase::least_layers(graph) + 1});
    ASSERT_TRUE(least.ok()) << least.error().to_string();
    if (least->certificate.empty()) continue;
    const Result<ProvenBound> bound = check_bound(made.graph, least->certificate, "proof");
    ASSERT_TRUE(bound.ok()) << bound.error().to_string() << '\n' << least->certificate;
    EXPECT_EQ(bound->columns, least->columns_bound);
  }
}

// A graph whose proof has splits, so that every kind of line can be broken.
struct Proof {
  Graph graph;
  std::string text;
};
Proof some_proof() {
  for (uint64_t seed = 0;; ++seed) {
    const PhaseCase made = random_strict_case(seed, 30);
    const phase::SlotGraph graph = *phase::parse_slot_graph(made.graph_text, "random.json");
    const auto least = phase::least_schedule(graph, {.layers = phase::least_layers(graph) + 2});
    if (seed > 200 || (least.ok() && least->certificate.find("split") != std::string::npos))
      return {made.graph, least.ok() ? least->certificate : ""};
  }
}

std::string refusal(const Graph& graph, const std::string& text) {
  const Result<ProvenBound> bound = check_bound(graph, text, "proof");
  return bound.ok() ? "proven" : bound.error().to_string();
}
std::string edited(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? "not found: " + from : text.replace(at, from.size(), to);
}

TEST(PhaseBound, RefusesWhatIsNoProof) {
  const auto [graph, text] = some_proof();
  ASSERT_THAT(text, HasSubstr("\nsplit "));
  ASSERT_EQ(refusal(graph, text), "proven");
  const size_t at = text.find("\nbound ") + 7;
  const std::string bound = text.substr(at, text.find('\n', at) - at);
  const std::string higher = std::to_string(std::stoi(bound) + 1);
  EXPECT_THAT(refusal(graph, edited(text, "\nbound " + bound, "\nbound " + higher)),
              AnyOf(HasSubstr("do not reach the bound " + higher), HasSubstr("not inside its box")));
  EXPECT_THAT(refusal(graph, text.substr(0, text.rfind("leaf"))), HasSubstr("ends before all its halves are refuted"));
  EXPECT_THAT(refusal(graph, text + "leaf 1\n"), HasSubstr("something stands after the end of the tree"));
  EXPECT_THAT(refusal(graph, edited(text, "\nleaf ", "\nleaf 0 # ")), HasSubstr("proof:"));
  EXPECT_THAT(refusal(graph, edited(text, " width", " wydth")), HasSubstr("'wydth' are not known here"));
  EXPECT_THAT(refusal(graph, edited(text, "\nsplit y", "\nsplit v")), HasSubstr("no column that can be split"));
  EXPECT_THAT(refusal(graph, edited(text, "rondo-bound 1", "rondo-bound 2")), HasSubstr("begins with the line"));
  EXPECT_THAT(refusal(graph, edited(text, "mode strict", "mode fused")), HasSubstr("not one of the strict machine"));
  EXPECT_THAT(refusal(graph, edited(text, "about graph random", "about graph other")),
              HasSubstr("about the graph 'other'"));
  EXPECT_THAT(refusal(graph, "rondo-bound 1\nbound 3\n"), HasSubstr("does not say its layers"));
  EXPECT_THAT(refusal(graph, ""), HasSubstr("begins with the line"));
  // Every line that is dropped leaves something unproven.
  for (size_t line = text.find("\nsplit"); line != std::string::npos && line + 1 < text.size();
       line = text.find('\n', line + 1)) {
    const size_t end = text.find('\n', line + 1);
    EXPECT_NE(refusal(graph, text.substr(0, line) + text.substr(std::min(end, text.size()))), "proven");
  }
}

TEST(PhaseBound, IsComparedWithTheSchedule) {
  const PhaseCase made = random_layered_case(4, 20, Mode::kDelayed, false);
  CheckOptions options;
  options.seeds = 1;
  const auto finding = [&](ProvenBound bound, const std::string& status) {
    Certificate certificate = made.certificate;
    certificate.status = status;
    options.bound = bound;
    const Report report = check(made.graph, certificate, options);
    return report.findings.empty()
               ? "good"
               : std::string(text_of(report.findings[0].obligation).id) + ": " + report.findings[0].message;
  };
  const uint32_t layers = made.certificate.layers;
  const int64_t columns = check(made.graph, made.certificate).measures.d_model;
  EXPECT_EQ(finding({layers, Mode::kDelayed, columns, 1}, "optimal"), "good");
  EXPECT_EQ(finding({layers + 1, Mode::kFused, columns, 1}, "optimal"), "good");
  EXPECT_EQ(finding({layers, Mode::kDelayed, columns - 2, 1}, "feasible"), "good");
  EXPECT_THAT(finding({layers, Mode::kDelayed, columns - 2, 1}, "optimal"), HasSubstr("C1: status says optimal"));
  EXPECT_THAT(finding({layers, Mode::kDelayed, columns + 2, 1}, ""), HasSubstr("C1: the proof says that no schedule"));
  EXPECT_THAT(finding({layers - 1, Mode::kDelayed, columns, 1}, ""), HasSubstr("says nothing of this schedule"));
  EXPECT_THAT(finding({layers, Mode::kStrict, columns, 1}, ""), HasSubstr("says nothing of this schedule"));
}

}  // namespace
}  // namespace rondo::phase_checker
