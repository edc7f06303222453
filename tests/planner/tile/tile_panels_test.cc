// Products summed by panels, copies issued early, and the bound they are measured by.
#include <gtest/gtest.h>
#include <tuple>
#include "planner/tile/bound_makespan.h"
#include "planner/tile/choose_panel.h"
#include "planner/tile/issue_loads.h"
#include "planner/tile/predict_makespan.h"
#include "tests/planner/graph_text.h"
#include "tests/planner/tile/staged_plans.h"
#include "tests/planner/tile/tile_stream.h"

namespace rondo {
namespace {

using namespace tiling;
using testing::bytes_brought;
using testing::faithful_plan;
using testing::kTileBytes;
using testing::spilled;
using testing::staged_machine;
using testing::TileStream;

// ---- the panel --------------------------------------------------------------------------

TEST(Panels, HoldAsManySumsAsSaveLoads) {
  // 128 rows of GPT-2 small in three quarters of 256 KiB: each weight is brought once.
  EXPECT_EQ(choose_panel(4, 72, 24, 48), (Panel{4, 8}));
  EXPECT_EQ(choose_panel(4, 24, 96, 48), (Panel{4, 8}));
  EXPECT_EQ(choose_panel(1, 24, 24, 48), (Panel{1, 12})) << "two turns, evenly";
  EXPECT_EQ(choose_panel(3, 2, 5, 1000), (Panel{3, 2}));
  EXPECT_EQ(choose_panel(40, 40, 1, 2), (Panel{1, 1})) << "nothing fits";
}

TEST(Panels, BringAsLittleAsTheBestOfAllThatFit) {
  const auto brought = [](uint32_t rows, uint32_t columns, const Panel& panel) {
    const uint32_t across = (columns + panel.columns - 1) / panel.columns, down = (rows + panel.rows - 1) / panel.rows;
    return rows * across + columns * down;
  };
  for (uint32_t rows = 1; rows < 12; ++rows)
    for (uint32_t columns = 1; columns < 12; ++columns)
      for (const uint32_t room : {3u, 8u, 21u, 60u}) {
        uint32_t least = ~0u;
        for (uint32_t r = 1; r <= rows; ++r)
          for (uint32_t c = 1; c <= columns; ++c)
            if (r * c + r + c <= room) least = std::min(least, brought(rows, columns, {r, c}));
        const Panel chosen = choose_panel(rows, columns, 7, room);
        EXPECT_EQ(brought(rows, columns, chosen), least) << rows << " x " << columns << " in " << room;
        EXPECT_LE(chosen.rows * chosen.columns + chosen.rows + chosen.columns, room);
      }
}

TEST(Panels, SumSideBySideAndHandFinishedTilesToWhatFollows) {
  const Graph graph = testing::graph_of(R"(
tensors:
  x: {shape: [64, 64], role: input}
  r: {shape: [64, 64], role: input}
  w: {shape: [64, 64], role: constant}
  y: {role: output}
operators:
  - {op: matmul, name: mm, inputs: [x, w], output: p}
  - {op: add, name: sum, inputs: [r, p], output: y}
)");
  const direct::TensorViews views = direct::view_tensors(graph);
  const std::vector<FusedGroup> groups = fuse_epilogues(graph);
  std::vector<Chain> chains = chain_panels(graph, views, groups);
  ASSERT_EQ(chains.size(), 1u);
  ASSERT_TRUE(chains[0].by_panels);
  chains[0].panel = {2, 1};
  const MicroProgram program = *tile_groups(graph, views, groups, chains, {});
  std::string text;
  for (const MicroOp& op : program.ops) {
    if (op.kind == MicroKind::kStore) text += "store " + describe(graph, program, op.index) + "; ";
    if (op.kind != MicroKind::kCompute) continue;
    const Compute& call = program.computes[op.index];
    text += std::string(call.kernel) + " " + std::to_string(call.m) + std::to_string(call.n) + std::to_string(call.k) +
            "; ";
  }
  EXPECT_EQ(text,
            "matmul 000; matmul 100; matmul 001; add 000; store y(0, 0); matmul 101; add 100; store y(1, 0); "
            "matmul 010; matmul 110; matmul 011; add 010; store y(0, 1); matmul 111; add 110; store y(1, 1); ");
}

// ---- issuing ----------------------------------------------------------------------------

// Two products in a row, each on a piece of its own: the weights of the second need not wait
// until what the first one made is stored and comes back.
TEST(IssueLoads, LetsWeightsGoAheadOfWhatIsNotStoredYet) {
  const TileStream two(testing::mlp_graph(32, {32, 32, 32}));
  const PlacedProgram placed = *two.pinned(16, Victim::kFarthestNextUse);
  const auto loads = [&](const PlacedProgram& program) {
    std::string text;
    for (const PlacedOp& op : program.ops)
      if (op.kind == PlacedKind::kLoad) text += describe(two.graph, two.program, op.index) + " ";
    return text;
  };
  const Machine machine = testing::engine_machine(1 << 20, 1, 1, 5);
  EXPECT_EQ(loads(placed), "x(0, 0) w1(0, 0) t2(0, 0) w2(0, 0) ");
  const PlacedProgram issued = issue_loads(two.graph, two.program, placed, machine, 8);
  EXPECT_EQ(loads(issued), "x(0, 0) w1(0, 0) w2(0, 0) t2(0, 0) ");
  EXPECT_EQ(predict_makespan(two.graph, two.program, placed, machine).makespan, 2 + 5 + 1 + 2 + 5 + 1);
  EXPECT_EQ(predict_makespan(two.graph, two.program, issued, machine).makespan, 2 + 5 + 1 + 1 + 5 + 1);
  EXPECT_EQ(loads(issue_loads(two.graph, two.program, placed, machine, 0)), loads(placed));
}

TEST(IssueLoads, GoesNoFurtherAheadThanAsked) {
  const TileStream mlp(testing::small_mlp());
  const PlacedProgram placed = *mlp.pinned(64, Victim::kFarthestNextUse);
  const Machine machine = testing::engine_machine(1 << 20, 1, 1, 100);
  for (const uint32_t products : {1u, 3u, 8u}) {
    const PlacedProgram issued = issue_loads(mlp.graph, mlp.program, placed, machine, products);
    std::vector<uint32_t> first_use(mlp.program.pieces.size(), ~0u), loaded(mlp.program.pieces.size(), 0);
    uint32_t computes = 0;
    for (const PlacedOp& op : placed.ops) {
      if (op.kind == PlacedKind::kLoad) first_use[op.index] = computes;
      computes += op.kind == PlacedKind::kCompute;
    }
    computes = 0;
    for (const PlacedOp& op : issued.ops) {
      if (op.kind == PlacedKind::kLoad) {
        EXPECT_GE(computes + products, first_use[op.index]);
      }
      computes += op.kind == PlacedKind::kCompute;
    }
  }
}

TEST(Reserve, GivesLoadsPlacesThatNobodyUsesAnyMore) {
  const TileStream mlp(testing::square_mlp());
  PinnedOptions options;
  options.scratch_bytes = 16 * kTileBytes;
  const Machine machine = testing::engine_machine(1 << 20, 1, 1, 1.725);
  const auto makespan = [&](const PlacedProgram& placed) {
    return predict_makespan(mlp.graph, mlp.program, issue_loads(mlp.graph, mlp.program, placed, machine, 8), machine)
        .makespan;
  };
  const PlacedProgram full = *place_pinned(mlp.graph, mlp.program, options);
  options.reserve_bytes = 4 * kTileBytes;
  const PlacedProgram roomy = *place_pinned(mlp.graph, mlp.program, options);
  EXPECT_GT(roomy.stats.loads, full.stats.loads) << "what is dropped early comes again";
  EXPECT_LE(roomy.stats.extent_bytes, 16 * kTileBytes);
  EXPECT_LT(makespan(roomy), makespan(full)) << "but nobody waits for it";
}

// ---- the bound --------------------------------------------------------------------------

TEST(MakespanBound, CountsEachEngineByItselfAndWhatComesFromOutsideOnce) {
  const TileStream mlp(testing::small_mlp());  // 44 products, 27 tiles from outside, 4 to it
  const auto bound = [&](double product, uint32_t engines_out, uint32_t lanes = 1) {
    Machine machine = testing::engine_machine(1 << 20, 1, engines_out, product);
    return bound_makespan(mlp.graph, mlp.program, machine, lanes);
  };
  EXPECT_NEAR(bound(1.725, 0), 75.9, 1e-9);
  EXPECT_NEAR(bound(0.1, 1), 27, 1e-9);
  EXPECT_NEAR(bound(0.1, 0), 31, 1e-9) << "one engine copies both ways";
  EXPECT_NEAR(bound(1.725, 1, 4), 75.9 / 4, 1e-9);
}

// Two products read the same weights by tiles that overlap: their bytes come once.
TEST(MakespanBound, CountsBytesOfOverlappingPiecesOnce) {
  const Graph graph = testing::graph_of(R"(
tensors:
  x: {shape: [64, 64], role: input}
  y: {role: output}
operators:
  - {op: softmax, name: rows, inputs: [x], output: s}
  - {op: mul, name: both, inputs: [s, x], output: y}
)");
  const TileStream rows(graph);
  Machine machine = testing::engine_machine(1 << 20);
  machine.costs = {{"copy", 0, 0, 1}};
  std::set<uint32_t> shapes;
  for (const Piece& piece : rows.program.pieces)
    if (piece.tensor == 0) shapes.insert(piece.box.extent[1]);
  ASSERT_EQ(shapes, (std::set<uint32_t>{32, 64})) << "whole rows, and tiles";
  EXPECT_EQ(bound_makespan(graph, rows.program, machine, 1), 2.0 * (64 * 64 * 4) * 2) << "x in, y out";
}

// ---- whole plans ------------------------------------------------------------------------

// 128 tokens through a block of GPT-2 small: 28 MB of weights through 256 KiB of scratch.
TEST(StagedPrefill, BringsEachWeightOnceAndKeepsTheProductsBusy) {
  const Graph graph = testing::library_graph("gpt2-block-128");
  const Plan plan = faithful_plan(graph, staged_machine("emulated"));
  EXPECT_LE(testing::makespan_ratio(plan), 1.02);
  EXPECT_NEAR(plan.summary.bounds.back().value, 27648 * 1.725, 1e-6) << "the products, one after another";
  EXPECT_EQ(plan.summary.computes, 27904u);
  EXPECT_EQ(plan.summary.loads, 10752u);
  EXPECT_EQ(plan.summary.stores, 923u);
  const std::map<std::string, uint64_t> brought = bytes_brought(plan.schedule);
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.role == TensorRole::kConstant && tensor.shape.size() == 2) {
      EXPECT_EQ(brought.at(tensor.name), uint64_t{tensor.shape[0]} * tensor.shape[1] * 4) << tensor.name;
    }
  // merged and narrow_sum are added to what they belong to while they lie in scratch.
  EXPECT_EQ(spilled(plan.schedule),
            (std::set<std::string>{"normal1", "qkv_all", "heads", "middle", "normal2", "bent"}));
}

TEST(StagedPrefill, OfTheTinySiblingIsBoundByItsWeights) {
  const Graph graph = testing::library_graph("gpt2-tiny-prefill");
  const Plan plan = faithful_plan(graph, staged_machine("emulated"));
  EXPECT_LE(testing::makespan_ratio(plan), 1.05);
  EXPECT_EQ(plan.summary.loads, 179u);
  EXPECT_EQ(plan.summary.stores, 16u);
  const std::map<std::string, uint64_t> brought = bytes_brought(plan.schedule);
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.role == TensorRole::kConstant && tensor.name.find(".weight") != std::string::npos) {
      EXPECT_EQ(brought.at(tensor.name), uint64_t{tensor.shape[0]} * tensor.shape[1] * 4) << tensor.name;
    }
  EXPECT_EQ(spilled(plan.schedule), (std::set<std::string>{"h0.qkv", "h1.qkv"})) << "keys and values go to the cache";
}

}  // namespace
}  // namespace rondo
