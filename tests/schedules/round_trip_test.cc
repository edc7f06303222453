// Both forms say the same, and each has one way to say it.
#include <gtest/gtest.h>
#include "rondo/load.h"
#include "tests/schedules/random_schedule.h"
#include "tests/sweep.h"

namespace rondo {
namespace {

using testing::random_schedule;
using testing::same_tables;

constexpr uint64_t kSeeds = testing::swept(1500, 3);

TEST(RoundTrip, EveryRandomScheduleIsStructurallyValid) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Status status = check_structure(random_schedule(seed));
    ASSERT_TRUE(status.ok()) << "seed " << seed << ": " << status.error().to_string();
  }
}

TEST(RoundTrip, BinaryGivesBackEveryTable) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Schedule schedule = random_schedule(seed);
    const std::vector<std::byte> bytes = write_binary(schedule);
    const Result<Schedule> again = parse_binary(bytes);
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << again.error().to_string();
    ASSERT_TRUE(same_tables(schedule, *again)) << "seed " << seed;
    ASSERT_EQ(bytes, write_binary(*again)) << "seed " << seed;
  }
}

TEST(RoundTrip, TextGivesBackEveryTable) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Schedule schedule = random_schedule(seed);
    const std::string text = print_text(schedule);
    const Result<Schedule> again = parse_text(text);
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << again.error().to_string() << "\n" << text;
    ASSERT_TRUE(same_tables(schedule, *again)) << "seed " << seed << "\n" << text << print_text(*again);
    ASSERT_EQ(text, print_text(*again)) << "seed " << seed;
    ASSERT_EQ(digest_of(schedule), digest_of(*again));
  }
}

}  // namespace
}  // namespace rondo
