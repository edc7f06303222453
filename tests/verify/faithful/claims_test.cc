// Claims, counted by hand and compared with what `verify` says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>
#include "rondo/verify.h"
#include "schedules/builder/builder.h"
#include "tests/verify/mutators/pipeline.h"

namespace rondo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// One tile of two steps:  load a0 b0 a1 b1 | mm mm relu | store
//
//   load     a0 b0 a1 b1                     copies cost 1, products 1.725, relu 0.5
//   compute       mm1--mm2--relu-            mm1 begins at 2, mm2 at 4 (b1 arrives)
//   store                        y           4 + 1.725 + 0.5 + 1 = 7.225
Schedule two_steps() {
  Schedule schedule = tiled_product({.m = 2, .k = 4, .n = 2, .tile = 2});
  schedule.claims.clear();
  return schedule;
}

Claim claim(ClaimKind kind, uint64_t value, uint16_t a = 0, uint16_t b = 0) {
  Claim made;
  made.kind = static_cast<uint16_t>(kind);
  made.a = a;
  made.b = b;
  made.value = value;
  return made;
}

std::vector<std::string> said_of(Schedule schedule, std::vector<Claim> claims) {
  schedule.claims = std::move(claims);
  std::vector<std::string> messages;
  for (const Finding& finding : verify(std::move(schedule)).report.findings)
    messages.push_back(std::string(finding.rule) + " " + finding.message);
  return messages;
}

constexpr uint16_t kHost = 0, kScratch = 1, kTiles = 0;

TEST(Claims, HoldWhereTheyAreCountedRight) {
  EXPECT_THAT(said_of(two_steps(), {claim(ClaimKind::kOps, 8), claim(ClaimKind::kCopies, 5),
                                    claim(ClaimKind::kBytesMoved, 4 * 16, kHost, kScratch),
                                    claim(ClaimKind::kBytesMoved, 16, kScratch, kHost),
                                    claim(ClaimKind::kBytesMoved, 0, kHost, kHost),
                                    claim(ClaimKind::kFlops, 2 * (2 * 2 * 2 * 2) + 4), claim(ClaimKind::kPrepareOps, 0),
                                    claim(ClaimKind::kMakespan, std::bit_cast<uint64_t>(7.225)),
                                    // 2 + 2 reads of tiles, bias, z; less 4 loads
                                    claim(ClaimKind::kLoadsEliminated, 6 - 4)}),
              IsEmpty());
}

// Rings of two slots of 16 bytes: c at 0, a at 32, b at 64; slot 1 of c is never used.
TEST(Claims, OfPeaksFollowTheCanonicalOrder) {
  // The loads run ahead: all four tiles are live when the first product writes c.
  EXPECT_THAT(
      said_of(two_steps(), {claim(ClaimKind::kExtentPeak, 96, kTiles), claim(ClaimKind::kLivePeak, 80, kTiles)}),
      IsEmpty());
}

TEST(Claims, SayWhatIsCountedWhereTheyAreFalse) {
  EXPECT_THAT(said_of(two_steps(), {claim(ClaimKind::kOps, 9)}),
              ElementsAre("K05 the file claims 9 ops in the replay, counted are 8"));
  EXPECT_THAT(said_of(two_steps(), {claim(ClaimKind::kBytesMoved, 63, kHost, kScratch)}),
              ElementsAre("K05 the file claims 63 bytes moved from space 'host' to space 'scratch', counted are 64"));
  EXPECT_THAT(said_of(two_steps(), {claim(ClaimKind::kMakespan, std::bit_cast<uint64_t>(7.0))}),
              ElementsAre("K05 the file claims a makespan of 7, it is 7.225"));
  EXPECT_THAT(said_of(two_steps(), {claim(ClaimKind::kLivePeak, 64, kTiles)}),
              ElementsAre("M11 the file claims 64 bytes of arena 'tiles' live at once, counted are 80"));
}

// Two streams of one engine take turns in its queue; on two engines they do not.
TEST(Claims, OfMakespanServeOneOpAtATimeInEachQueue) {
  for (bool one_queue : {true, false}) {
    ScheduleBuilder builder;
    builder.space("scratch", SpaceKind::kScratch, 64);
    uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {8});
    uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {8});
    builder.phase("p");
    uint32_t half = builder.view(DType::kF32, {4}, {4});
    for (uint64_t part : {0, 1}) {
      Engine engine = one_queue || part == 0 ? Engine::kCopyIn : Engine::kCompute;
      uint32_t stream = builder.stream(part == 0 ? "low" : "high", 0, engine);
      builder.add(stream,
                  {.kernel = "copy",
                   .operands = {{.base = x, .offset_bytes = part * 16, .view = half},
                                {.base = y, .offset_bytes = part * 16, .view = half, .access = Access::kWrite}}});
    }
    builder.cost("copy", 1, 0, 0.125);  // 32 bytes read and written: 1 + 4
    double makespan = one_queue ? 10 : 5;
    EXPECT_THAT(said_of(builder.finish(), {claim(ClaimKind::kMakespan, std::bit_cast<uint64_t>(makespan))}), IsEmpty());
  }
}

TEST(Claims, AreStatedWhereTheFileLacksTheMeans) {
  Schedule no_costs = two_steps();
  no_costs.costs.pop_back();  // relu has none
  no_costs.claims = {claim(ClaimKind::kMakespan, std::bit_cast<uint64_t>(1.0)), claim(ClaimKind::kLowerBound, 0)};
  Report report = verify(std::move(no_costs)).report;
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.claims_stated, 2u);
  EXPECT_EQ(report.summary(),
            "safe: yes \u00b7 values: 19 agree \u00b7 claims: 0 of 0 hold, 2 stated \u00b7 graph: not compared");
}

TEST(Claims, AreCheckedInFilesWithoutValues) {
  Schedule unlabelled = two_steps();
  unlabelled.labels.clear();
  unlabelled.claims = {claim(ClaimKind::kOps, 7), claim(ClaimKind::kLoadsEliminated, 100)};
  Verification verification = verify(std::move(unlabelled));
  EXPECT_TRUE(verification.report.safe);
  EXPECT_FALSE(verification.report.values_carried);
  EXPECT_EQ(verification.report.claims_false, 1u);
  EXPECT_EQ(verification.report.claims_stated, 1u);
  EXPECT_FALSE(verification.schedule.has_value()) << "a false claim keeps a safe file from running";
}

TEST(TiledProducts, AreFaithfulInEveryShape) {
  for (uint32_t m : {1u, 4u, 5u})
    for (uint32_t k : {1u, 4u, 11u})
      for (uint32_t n : {1u, 7u, 9u})
        for (uint32_t depth : {1u, 2u, 3u})
          for (bool packed : {false, true}) {
            Schedule schedule = tiled_product({.m = m, .k = k, .n = n, .tile = 4, .depth = depth, .packed = packed});
            Report report = verify(std::move(schedule)).report;
            EXPECT_TRUE(report.faithful()) << m << "x" << k << "x" << n << " depth " << depth << " packed " << packed
                                           << ": " << (report.findings.empty() ? "" : report.findings[0].message);
          }
}

}  // namespace
}  // namespace rondo
