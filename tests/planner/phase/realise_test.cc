#include "planner/phase/realise.h"

#include <gtest/gtest.h>

#include "planner/phase/lifetimes.h"
#include "planner/phase/placements.h"
#include "schedules/json/node.h"
#include "tests/planner/phase/small_graphs.h"

namespace rondo::phase {
namespace {

PhaseSchedule realised(const GateGraph& graph, uint32_t layers, const std::vector<uint32_t>& phases, Mode mode,
                       bool lazy = false, uint32_t columns = 0) {
  Result<PhaseSchedule> schedule = realise(graph, layers, phases, {mode, lazy, columns});
  EXPECT_TRUE(schedule.ok()) << schedule.error().to_string();
  return schedule.ok() ? *schedule : PhaseSchedule();
}

// Phases of the chain: lookup 0, ReGLU 2, persist 3, ReGLU 6.
//   half-layer  0        1              2        3
//   x, seen     x read   x, seen read   sum      sum read
//   gated       -        made, read: internal
TEST(Realise, GivesInternalValuesNoSlotAndErasesTheDyingOnes) {
  const GateGraph graph = parsed(chain_text());
  const PhaseSchedule schedule = realised(graph, 2, {0, 2, 3, 6}, Mode::kDelayed);
  // Protected dims first, then the inputs, then seen, sum, last in the slots that are free.
  EXPECT_EQ(schedule.slot_of_dim, (std::vector<int32_t>{3, 0, 1, 2, 4, 5, -1, 6, 4}));
  EXPECT_EQ(schedule.erases, (std::vector<std::vector<Erase>>{{}, {{4, 4}, {5, 5}}, {}, {{6, 7}}}));
  EXPECT_EQ(schedule.width, 7U);
  EXPECT_EQ(schedule.heads, 1U);
  EXPECT_EQ(schedule.d_ffn, 3U);  // one ReGLU, x and seen erased; the persist passes seen through the same neuron
}

TEST(Realise, ReusesASlotInTheHalfLayerThatErasesItWhenFused) {
  const GateGraph graph = parsed(chain_text());
  const PhaseSchedule schedule = realised(graph, 2, {0, 2, 3, 6}, Mode::kFused);
  EXPECT_EQ(schedule.slot_of_dim, (std::vector<int32_t>{3, 0, 1, 2, 4, 5, -1, 4, 4}));
  EXPECT_EQ(schedule.width, 6U);
}

TEST(Realise, KeepsTheSlotOfAnAverageCleanBeforeAndAfterWhenMixed) {
  const GateGraph graph = parsed(average_text());
  const PhaseSchedule fused = realised(graph, 1, {0, 2}, Mode::kFused),
                      mixed = realised(graph, 1, {0, 2}, Mode::kMixed);
  EXPECT_EQ(fused.slot_of_dim, (std::vector<int32_t>{3, 0, 1, 2, 4, 4, 4}));  // x, the average, what is made of it
  EXPECT_EQ(mixed.slot_of_dim, (std::vector<int32_t>{3, 0, 1, 2, 4, 5, 4}));
}

TEST(Realise, ErasesNothingThatNobodyReplacesWhenLazy) {
  const GateGraph graph = parsed(chain_text());
  const PhaseSchedule schedule = realised(graph, 2, {0, 2, 3, 6}, Mode::kDelayed, true);
  EXPECT_EQ(schedule.width, 7U);
  size_t erases = 0;
  for (const auto& list : schedule.erases) erases += list.size();
  EXPECT_EQ(erases, 1U);                                                            // eight values at rest, seven slots
  EXPECT_EQ(realised(graph, 2, {0, 2, 3, 6}, Mode::kDelayed, true, 10).d_ffn, 2U);  // the persist's passthrough stays
  Result<PhaseSchedule> narrow = realise(graph, 2, std::vector<uint32_t>{0, 2, 3, 6}, {Mode::kDelayed, true, 6});
  ASSERT_FALSE(narrow.ok());
  EXPECT_EQ(narrow.error().message, "the placement does not fit in 6 columns; the fewest are 8");
}

TEST(Realise, RefusesAPlacementThatIsNone) {
  const GateGraph graph = parsed(chain_text());
  const auto error_of = [&](std::vector<uint32_t> phases) {
    Result<PhaseSchedule> schedule = realise(graph, 2, phases, {});
    return schedule.ok() ? "no error" : schedule.error().message;
  };
  EXPECT_EQ(error_of({0, 2, 3}), "the placement names 3 phases for 4 ops");
  EXPECT_EQ(error_of({0, 2, 3, 10}), "reglu op 3 in phase 10: there are 2 layers");
  EXPECT_EQ(error_of({2, 2, 3, 6}), "lookup op 0 in phase 2, which is of another type");
  EXPECT_EQ(error_of({0, 2, 1, 6}), "persist op 2 in phase 1 reads op 1, which is not before it");
  EXPECT_EQ(realise(parsed(average_text()), 2, std::vector<uint32_t>{0, 6}, {}).error().message,
            "op 1 is not in the layer of the average it reads, that of op 0");
}

// --- The published graphs and what is known of them.

struct Published {
  GateGraph graph;
  json::Node expected;
};
std::optional<Published> published(const char* name) {
  const std::optional<std::string> text = reference_file(name);
  if (!text) return std::nullopt;
  return Published{parsed(*text), *json::parse(*text, name)->find("expected")};
}
constexpr const char* kGraphs[] = {"tvm_universal.json", "tvm_universal_bitops.json", "tvm_spec_hello.json",
                                   "tvm_spec_addition.json"};

TEST(Realise, ReproducesTheKnownBaselinesOfThePublishedGraphs) {
  for (const char* name : kGraphs) {
    const std::optional<Published> known = published(name);
    if (!known) GTEST_SKIP() << "no ../shared/data/phase_graphs: baselines of the published graphs were not compared";
    const uint32_t layers = *least_layers(known->graph);
    const Windows windows = *phase::windows(known->graph, layers);
    const std::vector<uint32_t> early = place_earliest(known->graph, windows),
                                late = place_latest(known->graph, windows);
    EXPECT_EQ(slots_without_reuse(known->graph, early), known->expected.find("no_reuse_slots_asap")->integer) << name;
    struct Row {
      const char* key;
      const std::vector<uint32_t>& phases;
      Mode mode;
    };
    for (const Row& row : {Row{"asap_delayed", early, Mode::kDelayed}, Row{"asap_fused", early, Mode::kFused},
                           Row{"alap_delayed", late, Mode::kDelayed}, Row{"alap_fused", late, Mode::kFused}}) {
      const PhaseSchedule schedule = realised(known->graph, layers, row.phases, row.mode);
      const json::Node& figures = *known->expected.find(row.key);
      EXPECT_EQ(schedule.layers, figures.find("layers")->integer) << name << " " << row.key;
      EXPECT_EQ(schedule.width, figures.find("slots")->integer) << name << " " << row.key;
      EXPECT_EQ(d_model_of(schedule), figures.find("d_model")->integer) << name << " " << row.key;
      EXPECT_EQ(schedule.heads, figures.find("heads")->integer) << name << " " << row.key;
      EXPECT_EQ(schedule.d_ffn, figures.find("d_ffn")->integer) << name << " " << row.key;
    }
    EXPECT_LE(realised(known->graph, layers, place_greedy(known->graph, windows), Mode::kFused).width,
              std::max(known->expected.find("asap_fused")->find("slots")->integer,
                       known->expected.find("alap_fused")->find("slots")->integer));
  }
}

TEST(Realise, AgreesWithTheReferenceCertificatesInEverySlotAndErasure) {
  const std::optional<Published> known = published("tvm_universal.json");
  if (!known) GTEST_SKIP() << "no ../shared/data/phase_graphs: the reference certificates were not compared";
  for (const char* name : {"sched_tvm_universal_N7_delayed.json", "sched_tvm_universal_N7_fused.json"}) {
    const PhaseSchedule reference = *parse_certificate(*reference_file(name), name, 186);
    const PhaseSchedule ours = realised(known->graph, reference.layers, reference.phase_of_op, reference.mode);
    EXPECT_EQ(ours.slot_of_dim, reference.slot_of_dim) << name;
    EXPECT_EQ(ours.erases, reference.erases) << name;
    EXPECT_EQ(ours.width, reference.width) << name;
    EXPECT_EQ(ours.heads, reference.heads) << name;
    EXPECT_EQ(ours.d_ffn, reference.d_ffn) << name;
    const PhaseSchedule lazy = realised(known->graph, reference.layers, reference.phase_of_op, reference.mode, true);
    EXPECT_EQ(d_model_of(lazy), d_model_of(reference)) << name;
    EXPECT_LT(lazy.d_ffn, reference.d_ffn) << name;
  }
}

// --- The strict-phase machine.

TEST(RealiseSlots, GivesAWriteTheSlotOfItsValueAndSubtractsAtEveryReuse) {
  const SlotGraph graph = parsed_slots(parity_text());
  const SlotPlacement placed = list_schedule(graph);
  EXPECT_EQ(placed.layers, 3U);
  const PhaseSchedule schedule = *realise(graph, placed.layers, placed.phase_of_gate);
  EXPECT_EQ(schedule.width, 5U);
  EXPECT_EQ(schedule.slot_of_dim[7], schedule.slot_of_dim[6]);
  size_t subtractions = 0;
  for (const auto& list : schedule.erases) subtractions += list.size();
  EXPECT_EQ(subtractions, 2U);
}

TEST(RealiseSlots, ReproducesThePublishedSchedulersOfTheOtherMachine) {
  for (const char* name :
       {"psi_running_sum.json", "psi_verb_parity.json", "psi_stack_micro.json", "psi_window_interpreter.json"}) {
    const std::optional<std::string> text = reference_file(name);
    if (!text) GTEST_SKIP() << "no ../shared/data/phase_graphs: the published schedulers were not compared";
    const SlotGraph graph = parsed_slots(*text);
    const json::Node root = *json::parse(*text, name);
    const auto compare = [&](const SlotPlacement& placed, const char* key) {
      const json::Node* figures = root.find("expected")->find(key);
      const PhaseSchedule schedule = *realise(graph, placed.layers, placed.phase_of_gate);
      size_t subtractions = 0;
      for (const auto& list : schedule.erases) subtractions += list.size();
      EXPECT_EQ(schedule.width, figures->find("slots")->integer) << name << " " << key;
      EXPECT_EQ(schedule.layers, figures->find("layers")->integer) << name << " " << key;
      EXPECT_EQ(subtractions, static_cast<size_t>(figures->find("subtractions")->integer)) << name << " " << key;
    };
    compare(list_schedule(graph), "greedy_list_schedule");
    compare(published_heuristic(graph), "heuristic_e4_v2");
  }
}

}  // namespace
}  // namespace rondo::phase
