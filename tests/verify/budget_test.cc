// B01: what is made to cost much is refused by count, naming an op.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "perf/verify/adversaries.h"
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

TEST(Budget, SaysHowMuchWasAllowed) {
  VerifyOptions options;
  options.work_multiple = 0;
  const Verification verification = verify(perf::adversaries()[0].make(20000), options);
  EXPECT_THAT(
      lines_of(verification.report),
      ElementsAre("B01 op 10070 (stream s) takes verification beyond 1,048,576 units of work (40,000 operands): "
                  "the file is too complex"));
  EXPECT_GT(verification.report.work_units, verification.report.work_limit);
}

}  // namespace
}  // namespace rondo
