// Policy seed-first-fit against the published streams: every address, every
// count, and the two ways in which it is known to fail.
#include <gtest/gtest.h>
#include "planner/tile/chain_groups.h"
#include "planner/tile/place_first_fit.h"
#include "planner/tile/tile_groups.h"
#include "tests/planner/tile/stream_text.h"
#include "tests/planner/tile/tile_graphs.h"

namespace rondo {
namespace {

using namespace rondo::tiling;
using rondo::testing::kTileBytes;

struct Stream {
  Graph graph;
  std::vector<FusedGroup> groups;
  MicroProgram program;

  explicit Stream(Graph of) : graph(std::move(of)), groups(fuse_epilogues(graph)) {
    std::vector<Chain> chains = chain_groups(graph, groups, 1);
    for (Chain& chain : chains) chain.rows = 32;
    program = std::move(*tile_groups(graph, groups, chains, 32));
  }
  Result<PlacedProgram> place(uint64_t scratch_bytes, bool label = false) const {
    return place_first_fit(graph, program, scratch_bytes, label);
  }
  std::string digest(const PlacedProgram& placed) const {
    return testing::stream_digest(testing::stream_text(graph, groups, program, placed));
  }
};

TEST(SeedFirstFit, ReproducesThePublishedMlpStream) {
  const Stream mlp(testing::small_mlp());
  EXPECT_EQ(mlp.program.ops.size(), 148u);
  const auto placed = mlp.place(256 * 1024);
  ASSERT_TRUE(placed.ok()) << placed.error().message;
  EXPECT_EQ(placed->ops.size(), 99u);
  EXPECT_EQ(placed->stats.loads, 39u);
  EXPECT_EQ(placed->stats.computes, 44u);
  EXPECT_EQ(placed->stats.stores, 16u);
  EXPECT_EQ(placed->stats.eliminated, 49u);
  EXPECT_EQ(placed->stats.evictions, 0u);
  EXPECT_EQ(placed->stats.peak_bytes, 53248u);
  EXPECT_EQ(placed->stats.extent_bytes, 53248u);
  EXPECT_EQ(placed->stats.live_at_end_bytes, 0u);
  EXPECT_EQ(mlp.digest(*placed), "ab257349ae99541f472e8b0da3033e4922afe47a328ab86b04093cf1c1cc6168");
}

TEST(SeedFirstFit, LabelsBuffersWithoutMovingAnything) {
  const Stream mlp(testing::small_mlp());
  const auto placed = mlp.place(256 * 1024, true);
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(mlp.digest(*placed), "f2099d826b660bd43e75ccd428ff25a450eee248b0a8e7fdb4688a27d929ca08");
}

TEST(SeedFirstFit, ReproducesThePublishedStreamOfThreeSquareLayers) {
  const Stream square(testing::square_mlp());
  EXPECT_EQ(square.program.ops.size(), 624u);
  const auto placed = square.place(256 * 1024);
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(placed->ops.size(), 336u);
  EXPECT_EQ(placed->stats.loads, 96u);
  EXPECT_EQ(placed->stats.computes, 192u);
  EXPECT_EQ(placed->stats.stores, 48u);
  EXPECT_EQ(placed->stats.eliminated, 288u);
  EXPECT_EQ(placed->stats.peak_bytes, 86016u);
  EXPECT_EQ(square.digest(*placed), "aff236f7556b26b777fab039d904b98749e4754caecdd5ba28bd0f879c530a9f");
}

}  // namespace
}  // namespace rondo
