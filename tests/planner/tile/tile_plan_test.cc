// What the staged planner promises as a whole: counts, makespans, proofs, errors.
#include <gtest/gtest.h>
#include <set>
#include "rondo/plan.h"
#include "rondo/verify.h"
#include "tests/planner/tile/tile_graphs.h"

namespace rondo {
namespace {

using testing::engine_machine;
using testing::kTileBytes;

PlanOptions staged(uint64_t tiles, bool chain = true) {
  PlanOptions options;
  options.staging = Staging::kStaged;
  options.scratch_bytes = tiles * kTileBytes;
  options.chain = chain;
  return options;
}
Plan plan_of(const Graph& graph, const PlanOptions& options, const Machine& machine = engine_machine(1 << 20)) {
  auto plan = plan_tiles(graph, machine, options);
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
  return plan.ok() ? std::move(*plan) : Plan{};
}
void expect_faithful(const Plan& plan) {
  const Verification checked = verify(plan.schedule);
  EXPECT_TRUE(checked.report.faithful()) << checked.report.summary();
  for (const Finding& finding : checked.report.findings) ADD_FAILURE() << finding.rule << " " << finding.message;
}
std::string error_of(const Graph& graph, const PlanOptions& options, ErrorCode code,
                     const Machine& machine = engine_machine(1 << 20)) {
  const auto plan = plan_tiles(graph, machine, options);
  EXPECT_FALSE(plan.ok());
  if (plan.ok()) return "";
  EXPECT_EQ(plan.error().code, code);
  return plan.error().message;
}

// ---- loads, from three tiles on ------------------------------------------------------

TEST(DefaultPolicy, NeverLoadsMoreThanThePublishedColumn) {
  constexpr uint64_t kMlp[] = {85, 71, 66, 61, 57, 53, 49, 45, 43, 41, 39, 39, 39, 39};  // from 3 tiles
  for (uint64_t tiles = 3; tiles < 3 + std::size(kMlp); ++tiles)
    for (const bool chain : {false, true}) {
      SCOPED_TRACE(std::to_string(tiles) + " tiles" + (chain ? ", chaining" : ""));
      const Plan plan = plan_of(testing::small_mlp(), staged(tiles, chain));
      EXPECT_LE(plan.summary.loads, kMlp[tiles - 3]);
      EXPECT_LE(plan.summary.extent_bytes, tiles * kTileBytes);
      expect_faithful(plan);
    }
  constexpr uint64_t kSquare[][2] = {{3, 384},  {4, 336},  {6, 240},  {8, 216},  {12, 168},
                                     {16, 132}, {17, 123}, {18, 114}, {20, 102}, {21, 96}};
  for (const auto& [tiles, loads] : kSquare)
    for (const bool chain : {false, true}) {
      SCOPED_TRACE(std::to_string(tiles) + " tiles" + (chain ? ", chaining" : ""));
      const Plan plan = plan_of(testing::square_mlp(), staged(tiles, chain));
      EXPECT_LE(plan.summary.loads, loads);
      expect_faithful(plan);
    }
}

TEST(DefaultPolicy, ReportsItsPlanBesideItsBounds) {
  const Plan plan = plan_of(testing::small_mlp(), staged(13, false));
  EXPECT_EQ(plan.summary.loads, 39u);
  EXPECT_EQ(plan.summary.stores, 16u);
  EXPECT_EQ(plan.summary.loads_eliminated, 49u);
  EXPECT_EQ(plan.summary.evictions, 0u);
  EXPECT_EQ(plan.summary.peak_bytes, 53248u);
  EXPECT_EQ(plan.summary.flops, 2883584u);
  EXPECT_EQ(plan.summary.bytes_moved, 225280u);
  EXPECT_EQ(plan.summary.strategy, "staged");
  ASSERT_EQ(plan.summary.bounds.size(), 3u);
  EXPECT_EQ(plan.summary.bounds[0].what, "loads");
  EXPECT_EQ(plan.summary.bounds[0].value, 39);
  EXPECT_EQ(plan.summary.bounds[1].what, "scratch bytes");
  EXPECT_EQ(plan.summary.bounds[1].value, 53248);
  EXPECT_EQ(plan.summary.bounds[1].achieved, 53248);
  EXPECT_EQ(plan.summary.bounds[2].what, "makespan");
  EXPECT_NEAR(plan.summary.bounds[2].value, 75.9, 1e-9);  // 44 products of 1.725
}

// ---- overlap ---------------------------------------------------------------------------

TEST(DoubleBuffering, OverlapsCopiesWithProductsInThePublishedThirteenSlots) {
  const Plan at_13 = plan_of(testing::small_mlp(), staged(13, false));
  EXPECT_NEAR(at_13.summary.sequential, 130.9, 1e-9);
  EXPECT_GE(at_13.summary.sequential / at_13.summary.makespan, 1.60);
  for (const uint64_t tiles : {14, 20, 64})
    EXPECT_GE(130.9 / plan_of(testing::small_mlp(), staged(tiles, false)).summary.makespan, 1.64) << tiles;
  // Chaining drops copies and is not allowed to cost time for it.
  for (const uint64_t tiles : {13, 17, 64})
    EXPECT_GE(130.9 / plan_of(testing::small_mlp(), staged(tiles)).summary.makespan, 1.60) << tiles;
}

TEST(DoubleBuffering, IsInTheAddressesAndTheLabelsSaySo) {
  const Plan plan = plan_of(testing::small_mlp(), staged(14, false));
  ASSERT_EQ(plan.schedule.rings.size(), 1u);
  const Ring& ring = plan.schedule.rings[0];
  EXPECT_EQ(ring.depth, 14u);
  EXPECT_EQ(ring.stride_bytes, kTileBytes);
  std::set<uint64_t> slots;
  for (size_t i = 0; i < plan.schedule.operands.size(); ++i) {
    const OperandLabel& label = plan.schedule.labels[i];
    if (label.ring == 0xffff) continue;
    EXPECT_EQ(plan.schedule.operands[i].offset_bytes, ring.offset_bytes + label.slot * ring.stride_bytes);
    slots.insert(label.slot);
  }
  EXPECT_EQ(slots.size(), 14u);
}

TEST(DoubleBuffering, GoesAsDeepAsAskedAndNoDeeper) {
  for (const uint32_t depth : {1u, 2u, 3u, 4u}) {
    PlanOptions options = staged(64, false);
    options.depth = depth;
    const Plan plan = plan_of(testing::small_mlp(), options);
    EXPECT_LE(plan.summary.extent_bytes, depth * plan.summary.peak_bytes) << depth;
    EXPECT_EQ(plan.schedule.rings.size(), depth == 1 ? 0u : 1u) << depth;
    expect_faithful(plan);
  }
}

TEST(Engines, DecideHowManyStreamsThereAre) {
  const auto streams = [](uint32_t in, uint32_t out) {
    const Plan plan = plan_of(testing::small_mlp(), staged(20), engine_machine(1 << 20, in, out));
    expect_faithful(plan);
    std::vector<std::string> names;
    for (const Stream& stream : plan.schedule.streams) names.emplace_back(plan.schedule.name(stream.name));
    return names;
  };
  EXPECT_EQ(streams(0, 0), (std::vector<std::string>{"compute"}));
  EXPECT_EQ(streams(1, 0), (std::vector<std::string>{"copy", "compute"}));
  EXPECT_EQ(streams(1, 1), (std::vector<std::string>{"load", "compute", "store"}));
  EXPECT_EQ(streams(0, 1), (std::vector<std::string>{"compute", "store"}));
}

// ---- chaining ---------------------------------------------------------------------------

TEST(Chaining, KeepsTheMlpInScratchWithTwentySevenLoadsAndFourStores) {
  for (const uint64_t tiles : {17, 64}) {
    const Plan plan = plan_of(testing::small_mlp(), staged(tiles));
    EXPECT_EQ(plan.summary.loads, 27u);
    EXPECT_EQ(plan.summary.stores, 4u);
    EXPECT_LE(plan.summary.peak_bytes, 69632u) << "the published 17 tiles";
    EXPECT_EQ(plan.summary.bytes_moved, 126976u);
    EXPECT_EQ(plan.summary.strategy, "staged, chained");
    EXPECT_EQ(plan.schedule.arenas.size(), 1u) << "no intermediate in host memory";
    expect_faithful(plan);
  }
}

// The published plan walks depth first and needs 56 tiles; keeping one layer's
// results while the next one runs moves as little and needs 36, by panels 32.
TEST(Chaining, KeepsThreeSquareLayersInAtMostFiftySixTiles) {
  for (const uint64_t tiles : {56, 64}) {
    const Plan plan = plan_of(testing::square_mlp(), staged(tiles));
    EXPECT_EQ(plan.summary.loads, 64u);
    EXPECT_EQ(plan.summary.stores, 16u);
    EXPECT_LE(plan.summary.peak_bytes, 36 * kTileBytes);
    EXPECT_EQ(plan.summary.strategy, "staged, chained");
    expect_faithful(plan);
  }
}

TEST(Chaining, IsNotDoneWhenSwitchedOff) {
  const Plan plan = plan_of(testing::small_mlp(), staged(64, false));
  EXPECT_EQ(plan.summary.stores, 16u);
  EXPECT_EQ(plan.summary.strategy, "staged");
}

// ---- rows ---------------------------------------------------------------------------------

Graph softmax_rows(uint32_t rows, uint32_t columns) {
  Graph graph;
  graph.tensors = {{.name = "x", .role = TensorRole::kInput, .shape = {rows, columns}},
                   {.name = "y", .role = TensorRole::kOutput}};
  graph.operators = {{.name = "soft", .kind = OperatorKind::kSoftmax, .inputs = {0}, .output = 1}};
  EXPECT_TRUE(finish_graph(graph).ok());
  return graph;
}

TEST(RowOperators, TakeAsManyRowsAsFit) {
  PlanOptions options = staged(0);
  options.depth = 1;
  const std::pair<uint64_t, uint64_t> kCalls[] = {{8064, 64}, {16000, 32}, {16064, 32}, {64000, 8}, {1 << 20, 2}};
  for (const auto& [bytes, calls] : kCalls) {
    options.scratch_bytes = bytes;
    const Plan plan = plan_of(softmax_rows(64, 1000), options);
    EXPECT_EQ(plan.summary.computes, calls) << bytes;
    expect_faithful(plan);
  }
}

TEST(RowOperators, SayHowMuchOneRowNeedsWhereNotEvenThatFits) {
  PlanOptions options = staged(0);
  options.scratch_bytes = 4096;
  EXPECT_EQ(error_of(softmax_rows(64, 1000), options, ErrorCode::kDoesNotFit),
            "softmax 'soft' needs at least 8,064 bytes of scratch (2 tiles of 4,032), the plan may use 4,096");
}

// ---- errors -----------------------------------------------------------------------------

TEST(StagedErrors, SayTheLeastScratchThatWorks) {
  EXPECT_EQ(error_of(testing::small_mlp(), staged(2), ErrorCode::kDoesNotFit),
            "matmul '" + testing::small_mlp().operators[0].name +
                "' needs at least 12,288 bytes of scratch (3 tiles of 4,096), the plan may use 8,192");
}

TEST(StagedErrors, RefuseOptionsOutOfRange) {
  PlanOptions options = staged(64);
  options.tile = 0;
  EXPECT_EQ(error_of(testing::small_mlp(), options, ErrorCode::kInvalidArgument),
            "a tile of 0 rows and columns was asked for: 1 to 1024 are allowed");
  options.tile = 1025;
  EXPECT_EQ(error_of(testing::small_mlp(), options, ErrorCode::kInvalidArgument),
            "a tile of 1025 rows and columns was asked for: 1 to 1024 are allowed");
  options = staged(64);
  options.depth = 0;
  EXPECT_EQ(error_of(testing::small_mlp(), options, ErrorCode::kInvalidArgument),
            "a depth of 0 slots was asked for: at least 1 is needed");
  EXPECT_EQ(error_of(testing::small_mlp(), staged(512), ErrorCode::kInvalidArgument),
            "2,097,152 bytes of scratch were asked for, but machine 'engines' has 1,048,576");
}

TEST(StagedErrors, RefuseAMachineWithoutScratch) {
  Machine machine = engine_machine(1 << 20);
  machine.spaces.pop_back();
  EXPECT_EQ(error_of(testing::small_mlp(), staged(0), ErrorCode::kInvalidMachine, machine),
            "machine 'engines' has no space of kind scratch: staged plans need one");
}

TEST(StagedErrors, RefuseMoreKernelCallsThanAScheduleIsPlannedFor) {
  PlanOptions options = staged(64);
  options.tile = 1;
  EXPECT_EQ(error_of(testing::square_mlp(), options, ErrorCode::kTooComplex),
            "the graph needs more than 1,048,576 kernel calls at tile 1: use a larger tile");
}

TEST(StagedErrors, StopWhenTheCallerCancels) {
  PlanOptions options = staged(64);
  options.tile = 2;
  int calls = 0;
  options.progress = [&](double, const char*) { return ++calls < 2; };
  EXPECT_EQ(error_of(testing::square_mlp(), options, ErrorCode::kCancelled),
            "planning was cancelled while placing tiles");
  EXPECT_EQ(calls, 2);
}

// ---- dispatch ---------------------------------------------------------------------------

TEST(PlanTiles, ChoosesStagedWhereCopyEnginesWorkBesideTheProducts) {
  Machine machine = engine_machine(1 << 20);
  machine.direct_operands = true;
  EXPECT_EQ(plan_of(testing::small_mlp(), PlanOptions{}, machine).summary.strategy, "staged, chained");
  machine.copy_in_engines = 0;
  EXPECT_EQ(plan_of(testing::small_mlp(), PlanOptions{}, machine).summary.strategy, "direct");
  machine.direct_operands = false;
  EXPECT_EQ(plan_of(testing::small_mlp(), PlanOptions{}, machine).summary.strategy, "staged, chained");
  PlanOptions direct;
  direct.staging = Staging::kDirect;
  EXPECT_EQ(error_of(testing::small_mlp(), direct, ErrorCode::kInvalidArgument, machine),
            "machine 'engines' has no direct operands: plan it staged");
}

}  // namespace
}  // namespace rondo
