// Files of format version 1 stay readable, and printing them changes no byte.
#include "tests/schedules/golden.h"
#include <gtest/gtest.h>
#include "schedules/binary/sections.h"
#include "tests/schedules/random_schedule.h"

namespace rondo {
namespace {

using namespace rondo::testing;

class GoldenFile : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Version1, GoldenFile, ::testing::ValuesIn(kGoldenFiles),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(GoldenFile, LoadsFromBothFormsToTheSameTables) {
  const std::string name = GetParam();
  const Result<Schedule> binary = load(kGoldenFolder + name + ".rondo");
  ASSERT_TRUE(binary.ok()) << binary.error().to_string();
  const Result<Schedule> text = load(kGoldenFolder + name + ".yaml");
  ASSERT_TRUE(text.ok()) << text.error().to_string();
  EXPECT_TRUE(same_tables(*binary, *text));
  EXPECT_EQ(digest_of(*binary), digest_of(*text));
}

TEST_P(GoldenFile, PrintsAsItIs) {
  const std::string name = GetParam();
  const Result<Schedule> schedule = load(kGoldenFolder + name + ".yaml");
  ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
  EXPECT_EQ(print_text(*schedule), golden_text(name + ".yaml"));
  EXPECT_EQ(write_binary(*schedule), golden_bytes(name + ".rondo"));
}

TEST(GoldenFiles, UseEveryTable) {
  const Result<Schedule> schedule = load(kGoldenFolder + "v1_every_table.yaml");
  ASSERT_TRUE(schedule.ok());
  for_each_table(*schedule, [](Table table, const auto& records) {
    EXPECT_FALSE(records.empty()) << kSections[static_cast<size_t>(table)].member;
  });
}

// The digest is an identity kept in caches and reports: it may not drift.
TEST(GoldenFiles, KeepTheirDigest) {
  EXPECT_EQ(digest_of(*load(kGoldenFolder + "v1_every_table.rondo")),
            "3739d9bf2a33a7581dc0ddd011db8ec5bdba7c0fbf30739f57f2ad6cd3c0cf33");
}

TEST(GoldenFiles, KnowTheLinesOfTheirOps) {
  const Result<Schedule> schedule = load(kGoldenFolder + "v1_every_table.yaml");
  ASSERT_TRUE(schedule.ok());
  ASSERT_EQ(schedule->op_lines.size(), schedule->ops.size());
  const std::string text = golden_text("v1_every_table.yaml");
  uint32_t line = 1;
  size_t at = 0;
  for (; line < schedule->op_lines[4]; ++line) at = text.find('\n', at) + 1;
  EXPECT_EQ(text.substr(at, 22), "      matmul a=own+0:v");
}

}  // namespace
}  // namespace rondo
