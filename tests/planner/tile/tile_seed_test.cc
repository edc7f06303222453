// Policy seed-first-fit against the published streams: every address, every
// count, and the two ways in which it is known to fail.
#include <gtest/gtest.h>
#include <fstream>
#include <sstream>
#include "rondo/plan.h"
#include "rondo/verify.h"
#include "tests/planner/tile/stream_text.h"
#include "tests/planner/tile/tile_stream.h"

namespace rondo {
namespace {

using testing::TileStream;

constexpr const char* kMlpDigest = "ab257349ae99541f472e8b0da3033e4922afe47a328ab86b04093cf1c1cc6168";
constexpr const char* kMlpLabelledDigest = "f2099d826b660bd43e75ccd428ff25a450eee248b0a8e7fdb4688a27d929ca08";
constexpr const char* kSquareDigest = "aff236f7556b26b777fab039d904b98749e4754caecdd5ba28bd0f879c530a9f";

std::vector<std::string> text(const TileStream& stream, const tiling::PlacedProgram& placed) {
  return testing::stream_text(stream.graph, stream.groups, stream.program, placed);
}

TEST(SeedFirstFit, ReproducesThePublishedMlpStream) {
  const TileStream mlp(testing::small_mlp());
  EXPECT_EQ(mlp.program.ops.size(), 148u);
  const auto placed = mlp.seed(64);
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
  EXPECT_EQ(testing::stream_digest(text(mlp, *placed)), kMlpDigest);
}

TEST(SeedFirstFit, LabelsBuffersWithoutMovingAnything) {
  const TileStream mlp(testing::small_mlp());
  const auto plain = mlp.seed(64), labelled = mlp.seed(64, true);
  ASSERT_TRUE(plain.ok() && labelled.ok());
  EXPECT_EQ(testing::stream_digest(text(mlp, *labelled)), kMlpLabelledDigest);
  ASSERT_EQ(plain->allocations.size(), labelled->allocations.size());
  for (size_t i = 0; i < plain->allocations.size(); ++i)
    EXPECT_EQ(plain->allocations[i].offset_bytes, labelled->allocations[i].offset_bytes);
}

TEST(SeedFirstFit, ReproducesThePublishedStreamOfThreeSquareLayers) {
  const TileStream square(testing::square_mlp());
  EXPECT_EQ(square.program.ops.size(), 624u);
  const auto placed = square.seed(64);
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(placed->ops.size(), 336u);
  EXPECT_EQ(placed->stats.loads, 96u);
  EXPECT_EQ(placed->stats.computes, 192u);
  EXPECT_EQ(placed->stats.stores, 48u);
  EXPECT_EQ(placed->stats.eliminated, 288u);
  EXPECT_EQ(placed->stats.peak_bytes, 86016u);
  EXPECT_EQ(testing::stream_digest(text(square, *placed)), kSquareDigest);
}

// The lines of one "text" array of the golden file; its strings hold no escapes.
std::vector<std::string> golden_lines(const std::string& json, const std::string& key) {
  std::vector<std::string> lines;
  size_t at = json.find("\"text\"", json.find("\"" + key + "\""));
  const size_t end = json.find(']', json.find("4096B", at) == std::string::npos ? at : json.find("\n  ]", at));
  for (at = json.find('[', at); (at = json.find('"', at + 1)) < end;) {
    const size_t close = json.find('"', at + 1);
    lines.push_back(json.substr(at + 1, close - at - 1));
    at = close;
  }
  return lines;
}

TEST(SeedFirstFit, AgreesWithTheGoldenFileLineByLine) {
  std::ifstream file(RONDO_SOURCE_DIR "/../shared/data/replay/golden.json");
  if (!file) GTEST_SKIP() << "the golden file is not part of the repository; the digests above stand for it";
  std::stringstream json;
  json << file.rdbuf();
  const TileStream mlp(testing::small_mlp());
  for (const bool label : {false, true}) {
    const std::vector<std::string> expected = golden_lines(json.str(), label ? "mlp_db" : "mlp");
    ASSERT_EQ(expected.size(), 99u);
    EXPECT_EQ(text(mlp, *mlp.seed(64, label)), expected);
  }
}

// ---- as a plan --------------------------------------------------------------

PlanOptions seed_options(uint64_t tiles) {
  PlanOptions options;
  options.staging = Staging::kStaged;
  options.policy = PlacementPolicy::kSeedFirstFit;
  options.scratch_bytes = tiles * testing::kTileBytes;
  return options;
}

TEST(SeedPlan, IsFaithfulWhereScratchSuffices) {
  const Machine machine = testing::engine_machine(1 << 20);
  const auto plan = plan_tiles(testing::small_mlp(), machine, seed_options(64));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->summary.micro_ops, 148u);
  EXPECT_EQ(plan->summary.ops, 99u);
  EXPECT_EQ(plan->summary.loads_eliminated, 49u);
  EXPECT_EQ(plan->summary.peak_bytes, 53248u);
  EXPECT_EQ(plan->summary.live_at_end_bytes, 0u);
  EXPECT_EQ(plan->summary.flops, 2883584u);
  EXPECT_EQ(plan->summary.bytes_moved, 225280u);
  EXPECT_NEAR(plan->summary.sequential / plan->summary.makespan, 1.103, 0.0005);
  const Verification checked = verify(plan->schedule);
  EXPECT_TRUE(checked.report.faithful()) << checked.report.summary();
}

TEST(SeedPlan, AtNineTilesLandsAResultOnItsOperandAndTheVerifierNamesIt) {
  const Machine machine = testing::engine_machine(1 << 20, 0);  // one stream: op numbers are those of the list
  const auto plan = plan_tiles(testing::small_mlp(), machine, seed_options(9));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->summary.loads, 60u);
  EXPECT_EQ(plan->summary.evictions, 24u);
  const Verification checked = verify(plan->schedule);
  EXPECT_FALSE(checked.report.safe);
  EXPECT_FALSE(checked.schedule.has_value());
  bool named = false;
  for (const Finding& finding : checked.report.findings) named |= finding.rule == "A01" && finding.ops[0] == 14;
  EXPECT_TRUE(named) << checked.report.summary();
}

TEST(SeedPlan, LandsAResultOnItsOperandAtSeventeenTilesOfTheSquareLayers) {
  const Machine machine = testing::engine_machine(1 << 20, 0);
  const auto plan = plan_tiles(testing::square_mlp(), machine, seed_options(17));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const Verification checked = verify(plan->schedule);
  bool named = false;
  for (const Finding& finding : checked.report.findings) named |= finding.rule == "A01" && finding.ops[0] == 32;
  EXPECT_TRUE(named) << checked.report.summary();
}

TEST(SeedPlan, GivesUpAtThreeToSixTilesSayingWhatWorks) {
  const Machine machine = testing::engine_machine(1 << 20);
  const char* const pieces[] = {"x(0, 2)", "w1(2, 0)", "x(0, 3)", "w1(3, 0)"};
  for (uint64_t tiles = 3; tiles <= 6; ++tiles) {
    const auto plan = plan_tiles(testing::small_mlp(), machine, seed_options(tiles));
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().code, ErrorCode::kDoesNotFit);
    const std::string bytes = tiling::with_commas(tiles * testing::kTileBytes);
    EXPECT_EQ(plan.error().message, std::string("policy seed-first-fit cannot place ") + pieces[tiles - 3] + ": " +
                                        bytes + " of " + bytes +
                                        " bytes are live and the oldest allocation is a result; matmul '" +
                                        testing::small_mlp().operators[0].name +
                                        "' needs at least 12,288 bytes of scratch (3 tiles of 4,096)");
  }
}

TEST(SeedPlan, WithBufferLabelsIsRefusedBecauseTheLabelsDenyTheAddresses) {
  PlanOptions options = seed_options(64);
  options.double_buffer_labels = true;
  const auto plan = plan_tiles(testing::small_mlp(), testing::engine_machine(1 << 20), options);
  ASSERT_TRUE(plan.ok());
  const Verification checked = verify(plan->schedule);
  EXPECT_TRUE(checked.report.safe);
  EXPECT_FALSE(checked.report.faithful());
  bool labels = false;
  for (const Finding& finding : checked.report.findings) labels |= finding.rule == "H10";
  EXPECT_TRUE(labels) << checked.report.summary();
}

}  // namespace
}  // namespace rondo
