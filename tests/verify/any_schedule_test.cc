// verify() answers for whatever the structural check lets through.
#include <gtest/gtest.h>

#include <set>

#include "tests/schedules/random_schedule.h"
#include "tests/sweep.h"
#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

TEST(Verify, AnswersForAnyStructurallySoundSchedule) {
  uint64_t with_findings = 0;
  for (uint64_t seed = 1; seed <= testing::swept(5000); ++seed) {
    const Verification verification = verify(testing::random_schedule(seed));
    EXPECT_EQ(verification.report.safe && verification.report.findings.empty(), verification.schedule.has_value());
    for (const Finding& finding : verification.report.findings) {
      EXPECT_FALSE(finding.rule.empty());
      EXPECT_FALSE(finding.message.empty());
      EXPECT_NE(finding.rule[0], 'F') << finding.message;
    }
    with_findings += !verification.report.findings.empty();
  }
  EXPECT_GT(with_findings, testing::swept(4000));  // they mean nothing
}

TEST(Verify, SaysTheSameTwice) {
  for (uint64_t seed = 1; seed <= testing::swept(200); ++seed) {
    const Schedule schedule = testing::random_schedule(seed);
    const Report first = verify(schedule).report, second = verify(schedule).report;
    EXPECT_EQ(lines_of(first), lines_of(second));
    EXPECT_EQ(first.work_units, second.work_units);
    EXPECT_EQ(first.digest, second.digest);
  }
}

TEST(Verify, FindsTheSameHoweverMemoryIsCut) {
  const auto rules = [](const Report& report) {
    std::set<std::string_view> found;
    for (const Finding& finding : report.findings) found.insert(finding.rule);
    return found;
  };
  for (uint64_t seed = 1; seed <= testing::swept(2000); ++seed) {
    const Schedule schedule = testing::random_schedule(seed);
    const auto era = static_cast<uint32_t>(1 + seed % 5);
    EXPECT_EQ(rules(verify(schedule).report),
              rules(verify(schedule, {.era_operands = era, .always_in_eras = true}).report))
        << "seed " << seed;
  }
}

TEST(Verify, RefusesTablesThatAreNoSchedule) {
  Schedule schedule = testing::random_schedule(1);
  schedule.members.clear();
  const Verification verification = verify(schedule);
  ASSERT_EQ(verification.report.findings.size(), 1u);
  EXPECT_EQ(verification.report.findings[0].rule, "F01");
  EXPECT_EQ(verification.report.findings[0].message, "no member: a file holds at least 1 schedule");
  EXPECT_EQ(verification.report.digest, "");
}

}  // namespace
}  // namespace rondo
