// B01: what is made to cost much is refused by count, naming an op.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "perf/verify/adversaries.h"
#include "schedules/builder/builder.h"
#include "schedules/verify/budget.h"
#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::ElementsAre;

TEST(Budget, IsAMultipleOfOperandsAndNamesTheOpThatPassesIt) {
  proof::Budget budget(64, 10);
  EXPECT_EQ(budget.limit(), 64u * 10 + (1u << 20));
  EXPECT_TRUE(budget.spend(budget.limit(), 1));
  EXPECT_FALSE(budget.spend(1, 2));
  EXPECT_FALSE(budget.spend(1, 3));
  EXPECT_EQ(budget.op(), 2u);
  EXPECT_EQ(budget.left(), 0u);
}

class Adversaries : public ::testing::TestWithParam<perf::Adversary> {};

// A hundred thousand ops: enough to pass the limit where the cost is quadratic.
TEST_P(Adversaries, AreRefusedByCountOrAreCheap) {
  const perf::Adversary& adversary = GetParam();
  const Verification verification = verify(adversary.make(100000));
  const Report& report = verification.report;
  if (adversary.refused) {
    ASSERT_EQ(report.findings.size(), 1u) << ::testing::PrintToString(lines_of(report));
    EXPECT_EQ(report.findings[0].rule, "B01");
    EXPECT_NE(report.findings[0].ops[0], kNone);
    EXPECT_FALSE(verification.schedule.has_value());
  } else {
    EXPECT_TRUE(report.safe) << ::testing::PrintToString(lines_of(report));
    EXPECT_LE(report.work_units, report.work_limit);
  }
}

INSTANTIATE_TEST_SUITE_P(Verify, Adversaries, ::testing::ValuesIn(perf::adversaries()),
                         [](const auto& test) { return std::string(test.param.name); });

// One arena, `turns` layouts one after another: rows of another pitch each time, written
// and read in tiles.
Schedule layouts_in_turn(uint32_t turns) {
  constexpr uint32_t kRows = 96, kBytes = kRows * 640, kTiles = 4;
  ScheduleBuilder builder;
  const uint16_t space = builder.space("s", SpaceKind::kScratch, kBytes);
  const uint16_t host = builder.space("h", SpaceKind::kHost, uint64_t{1} << 30);
  const uint16_t arena = builder.arena("a", space, kBytes);
  const uint16_t kept = builder.arena("kept", host, kBytes);
  const uint16_t in = builder.binding("in", Role::kInput, DType::kU8, {kRows, 640});
  const uint32_t stream = builder.stream("s", 0, Engine::kCompute);
  for (uint32_t turn = 0; turn < turns; ++turn) {
    builder.phase("turn " + std::to_string(turn));
    const int64_t pitch = 200 + turn;
    for (const bool out : {false, true})
      for (uint32_t tile = 0; tile < 8 * kTiles; ++tile) {
        const uint32_t width = static_cast<uint32_t>(pitch) / kTiles;
        const uint64_t column = uint64_t{tile % kTiles} * width;
        const uint32_t view = builder.view(DType::kU8, {kRows, width}, {pitch, 1});
        const OperandSpec there{arena, column, view, out ? Access::kRead : Access::kWrite};
        const OperandSpec other{out ? kept : in, column, view, out ? Access::kWrite : Access::kRead};
        OpSpec op;
        op.kernel = "copy";
        op.operands = {out ? there : other, out ? other : there};
        op.phase = static_cast<uint16_t>(turn);
        builder.add(stream, op);
      }
  }
  return builder.finish();
}

TEST(Budget, ServesManyLayoutsInTurnOfOneArena) {
  const Schedule schedule = layouts_in_turn(400);
  const Verification verification = verify(schedule);
  EXPECT_TRUE(verification.report.safe) << ::testing::PrintToString(lines_of(verification.report));
  EXPECT_LT(verification.report.work_units, 32 * schedule.operands.size());
  // Cut once, along the edges of all of them, every tile is single rows of crumbs.
  const Verification at_once = verify(schedule, {.era_operands = 1u << 30});
  ASSERT_EQ(at_once.report.findings.size(), 1u);
  EXPECT_EQ(at_once.report.findings[0].rule, "B01");
}

TEST(Budget, SaysHowMuchWasAllowed) {
  VerifyOptions options;
  options.work_multiple = 0;
  const Verification verification = verify(perf::adversaries()[0].make(20000), options);
  EXPECT_THAT(lines_of(verification.report),
              ElementsAre("B01 op 6963 (stream s) takes verification beyond 1,048,576 units of work (40,000 operands): "
                          "the file is too complex"));
  EXPECT_GT(verification.report.work_units, verification.report.work_limit);
}

}  // namespace
}  // namespace rondo
