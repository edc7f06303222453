// Chaos: every order that tokens allow gives the same bits, and a missing token shows.
#include "runtime/workers/chaos.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/runtime/random_lanes.h"
#include "tests/runtime/tables_bench.h"

namespace rondo::runtime {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::random_lanes;
using fixtures::TablesBench;
using fixtures::text_of;

TEST(Chaos, GivesTheBitsOfTheCanonicalOrder) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const VerifiedSchedule verified = proven(random_lanes(seed, {.lanes = 1 + static_cast<uint32_t>(seed % 6)}));
    TablesBench bench(verified.schedule(), verified.order(Part::kReplay));
    const std::vector<std::byte> expected = bench.expected();
    const auto replayer = make_chaos_replayer(bench.schedule, bench.tables, seed + 1);
    for (int replay = 0; replay < 10; ++replay) {
      bench.clear();
      ASSERT_EQ(text_of(replayer->replay({})), "ok");
      ASSERT_EQ(bench.y(), expected) << "seed " << seed << ", replay " << replay;
    }
  }
}

// Each wait of a schedule removed once. Where the verifier refuses the rest, some order
// that the other tokens allow gives other bits; where it does not, none may.
TEST(Chaos, ShowsEveryMissingTokenThatTheVerifierFinds) {
  int refused = 0, shown = 0, redundant = 0;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const VerifiedSchedule verified = proven(random_lanes(seed, {.lanes = 3, .ops = 24, .tiles = 6, .columns = 9}));
    for (uint32_t op = 0; op < verified.schedule().ops.size(); ++op)
      for (int which = 0; which < 2; ++which) {
        Schedule schedule = verified.schedule();
        Wait& wait = schedule.ops[op].waits[which];
        if (wait.token == kNone) continue;
        wait = {};
        const bool safe = verify(schedule).report.safe;
        TablesBench bench(std::move(schedule), verified.order(Part::kReplay));
        const std::vector<std::byte> expected = bench.expected();
        const auto replayer = make_chaos_replayer(bench.schedule, bench.tables, 1);
        bool differs = false;
        for (int replay = 0; replay < 60 && !differs; ++replay) {
          bench.clear();
          ASSERT_EQ(text_of(replayer->replay({})), "ok");
          differs = bench.y() != expected;
        }
        refused += !safe;
        shown += !safe && differs;
        redundant += safe;
        EXPECT_FALSE(safe && differs) << "seed " << seed << ", op " << op;
      }
  }
  // Not every race changes the result: what was overwritten may not be read again.
  RecordProperty("refused", refused);
  RecordProperty("shown", shown);
  EXPECT_GT(refused, 50);
  EXPECT_GE(shown * 2, refused) << shown << " of " << refused << " shown, " << redundant << " redundant";
}

TEST(Chaos, EndsAtAStopAndTellsOfAHang) {
  const VerifiedSchedule verified = proven(random_lanes(5, {.lanes = 3}));
  Schedule schedule = verified.schedule();
  for (Op& op : schedule.ops)
    for (uint32_t& token : op.signals)
      if (token == 0) token = kNone;
  TablesBench bench(std::move(schedule), verified.order(Part::kReplay));
  const auto replayer = make_chaos_replayer(bench.schedule, bench.tables, 3);
  EXPECT_THAT(
      text_of(replayer->replay({})),
      ::testing::MatchesRegex("bug: op [0-9]+ \\([a-z]*\\) of stream 's[0-9]+' waited 0 ms for token [0-9]+ to count "
                              "[0-9]+; it counts [0-9]+ and no worker is busy"));
  const std::atomic<bool> stop{true};
  EXPECT_EQ(text_of(replayer->replay({&stop, {}})),
            "cancelled: the replay was stopped after 0 of " + std::to_string(bench.order.size()) + " ops");
}

TEST(Chaos, ReplaysSessionsOfARuntimeThatAsksForIt) {
  const VerifiedSchedule verified = proven(random_lanes(6));
  std::vector<std::vector<float>> y(3);
  for (int run = 0; run < 3; ++run) {
    Program program = must(Runtime({.chaos_seed = static_cast<uint64_t>(run)}).prepare(verified));
    Session session = must(program.session());
    std::vector<float> x = fixtures::values(program.requirements().bindings[0].bytes / 4, 2);
    y[run].resize(program.requirements().bindings[1].bytes / 4);
    ASSERT_EQ(text_of(session.bind("x", x)), "ok");
    ASSERT_EQ(text_of(session.bind("y", y[run])), "ok");
    ASSERT_EQ(text_of(session.replay()), "ok");
    EXPECT_EQ(y[run], y[0]);
  }
}

}  // namespace
}  // namespace rondo::runtime
