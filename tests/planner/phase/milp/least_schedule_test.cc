// Least schedules end to end, on graphs that come with the tests.
#include "planner/phase/milp/least_schedule.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "planner/phase/windows.h"
#include "tests/planner/phase/milp/random_gate_graphs.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

TEST(LeastSchedule, IsProvenInEveryMode) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const GateGraph graph = random_gate_graph(seed, 14);
    const Result<uint32_t> layers = least_layers(graph);
    if (!layers.ok()) continue;
    for (const Mode mode : {Mode::kDelayed, Mode::kFused, Mode::kMixed}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " " + name_of(mode));
      const Result<LeastSchedule> least = least_schedule(graph, {.layers = *layers + 1, .mode = mode});
      ASSERT_TRUE(least.ok());
      EXPECT_EQ(least->schedule.proof, Proof::kOptimal);
      const Result<ProvenBound> bound = check_bound(graph, least->certificate, "p");
      ASSERT_TRUE(bound.ok()) << bound.error().to_string();
      EXPECT_EQ(bound->bound, d_model_of(least->schedule));
    }
  }
}

TEST(LeastSchedule, SavesNeuronsAtTheLeastWidth) {
  const GateGraph graph = random_gate_graph(3, 16);
  const Result<LeastSchedule> eager = least_schedule(graph, {.layers = *least_layers(graph)});
  const Result<LeastSchedule> lazy = least_schedule(graph, {.layers = *least_layers(graph), .lazy = true});
  ASSERT_TRUE(eager.ok() && lazy.ok()) << lazy.error().to_string();
  EXPECT_EQ(d_model_of(lazy->schedule), d_model_of(eager->schedule));
  EXPECT_LE(lazy->schedule.d_ffn, eager->schedule.d_ffn);
  EXPECT_EQ(lazy->schedule.proof, Proof::kOptimal);
  EXPECT_EQ(check_bound(graph, lazy->neurons_certificate, "p")->bound, lazy->schedule.d_ffn);
}

TEST(LeastSchedule, TakesNoMoreLayersThanItsWidthNeeds) {
  int shortened = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    SCOPED_TRACE(seed);
    const GateGraph graph = random_gate_graph(seed, 12);
    const Result<uint32_t> fewest = least_layers(graph);
    if (!fewest.ok()) continue;
    const uint32_t budget = *fewest + 3;
    const Result<LeastSchedule> least = least_schedule(graph, {.layers = budget, .fewest_layers = true});
    ASSERT_TRUE(least.ok());
    const uint32_t layers = least->schedule.layers, columns = d_model_of(least->schedule);
    EXPECT_EQ(least->schedule.proof, Proof::kOptimal);
    EXPECT_EQ(least->layers_bound, layers);
    EXPECT_EQ(d_model_of(least_schedule(graph, {.layers = budget})->schedule), columns);
    if (layers > *fewest) {
      EXPECT_GT(d_model_of(least_schedule(graph, {.layers = layers - 1})->schedule), columns);
    }
    shortened += layers < budget ? 1 : 0;
  }
  EXPECT_GT(shortened, 1);
  const SlotGraph slots = random_slot_graph(5, 20);
  const Result<LeastSchedule> least = least_schedule(slots, {.layers = least_layers(slots) + 3, .fewest_layers = true});
  ASSERT_TRUE(least.ok());
  EXPECT_EQ(least->layers_bound, least->schedule.layers);
}

TEST(LeastSchedule, OfASlotGraphIsProvenToo) {
  const SlotGraph graph = random_slot_graph(5, 20);
  const Result<LeastSchedule> least = least_schedule(graph, {.layers = least_layers(graph) + 1});
  ASSERT_TRUE(least.ok());
  EXPECT_EQ(least->schedule.proof, Proof::kOptimal);
  EXPECT_EQ(check_bound(graph, least->certificate, "p")->bound, least->schedule.width);
}

TEST(LeastSchedule, KeepsWhatItHasWhenTimeIsUp) {
  const GateGraph graph = random_gate_graph(1, 60);
  const Result<LeastSchedule> least = least_schedule(graph, {.layers = *least_layers(graph) + 4, .time_limit_s = 0});
  ASSERT_TRUE(least.ok());
  EXPECT_GT(d_model_of(least->schedule), 0u);
  if (least->schedule.proof != Proof::kOptimal) {
    EXPECT_LT(least->columns_bound, d_model_of(least->schedule));
  }
}

TEST(LeastSchedule, IsConfirmedByCbc) {
  if (!milp::is_available(milp::SolverKind::kCbc)) GTEST_SKIP() << "this build has no CBC";
  const GateGraph graph = random_gate_graph(2, 20);
  const Result<LeastSchedule> own = least_schedule(graph, {.layers = *least_layers(graph) + 1});
  testing::internal::CaptureStdout();
  const Result<LeastSchedule> cbc =
      least_schedule(graph, {.layers = *least_layers(graph) + 1, .solver = milp::SolverKind::kCbc});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  ASSERT_TRUE(own.ok() && cbc.ok());
  EXPECT_EQ(d_model_of(own->schedule), d_model_of(cbc->schedule));
  EXPECT_EQ(cbc->claimed, milp::SolveStatus::kOptimal);
  EXPECT_EQ(cbc->schedule.proof, Proof::kOptimal);
}

TEST(LeastSchedule, SaysWhatCannotBe) {
  const GateGraph graph = parsed(chain_text());
  EXPECT_EQ(least_schedule(graph, {.layers = 1}).error().code, ErrorCode::kDoesNotFit);
  EXPECT_EQ(least_schedule(graph, {.layers = 2, .columns = 7}).error().message, "columns come in pairs: 7 is odd");
  EXPECT_EQ(least_schedule(graph, {.layers = 2, .columns = 2}).error().code, ErrorCode::kDoesNotFit);
  EXPECT_EQ(least_schedule(parsed_slots(parity_text()), {.layers = 3, .lazy = true}).error().code,
            ErrorCode::kInvalidArgument);
}

std::string fault(const GateGraph& graph, const std::string& text) {
  const Result<ProvenBound> bound = check_bound(graph, text, "p");
  return bound.ok() ? "" : bound.error().to_string();
}

TEST(BoundProof, IsTheOneThatTheDocumentShows) {
  std::ifstream file(std::string(RONDO_SOURCE_DIR) + "/docs/phase-bounds.md");
  std::ostringstream document;
  document << file.rdbuf();
  const std::string proof = least_schedule(parsed(chain_text()), {.layers = 2})->certificate;
  EXPECT_NE(document.str().find("```text\n" + proof + "```"), std::string::npos) << "docs/phase-bounds.md should show\n"
                                                                                 << proof;
}

TEST(BoundProof, IsAboutOneGraphAndOneProgramme) {
  const GateGraph graph = parsed(chain_text());
  const std::string proof = least_schedule(graph, {.layers = 2})->certificate;
  ASSERT_EQ(fault(graph, proof), "");
  GateGraph other = graph;
  other.name = "other";
  EXPECT_NE(fault(other, proof).find("the proof is about graph"), std::string::npos);
  EXPECT_EQ(fault(graph, with(proof, "mode delayed", "mode late")),
            "p: what the proof is about: no mode is called 'late'");
  EXPECT_EQ(fault(graph, with(proof, "mode delayed", "mode strict")), "p: the proof is about the other machine");
  EXPECT_EQ(fault(graph, with(proof, "rows width", "rows fancy")), "no programme has rows 'fancy'");
  EXPECT_EQ(fault(graph, with(proof, "layers 2", "layers x")), "p: what the proof is about: layers 'x' is no number");
  EXPECT_NE(fault(graph, with(proof, "layers 2", "layers 1")), "");
  const std::string bound = proof.substr(proof.find("\nbound ") + 7,
                                         proof.find('\n', proof.find("\nbound ") + 1) - proof.find("\nbound ") - 7);
  EXPECT_NE(fault(graph, with(proof, "bound " + bound, "bound " + std::to_string(std::stoi(bound) + 1))), "");
}

}  // namespace
}  // namespace rondo::phase
