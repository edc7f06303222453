// The passes one by one, on inputs small enough to check by eye.
#include <gtest/gtest.h>
#include "planner/tile/assign_streams.h"
#include "planner/tile/drop_dead_stores.h"
#include "planner/tile/drop_unread_ops.h"
#include "planner/tile/find_conflicts.h"
#include "planner/tile/hoist_loads.h"
#include "planner/tile/place_one_by_one.h"
#include "planner/tile/rotate_slots.h"
#include "planner/tile/scratch_allocator.h"
#include "tests/planner/tile/stream_text.h"
#include "tests/planner/tile/tile_stream.h"

namespace rondo {
namespace {

using namespace tiling;
using testing::kTileBytes;
using testing::TileStream;

// ---- the allocator ------------------------------------------------------------

TEST(ScratchAllocator, TakesTheLowestHoleThatFits) {
  ScratchAllocator scratch(1024, ScratchAllocator::Fit::kFirst);
  EXPECT_EQ(*scratch.allocate(100), 0u);  // rounded to 128
  EXPECT_EQ(*scratch.allocate(64), 128u);
  EXPECT_EQ(*scratch.allocate(256), 192u);
  scratch.release(0, 100);
  scratch.release(192, 256);
  EXPECT_EQ(*scratch.allocate(64), 0u);
  EXPECT_EQ(*scratch.allocate(128), 192u);  // 64 bytes at 64 are too few
  EXPECT_EQ(scratch.peak_bytes(), 448u);
  EXPECT_EQ(scratch.extent_bytes(), 448u);
}

TEST(ScratchAllocator, TakesTheSmallestHoleUnderBestFit) {
  ScratchAllocator scratch(1024, ScratchAllocator::Fit::kBest);
  for (int i = 0; i < 4; ++i) (void)scratch.allocate(i == 1 ? 128 : 192);  // 0, 192, 320, 512
  scratch.release(0, 192);
  scratch.release(320, 192);
  EXPECT_EQ(*scratch.allocate(256), 704u);
  EXPECT_EQ(*scratch.allocate(64), 960u);
  EXPECT_EQ(*scratch.allocate(192), 0u);
}

TEST(ScratchAllocator, JoinsNeighboursAndRefusesWhatDoesNotFit) {
  ScratchAllocator scratch(256, ScratchAllocator::Fit::kFirst);
  for (int i = 0; i < 4; ++i) (void)scratch.allocate(64);
  EXPECT_FALSE(scratch.allocate(1).has_value());
  scratch.release(64, 64);
  scratch.release(192, 64);
  EXPECT_FALSE(scratch.allocate(128).has_value());
  scratch.release(128, 64);
  EXPECT_EQ(*scratch.allocate(192), 64u);
  EXPECT_EQ(scratch.live_bytes(), 256u);
}

// ---- tiling ---------------------------------------------------------------------

Graph product(uint32_t m, uint32_t k, uint32_t n) { return testing::mlp_graph(m, {k, n}); }

std::string ops_text(const TileStream& stream) {
  std::string text;
  for (const MicroOp& op : stream.program.ops) {
    const Compute* compute = op.kind == MicroKind::kCompute ? &stream.program.computes[op.index] : nullptr;
    if (op.kind == MicroKind::kAsk) text += describe(stream.graph, stream.program, op.index) + " ";
    if (compute)
      text += std::string(compute->kernel) + ((compute->flags & kOpInit) ? " init" : "") +
              ((compute->flags & kOpFinal) ? " final" : "") + "; ";
    if (op.kind == MicroKind::kStore) text += "store " + describe(stream.graph, stream.program, op.index) + "; ";
  }
  return text;
}

TEST(TileGroups, AsksForBothTilesOfEachProductAndStoresTheFinishedSum) {
  EXPECT_EQ(ops_text(TileStream(product(32, 64, 64))),
            "x(0, 0) w1(0, 0) matmul init; x(0, 1) w1(1, 0) matmul final; store t1(0, 0); "
            "x(0, 0) w1(0, 1) matmul init; x(0, 1) w1(1, 1) matmul final; store t1(0, 1); ");
}

TEST(TileGroups, CutsRaggedEdgesIntoSmallerTilesWithoutPadding) {
  const TileStream ragged(product(33, 40, 35));
  uint64_t elements = 0;
  for (const Piece& piece : ragged.program.pieces)
    if (ragged.graph.tensors[piece.tensor].name == "x") elements += piece.bytes / 4;
  EXPECT_EQ(elements, 33u * 40u);
  EXPECT_EQ(ragged.program.computes.size(), 8u);
}

TEST(TileGroups, AsksForABiasOnlyWhereTheSumEnds) {
  Graph graph;
  graph.tensors = {{.name = "x", .role = TensorRole::kInput, .shape = {32, 64}},
                   {.name = "w", .role = TensorRole::kConstant, .shape = {64, 32}},
                   {.name = "h"},
                   {.name = "b", .role = TensorRole::kConstant, .shape = {32}},
                   {.name = "y", .role = TensorRole::kOutput}};
  graph.operators = {{.kind = OperatorKind::kMatmul, .inputs = {0, 1}, .output = 2},
                     {.kind = OperatorKind::kBias, .inputs = {2, 3}, .output = 4}};
  ASSERT_TRUE(finish_graph(graph).ok());
  EXPECT_EQ(ops_text(TileStream(graph)),
            "x(0, 0) w(0, 0) matmul init; b(0) x(0, 1) w(1, 0) matmul final; store y(0, 0); ");
}

// x -> layer_norm -> matmul: the norm wants whole rows, so the chain holds whole rows.
TEST(TileGroups, HoldsWholeRowsWhereAGroupOfTheChainNeedsThem) {
  Graph graph;
  graph.tensors = {{.name = "x", .role = TensorRole::kInput, .shape = {40, 64}},
                   {.name = "g", .role = TensorRole::kConstant, .shape = {64}},
                   {.name = "b", .role = TensorRole::kConstant, .shape = {64}},
                   {.name = "h"},
                   {.name = "w", .role = TensorRole::kConstant, .shape = {64, 32}},
                   {.name = "y", .role = TensorRole::kOutput}};
  graph.operators = {{.kind = OperatorKind::kLayerNorm, .inputs = {0, 1, 2}, .output = 3},
                     {.kind = OperatorKind::kMatmul, .inputs = {3, 4}, .output = 5}};
  ASSERT_TRUE(finish_graph(graph).ok());
  EXPECT_EQ(ops_text(TileStream(graph, 2)),
            "x(0, 0) g(0) b(0) layer_norm; h(0, 0) w(0, 0) matmul init; h(0, 0) w(1, 0) matmul final; store y(0, 0); "
            "x(1, 0) g(0) b(0) layer_norm; h(1, 0) w(0, 0) matmul init; h(1, 0) w(1, 0) matmul final; store y(1, 0); ");
}

TEST(ChainGroups, DoNotChainThroughAnOperandThatIsReadWhole) {
  // scores = q k^T where k = x w: every row of the scores needs all rows of k.
  Graph graph;
  graph.tensors = {{.name = "x", .role = TensorRole::kInput, .shape = {64, 32}},
                   {.name = "w", .role = TensorRole::kConstant, .shape = {32, 32}},
                   {.name = "k"},
                   {.name = "s"},
                   {.name = "p", .role = TensorRole::kOutput}};
  graph.operators = {{.kind = OperatorKind::kMatmul, .inputs = {0, 1}, .output = 2},
                     {.kind = OperatorKind::kMatmul, .inputs = {0, 2}, .output = 3, .transpose_b = true},
                     {.kind = OperatorKind::kSoftmax, .inputs = {3}, .output = 4}};
  ASSERT_TRUE(finish_graph(graph).ok());
  const std::vector<Chain> chains = chain_groups(graph, direct::view_tensors(graph), fuse_epilogues(graph), 8);
  ASSERT_EQ(chains.size(), 2u);
  EXPECT_EQ(chains[0].groups, (std::vector<uint32_t>{0}));
  EXPECT_EQ(chains[1].groups, (std::vector<uint32_t>{1, 2}));
}

// ---- what nobody reads ----------------------------------------------------------------

// One row of eight columns a piece, each with one stay: loads, copies of columns from
// piece to piece by a kernel, stores.
class PlacedRow {
 public:
  void load(uint32_t piece) { place({.kind = PlacedKind::kLoad, .index = piece}, {piece}); }
  void store(uint32_t piece) { place({.kind = PlacedKind::kStore, .index = piece}, {piece}); }
  // to == kInMemory: the kernel writes into memory.
  void call(uint32_t from, uint32_t to, uint32_t first, uint32_t count) {
    const uint32_t index = static_cast<uint32_t>(micro.computes.size());
    micro.ops.push_back({.kind = MicroKind::kAsk, .index = from});
    micro.ops.push_back({.kind = MicroKind::kCompute, .index = index});
    micro.computes.push_back({.kernel = "relu",
                              .first_use = static_cast<uint32_t>(micro.uses.size()),
                              .use_count = 2,
                              .result = 1,
                              .n = index});
    micro.uses.push_back({.piece = from, .box = columns(first, count)});
    micro.uses.push_back({.piece = to == kInMemory ? kNone : to, .box = columns(first, count)});
    place({.kind = PlacedKind::kCompute, .index = index}, {from, to});
  }
  // What is left, in order: "load 0; call 1; store 2; ".
  std::string left() {
    placed.stats.asked = micro.computes.size();
    placed.stats.eliminated = placed.stats.asked - placed.stats.loads;
    drop_unread_ops(micro, placed);
    std::string text;
    for (const PlacedOp& op : placed.ops)
      text += (op.kind == PlacedKind::kLoad      ? "load "
               : op.kind == PlacedKind::kCompute ? "call "
                                                 : "store ") +
              std::to_string(op.index) + "; ";
    return text;
  }

  MicroProgram micro;
  PlacedProgram placed;

 private:
  static Box columns(uint32_t first, uint32_t count) { return {.low = {0, first}, .extent = {1, count, 1, 1}}; }
  void place(PlacedOp op, const std::vector<uint32_t>& stays) {
    for (const uint32_t stay : stays)
      while (stay != kInMemory && placed.allocations.size() <= stay) {
        micro.pieces.push_back({.box = columns(0, 8), .bytes = 32});
        placed.allocations.push_back({.piece = static_cast<uint32_t>(placed.allocations.size()), .bytes = 32});
      }
    op.first_place = static_cast<uint32_t>(placed.places.size());
    placed.places.insert(placed.places.end(), stays.begin(), stays.end());
    placed.ops.push_back(op);
    placed.stats.loads += op.kind == PlacedKind::kLoad;
    placed.stats.computes += op.kind == PlacedKind::kCompute;
    placed.stats.stores += op.kind == PlacedKind::kStore;
  }
};

TEST(DropUnreadOps, TakesCallsAndTheLoadsThatOnlyTheyRead) {
  PlacedRow row;
  row.load(0);
  row.load(1);
  row.call(0, 2, 0, 8);  // nobody reads 2
  row.call(1, 3, 0, 8);
  row.store(3);
  EXPECT_EQ(row.left(), "load 1; call 1; store 3; ");
  EXPECT_EQ(row.placed.stats.loads, 1u);
  EXPECT_EQ(row.placed.stats.computes, 1u);
  EXPECT_EQ(row.placed.stats.asked, 1u);
  EXPECT_EQ(row.placed.stats.eliminated, 0u);
  EXPECT_EQ(row.placed.places, (std::vector<uint32_t>{1, 1, 3, 3}));
  ASSERT_EQ(row.micro.ops.size(), 2u);  // its ask went with the call
  EXPECT_EQ(row.micro.ops[0].index, 1u);
}

TEST(DropUnreadOps, KeepsACallOfWhichOneColumnIsRead) {
  PlacedRow row;
  row.load(0);
  row.call(0, 1, 0, 3);
  row.call(0, 1, 3, 3);
  row.call(0, 1, 6, 2);  // columns that the next does not read
  row.call(1, 2, 2, 2);
  row.store(2);
  EXPECT_EQ(row.left(), "load 0; call 0; call 1; call 3; store 2; ");
}

TEST(DropUnreadOps, FollowsChainsToTheirBeginning) {
  PlacedRow row;
  row.load(0);
  row.call(0, 1, 0, 8);
  row.call(1, 2, 0, 8);
  row.call(2, 3, 0, 8);
  EXPECT_EQ(row.left(), "");
  EXPECT_TRUE(row.micro.ops.empty());
}

TEST(DropUnreadOps, KeepsWhatIsWrittenIntoMemory) {
  PlacedRow row;
  row.load(0);
  row.call(0, 1, 0, 8);
  row.call(1, kInMemory, 0, 8);
  EXPECT_EQ(row.left(), "load 0; call 0; call 1; ");
}

// ---- placement --------------------------------------------------------------------

TEST(PlacePinned, CountsAHitAsAUse) {
  // At 10 tiles an untouched allocation order and a true one differ (53 loads, not 47).
  const TileStream mlp(testing::small_mlp());
  EXPECT_EQ(mlp.pinned(10, Victim::kLeastRecentlyUsed)->stats.loads, 53u);
}

TEST(PlacePinned, NeedsTheThreeTilesOfOneProductAndNoMore) {
  const TileStream mlp(testing::small_mlp());
  const auto two = mlp.pinned(2, Victim::kFarthestNextUse);
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().message, "cannot place t2(0, 0) (4,096 bytes): 8,192 of 8,192 bytes are pinned");
  EXPECT_TRUE(mlp.pinned(3, Victim::kFarthestNextUse).ok());
}

TEST(PlaceOneByOne, WorksInExactlyWhatTheLargestCallNeeds) {
  const TileStream ragged(product(33, 70, 45));
  const uint64_t least = bytes_at_once(ragged.program, ragged.program.computes[largest_compute(ragged.program)]);
  EXPECT_EQ(least, 3 * kTileBytes);
  const PlacedProgram placed = place_one_by_one(ragged.program);
  EXPECT_EQ(placed.stats.extent_bytes, least);
  EXPECT_EQ(placed.stats.loads + placed.stats.eliminated, placed.stats.asked);
}

TEST(DropDeadStores, KeepsWhatIsLoadedAgainAndWhatTheGraphGivesOut) {
  const TileStream mlp(testing::small_mlp());
  const PlacedProgram reloading = *mlp.pinned(13, Victim::kFarthestNextUse);
  EXPECT_EQ(drop_dead_stores(mlp.graph, mlp.program, reloading).stats.stores, 16u);
  const PlacedProgram kept = *mlp.pinned(64, Victim::kFarthestNextUse, true);
  const PlacedProgram dropped = drop_dead_stores(mlp.graph, mlp.program, kept);
  EXPECT_EQ(dropped.stats.stores, 4u);
  EXPECT_EQ(dropped.ops.size(), kept.ops.size() - 12);
}

// ---- order --------------------------------------------------------------------------

// The place of every load and product after the passes, for one product of two steps:
//   load x0, load w0, product, load x1, load w1, product, store
TEST(HoistLoads, MovesLoadsBeforeProductsButNeverPastTheirSlot) {
  const TileStream one(product(32, 64, 32));
  const PlacedProgram tight = *one.pinned(3, Victim::kFarthestNextUse);
  const auto kinds = [](const PlacedProgram& placed) {
    std::string text;
    for (const PlacedOp& op : placed.ops) text += "LPS"[static_cast<int>(op.kind)];
    return text;
  };
  EXPECT_EQ(kinds(tight), "LLPLLPS");
  EXPECT_EQ(kinds(hoist_loads(one.program, tight, 8)), "LLPLLPS") << "three slots: both are in use";
  const PlacedProgram roomy = rotate_slots(*one.pinned(8, Victim::kFarthestNextUse), 8 * kTileBytes);
  EXPECT_EQ(kinds(hoist_loads(one.program, roomy, 8)), "LLLLPPS");
  EXPECT_EQ(kinds(hoist_loads(one.program, roomy, 0)), "LLPLLPS");
}

TEST(AssignStreams, WaitsOnceForTheLatestOfWhatAProductNeeds) {
  const TileStream one(product(32, 64, 32));
  const PlacedProgram placed =
      hoist_loads(one.program, rotate_slots(*one.pinned(8, Victim::kFarthestNextUse), 8 * kTileBytes), 8);
  const StreamProgram two = assign_streams(one.graph, one.program, placed, testing::engine_machine(1 << 20));
  ASSERT_EQ(two.streams.size(), 2u);
  EXPECT_EQ(two.streams[0].engine, Engine::kCopyIn);
  EXPECT_EQ(two.streams[0].ops.size(), 5u);  // four loads and the store
  EXPECT_EQ(two.streams[1].ops.size(), 2u);
  EXPECT_EQ(two.tokens, 2u);
  EXPECT_EQ(two.waits, 3u);  // each product for its second load, the store for the last product
  EXPECT_EQ(two.streams[1].ops[0].waits, (std::vector<Wait>{{0, 1}}));
  EXPECT_EQ(two.streams[1].ops[1].waits, (std::vector<Wait>{{0, 2}}));
  EXPECT_EQ(two.streams[0].ops[4].waits, (std::vector<Wait>{{1, 1}}));
}

TEST(AssignStreams, NeedsNoTokenWhereOneStreamDoesEverything) {
  const TileStream mlp(testing::small_mlp());
  const StreamProgram one = assign_streams(mlp.graph, mlp.program, *mlp.seed(64), testing::engine_machine(1 << 20, 0));
  ASSERT_EQ(one.streams.size(), 1u);
  EXPECT_EQ(one.streams[0].ops.size(), 99u);
  EXPECT_EQ(one.tokens, 0u);
  EXPECT_EQ(one.waits, 0u);
}

TEST(AssignStreams, DealsCopiesThatOverlapToAFewTokensInTurn) {
  const TileStream mlp(testing::small_mlp());
  Machine machine = testing::engine_machine(1 << 20);
  machine.copy_in_flight = 4;
  const PlacedProgram placed = *mlp.pinned(13, Victim::kFarthestNextUse);
  const StreamProgram streams = assign_streams(mlp.graph, mlp.program, placed, machine);
  EXPECT_EQ(streams.streams[0].in_flight, 4u);
  EXPECT_EQ(streams.streams[1].in_flight, 1u);
  EXPECT_EQ(streams.tokens, 8u + 1u);  // for the copies, and of the products for the copies
  for (size_t i = 0; i < streams.streams[0].ops.size(); ++i)
    EXPECT_EQ(streams.streams[0].ops[i].signals, (std::vector<uint32_t>{static_cast<uint32_t>(i % 8)}));
}

}  // namespace
}  // namespace rondo
