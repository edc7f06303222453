// The published tables of loads, evictions and makespans, row by row.
#include <gtest/gtest.h>
#include "planner/tile/bound_placement.h"
#include "planner/tile/find_conflicts.h"
#include "planner/tile/hoist_loads.h"
#include "planner/tile/place_one_by_one.h"
#include "planner/tile/predict_makespan.h"
#include "planner/tile/rotate_slots.h"
#include "tests/planner/tile/tile_stream.h"

namespace rondo {
namespace {

using namespace tiling;
using testing::kTileBytes;
using testing::TileStream;

struct Counts {
  uint64_t loads = 0, evictions = 0;  // 0 loads: does not fit
};
struct Row {
  uint64_t tiles;
  Counts seed, lru, belady;
};

constexpr Row kMlpRows[] = {
    {3, {}, {85, 46}, {85, 46}},       {4, {}, {78, 39}, {71, 32}},       {5, {}, {77, 38}, {66, 27}},
    {6, {}, {75, 36}, {61, 22}},       {7, {71, 32}, {71, 32}, {57, 18}}, {8, {67, 28}, {67, 28}, {53, 14}},
    {9, {60, 24}, {60, 21}, {49, 10}}, {10, {47, 8}, {53, 14}, {45, 6}},  {11, {46, 7}, {49, 10}, {43, 4}},
    {12, {41, 2}, {45, 6}, {41, 2}},   {13, {39, 0}, {39, 0}, {39, 0}},   {64, {39, 0}, {39, 0}, {39, 0}},
};
constexpr Row kSquareRows[] = {
    {3, {}, {384, 288}, {384, 288}},         {4, {}, {381, 285}, {336, 240}},
    {6, {}, {348, 252}, {240, 144}},         {8, {324, 228}, {324, 228}, {216, 120}},
    {12, {258, 162}, {222, 126}, {168, 72}}, {16, {228, 132}, {210, 114}, {132, 36}},
    {17, {207, 120}, {207, 111}, {123, 27}}, {18, {144, 48}, {186, 90}, {114, 18}},
    {20, {102, 6}, {162, 66}, {102, 6}},     {21, {96, 0}, {96, 0}, {96, 0}},
};

void expect_counts(const Result<PlacedProgram>& placed, const Counts& expected, const char* policy, uint64_t tiles) {
  SCOPED_TRACE(std::string(policy) + " at " + std::to_string(tiles) + " tiles");
  if (expected.loads == 0) {
    ASSERT_FALSE(placed.ok());
    EXPECT_EQ(placed.error().code, ErrorCode::kDoesNotFit);
    return;
  }
  ASSERT_TRUE(placed.ok()) << placed.error().message;
  EXPECT_EQ(placed->stats.loads, expected.loads);
  EXPECT_EQ(placed->stats.evictions, expected.evictions);
  EXPECT_EQ(placed->stats.loads + placed->stats.eliminated, placed->stats.asked);
  EXPECT_EQ(placed->stats.live_at_end_bytes, 0u);
  EXPECT_LE(placed->stats.peak_bytes, tiles * kTileBytes);
}

TEST(PressureTable, HoldsForTheMlpUnderEveryPolicy) {
  const TileStream mlp(testing::small_mlp());
  for (const Row& row : kMlpRows) {
    expect_counts(mlp.seed(row.tiles), row.seed, "seed", row.tiles);
    expect_counts(mlp.pinned(row.tiles, Victim::kLeastRecentlyUsed), row.lru, "lru", row.tiles);
    expect_counts(mlp.pinned(row.tiles, Victim::kFarthestNextUse), row.belady, "farthest next use", row.tiles);
  }
}

TEST(PressureTable, HoldsForThreeSquareLayersUnderEveryPolicy) {
  const TileStream square(testing::square_mlp());
  for (const Row& row : kSquareRows) {
    expect_counts(square.seed(row.tiles), row.seed, "seed", row.tiles);
    expect_counts(square.pinned(row.tiles, Victim::kLeastRecentlyUsed), row.lru, "lru", row.tiles);
    expect_counts(square.pinned(row.tiles, Victim::kFarthestNextUse), row.belady, "farthest next use", row.tiles);
  }
}

TEST(PlacementBounds, AreTheFloorsOfThePublishedGraphs) {
  const TileStream mlp(testing::small_mlp()), square(testing::square_mlp());
  EXPECT_EQ(bound_placement(mlp.program, false).loads, 39u);
  EXPECT_EQ(bound_placement(mlp.program, false).live_bytes, 13 * kTileBytes);
  EXPECT_EQ(bound_placement(square.program, false).loads, 96u);
  EXPECT_EQ(bound_placement(square.program, false).live_bytes, 21 * kTileBytes);
}

TEST(Chaining, LoadsEachTileOnceAndStoresTheLastLayerOnly) {
  const TileStream mlp(testing::small_mlp(), 3), square(testing::square_mlp(), 3);
  const auto chained = mlp.pinned(17, Victim::kFarthestNextUse, true);
  ASSERT_TRUE(chained.ok());
  EXPECT_EQ(chained->stats.loads, 27u);
  EXPECT_EQ(chained->stats.stores, 4u);
  EXPECT_EQ(chained->stats.peak_bytes, 69632u);
  EXPECT_EQ(bound_placement(mlp.program, true).live_bytes, 69632u);
  const auto chained_square = square.pinned(56, Victim::kFarthestNextUse, true);
  ASSERT_TRUE(chained_square.ok());
  EXPECT_EQ(chained_square->stats.loads, 64u);
  EXPECT_EQ(chained_square->stats.stores, 16u);
  EXPECT_EQ(chained_square->stats.peak_bytes, 229376u);
}

// ---- overlap ----------------------------------------------------------------

// Loads that may not start before an earlier product or load has left their slot.
uint64_t reused_slots(const TileStream& stream, const PlacedProgram& placed) {
  const Conflicts conflicts = find_conflicts(stream.graph, stream.program, placed);
  uint64_t count = 0;
  for (size_t i = 0; i < placed.ops.size(); ++i) {
    bool reuses = false;
    for (uint32_t j = conflicts.first[i]; j < conflicts.first[i + 1]; ++j)
      reuses |= placed.ops[conflicts.before[j]].kind != PlacedKind::kStore;
    count += reuses && placed.ops[i].kind == PlacedKind::kLoad;
  }
  return count;
}

TEST(SlotRotation, LeavesNoLoadBehindAProductWhereScratchIsPlenty) {
  const TileStream mlp(testing::small_mlp());
  const PlacedProgram seed = *mlp.seed(64);
  EXPECT_EQ(reused_slots(mlp, seed), 28u);
  const PlacedProgram rotated = rotate_slots(seed, 64 * kTileBytes);
  EXPECT_EQ(reused_slots(mlp, rotated), 0u);
  EXPECT_EQ(rotated.slot_bytes, kTileBytes);
  EXPECT_EQ(rotated.ops.size(), seed.ops.size());
}

struct Span {
  double two_queues, three_queues;
};
Span makespans(const TileStream& stream, const PlacedProgram& placed, double product) {
  const auto span = [&](uint32_t copy_out) {
    return predict_makespan(stream.graph, stream.program, placed,
                            testing::engine_machine(1 << 20, 1, copy_out, product))
        .makespan;
  };
  return {span(0), span(1)};
}
void expect_span(Span found, Span published, const char* what) {
  EXPECT_NEAR(found.two_queues, published.two_queues, 0.051) << what;
  EXPECT_NEAR(found.three_queues, published.three_queues, 0.051) << what;
}

TEST(Overlap, HasThePublishedMakespansForEveryCostOfAProduct) {
  struct Published {
    double product, sequential;
    Span seed, seed_hoisted, rotated, rotated_hoisted_2, rotated_hoisted_8;
  };
  constexpr Published kRows[] = {
      {0.5, 77, {71.5, 58.0}, {68.5, 58.0}, {64.5, 40.5}, {56.5, 40.5}, {55.0, 40.5}},
      {1.0, 99, {89.0, 76.0}, {86.0, 76.0}, {77.0, 50.0}, {60.0, 50.0}, {55.0, 50.0}},
      {1.25, 110, {99.2, 86.2}, {96.2, 86.2}, {87.0, 60.2}, {64.2, 60.2}, {60.2, 60.2}},
      {2.0, 143, {130.0, 117.0}, {127.0, 117.0}, {117.0, 91.0}, {91.0, 91.0}, {91.0, 91.0}},
      {4.0, 231, {218.0, 205.0}, {215.0, 205.0}, {205.0, 179.0}, {179.0, 179.0}, {179.0, 179.0}},
  };
  const TileStream mlp(testing::small_mlp());
  const PlacedProgram seed = *mlp.seed(64), rotated = rotate_slots(seed, 64 * kTileBytes);
  for (const Published& row : kRows) {
    SCOPED_TRACE(row.product);
    const Machine machine = testing::engine_machine(1 << 20, 1, 0, row.product);
    EXPECT_EQ(predict_makespan(mlp.graph, mlp.program, seed, machine).sequential, row.sequential);
    expect_span(makespans(mlp, seed, row.product), row.seed, "seed");
    expect_span(makespans(mlp, hoist_loads(mlp.program, seed, 2), row.product), row.seed_hoisted, "seed, hoisted");
    expect_span(makespans(mlp, rotated, row.product), row.rotated, "rotated");
    expect_span(makespans(mlp, hoist_loads(mlp.program, rotated, 2), row.product), row.rotated_hoisted_2, "rotated, 2");
    expect_span(makespans(mlp, hoist_loads(mlp.program, rotated, 8), row.product), row.rotated_hoisted_8, "rotated, 8");
  }
}

TEST(Overlap, NeedsRotationThenHoistingAndOneSlotMore) {
  const TileStream mlp(testing::small_mlp());
  const PlacedProgram seed = *mlp.seed(64);
  const double sequential = 130.9;
  const auto speed_up = [&](uint64_t slots, uint32_t hoist) {
    const PlacedProgram rotated = hoist_loads(mlp.program, rotate_slots(seed, slots * kTileBytes), hoist);
    return sequential / makespans(mlp, rotated, 1.725).two_queues;
  };
  EXPECT_NEAR(sequential / makespans(mlp, seed, 1.725).two_queues, 1.103, 0.0005);
  EXPECT_NEAR(sequential / makespans(mlp, seed, 1.725).three_queues, 1.238, 0.0005);
  EXPECT_NEAR(speed_up(13, 0), 1.212, 0.0005);
  EXPECT_NEAR(speed_up(13, 1), 1.602, 0.0005);
  EXPECT_NEAR(speed_up(14, 0), 1.235, 0.0005);
  EXPECT_NEAR(speed_up(14, 1), 1.642, 0.0005);
  EXPECT_NEAR(speed_up(64, 8), 1.642, 0.0005);
}

}  // namespace
}  // namespace rondo
