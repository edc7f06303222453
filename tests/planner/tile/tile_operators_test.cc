// Heads, caches and rows that a table chooses, staged: what is copied, what is read where
// it lies, and what is refused.
#include <gtest/gtest.h>
#include <set>
#include <string>
#include "rondo/load.h"
#include "rondo/plan.h"
#include "rondo/verify.h"
#include "tests/planner/graph_text.h"

namespace rondo {
namespace {

Machine library_machine(const std::string& name) {
  Result<Machine> machine = load_machine(RONDO_SOURCE_DIR "/schedules/library/machines/" + name + ".yaml");
  EXPECT_TRUE(machine.ok());
  return *std::move(machine);
}
Graph library_graph(const std::string& name) {
  Result<Graph> graph = load_graph(RONDO_SOURCE_DIR "/schedules/library/" + name + ".yaml");
  EXPECT_TRUE(graph.ok());
  return *std::move(graph);
}

Plan faithful(const Graph& graph, const Machine& machine, const PlanOptions& options = {}) {
  Result<Plan> plan = plan_tiles(graph, machine, options);
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().to_string());
  const Verification checked = verify(plan->schedule);
  EXPECT_TRUE(checked.report.faithful()) << checked.report.summary();
  return *std::move(plan);
}

// What ops of a kernel touch, on which engines: "constant", "state", ..., "scratch", "device".
std::set<std::string> touched(const Schedule& schedule, std::string_view kernel, bool written) {
  std::set<std::string> places;
  for (const Stream& stream : schedule.streams)
    for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index) {
      const Op& op = schedule.ops[index];
      if (op.kernel == kNoKernel || schedule.name(schedule.kernels[op.kernel].name) != kernel) continue;
      for (uint32_t i = op.first_operand; i < op.first_operand + op.operand_count; ++i) {
        const Operand& operand = schedule.operands[i];
        const auto access = static_cast<Access>(operand.access);
        const bool writes = access != Access::kRead && access != Access::kIndexedRead;
        if (writes != written) continue;
        static constexpr const char* kRoles[] = {"input", "output", "constant", "state", "table"};
        places.insert(schedule.is_arena(operand.base)
                          ? std::string(schedule.name(schedule.spaces[schedule.arenas[operand.base].space].name))
                          : kRoles[schedule.binding_of(operand.base).role]);
      }
    }
  return places;
}
using Places = std::set<std::string>;

std::set<uint8_t> engines_of(const Schedule& schedule, std::string_view kernel) {
  std::set<uint8_t> engines;
  for (const Stream& stream : schedule.streams)
    for (uint32_t index = stream.first_op; index < stream.first_op + stream.op_count; ++index)
      if (const Op& op = schedule.ops[index];
          op.kernel != kNoKernel && schedule.name(schedule.kernels[op.kernel].name) == kernel)
        engines.insert(stream.engine);
  return engines;
}

// A decode step is one row, so whole layers are one chain: weights, keys and values are
// all that is brought, each once, and logits all that is taken out.
TEST(StagedDecode, BringsWeightsAndCachesOnceAndKeepsAllElseInScratch) {
  const Plan plan = faithful(library_graph("gpt2-tiny-decode"), library_machine("emulated"));
  const Schedule& schedule = plan.schedule;
  ASSERT_EQ(schedule.arenas.size(), 1u);
  EXPECT_EQ(schedule.name(schedule.arenas[0].name), "scratch");
  ASSERT_EQ(plan.summary.bounds[0].what, "loads");
  EXPECT_EQ(plan.summary.bounds[0].achieved, plan.summary.bounds[0].value);
  EXPECT_EQ(plan.summary.stores, 4u);  // 101 logits in tiles of 32
  EXPECT_LE(plan.summary.makespan, 1.01 * plan.summary.bounds.back().value);
  EXPECT_EQ(touched(schedule, "attention", false), Places{"scratch"});
  EXPECT_EQ(touched(schedule, "matmul", false), Places{"scratch"});
  EXPECT_EQ(touched(schedule, "gather", false), (Places{"constant", "table"}));
  EXPECT_EQ(touched(schedule, "gather", true), Places{"scratch"});
  // Rows of the cache leave by the engine that copies out; a row of positions comes by the other.
  EXPECT_EQ(touched(schedule, "assign", true), (Places{"scratch", "state"}));
  EXPECT_EQ(engines_of(schedule, "assign"),
            (std::set{static_cast<uint8_t>(Engine::kCopyIn), static_cast<uint8_t>(Engine::kCopyOut)}));
}

// Loads of the next head run while the present one is computed: they go to other places.
TEST(StagedDecode, HoldsTheKeysOfTwoHeadsInTurns) {
  const Schedule schedule = faithful(library_graph("gpt2-tiny-decode"), library_machine("emulated")).schedule;
  uint64_t last = ~uint64_t{0};
  for (const Op& op : schedule.ops) {
    if (op.kernel == kNoKernel || schedule.name(schedule.kernels[op.kernel].name) != "attention") continue;
    const Operand& keys = schedule.operands[op.first_operand + 1];
    EXPECT_TRUE(schedule.is_arena(keys.base));
    EXPECT_NE(keys.offset_bytes, last) << "two heads in a row share a place";
    last = keys.offset_bytes;
  }
  EXPECT_NE(last, ~uint64_t{0});
}

TEST(StagedDecode, ReadsKeysWhereTheyLieWhereAHeadTakesMoreThanHalfOfScratch) {
  PlanOptions options;
  options.tile = 8;
  options.scratch_bytes = 6144;  // a head of 24 rows of 16 keys and values takes 3,200
  const Schedule schedule = faithful(library_graph("gpt2-tiny-decode"), library_machine("emulated"), options).schedule;
  EXPECT_EQ(touched(schedule, "attention", false), (Places{"scratch", "state"}));
  EXPECT_EQ(touched(schedule, "attention", true), Places{"scratch"});
}

// Without memory of a device states lie on the host, where copies alone reach them.
TEST(StagedDecode, MovesStatesOfTheHostByCopies) {
  const Schedule schedule = faithful(library_graph("gpt2-tiny-decode"), library_machine("tile-accelerator")).schedule;
  EXPECT_EQ(touched(schedule, "attention", false), Places{"scratch"});
  EXPECT_EQ(touched(schedule, "copy", false), (Places{"constant", "scratch", "state"}));
}

std::string refusal(const Graph& graph, const Machine& machine, const PlanOptions& options = {}) {
  const Result<Plan> plan = plan_tiles(graph, machine, options);
  return plan.ok() ? "planned" : plan.error().to_string();
}

constexpr char kScattered[] = R"(
states: {rows: {shape: [40, 12]}}
tables: {here: {shape: [1], limit: 40}, there: {shape: [3], limit: 40}}
tensors: {x: {shape: [1, 12], role: input}, y: {role: output}}
operators:
  - {op: scatter, name: put, inputs: [rows, x, here], output: all}
  - {op: gather, name: look, inputs: [all, there], output: y}
)";

TEST(StagedPlans, RefuseToWriteRowsThatATableChoosesWhereKernelsReachScratchOnly) {
  const Graph graph = testing::graph_of(kScattered);
  EXPECT_EQ(refusal(graph, library_machine("tile-accelerator")),
            "g.yaml:6:5: scatter 'put' writes rows of state 'rows' that a table chooses, and kernels of machine "
            "'tile-accelerator' reach scratch only; give the machine a space of kind device, or direct operands");
  EXPECT_EQ(touched(faithful(graph, library_machine("emulated")).schedule, "scatter", true), Places{"state"});
}

// A device's kernels reach no memory of the host, so direct operands are no way out.
TEST(StagedPlans, LeaveMemoryOfTheHostToCopyEnginesOfADevice) {
  Machine machine = library_machine("tile-accelerator");
  machine.backend = "emulated";
  machine.direct_operands = true;
  PlanOptions options;
  options.staging = Staging::kStaged;
  EXPECT_EQ(refusal(testing::graph_of(kScattered), machine, options),
            "g.yaml:6:5: scatter 'put' writes rows of state 'rows' that a table chooses, and kernels of machine "
            "'tile-accelerator' reach scratch only; give the machine a space of kind device");
  EXPECT_EQ(refusal(library_graph("mlp"), machine, options), "planned") << "everything goes through scratch";
  machine.copy_in_engines = machine.copy_out_engines = 0;
  EXPECT_EQ(
      refusal(library_graph("mlp"), machine, options),
      "machine 'tile-accelerator' is of backend 'emulated', whose kernels do not reach memory of the host, and no "
      "engine copies from there: give it copy_in_engines: 1");
}

TEST(StagedPlans, SayWhereKeysThatDoNotFitCouldBeReadFrom) {
  PlanOptions options;
  options.tile = 8;
  options.scratch_bytes = 3072;
  const std::string said = refusal(library_graph("gpt2-tiny-decode"), library_machine("tile-accelerator"), options);
  EXPECT_NE(said.find("attention 'h0.heads' needs at least 3,200 bytes of scratch, the plan may use 3,072; on a "
                      "machine with a space of kind device, or with direct operands, it is read where it lies"),
            std::string::npos)
      << said;
}

TEST(StagedPlans, KeepThePublishedPolicyToWhatItWasPublishedFor) {
  PlanOptions options;
  options.policy = PlacementPolicy::kSeedFirstFit;
  const std::string said = refusal(library_graph("gpt2-tiny-decode"), library_machine("emulated"), options);
  EXPECT_NE(said.find("gather 'looked_up' is not among what policy seed-first-fit places; the default policy plans it"),
            std::string::npos)
      << said;
}

}  // namespace
}  // namespace rondo
