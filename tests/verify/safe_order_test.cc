// Tokens, hang, races: T01, H08, H01, and the canonical order they are judged in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedules/order/canonical_order.h"
#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Fills the output, so that what a test is about is all there is to find.
const char* const kFillY = "copy src=x+0:v0 dst=y+0:v0";

TEST(CanonicalOrder, TakesStreamsInTurnAndWakesAWholeQueue) {
  //  s0: sync, wait t0>=1 | s1: wait t0>=1, sync | s2: signal t0, sync
  const auto parsed = parse_text(World().text({{"name: s0", "sync\nsync wait=t0>=1\nsync"},
                                               {"name: s1", "sync wait=t0>=1\nsync"},
                                               {"name: s2", "sync signal=t0\nsync"}}));
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  const CanonicalOrder order = canonical_order(*parsed, Part::kReplay);
  EXPECT_THAT(order.ops, ElementsAre(0u, 5u, 6u, 1u, 2u, 3u, 4u));
  EXPECT_THAT(order.stuck, IsEmpty());
  EXPECT_EQ(order.steps, 7u + 5u);
  EXPECT_THAT(canonical_order(*parsed, Part::kPrepare).ops, IsEmpty());
}

TEST(CanonicalOrder, StopsAtItsLimit) {
  const auto parsed = parse_text(World().text({{"name: s0", "sync\nsync\nsync"}}));
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(canonical_order(*parsed, Part::kReplay, 0).too_complex);
  EXPECT_FALSE(canonical_order(*parsed, Part::kReplay, 4).too_complex);
}

TEST(Hang, RefusesAWaitForMoreSignalsThanAreSent) {
  EXPECT_THAT(World().findings({{"name: s", "sync signal=t0"}, {"name: u", "sync wait=t0>=2"}}),
              ElementsAre("H08 op 1 (stream u) waits for 2 signals of t0, which counts 1 and is not signalled again"));
  EXPECT_THAT(World().findings({{"name: s", std::string("sync signal=t0\n") + kFillY}, {"name: u", "sync wait=t0>=1"}}),
              IsEmpty());
}

TEST(Hang, NamesBothOpsThatWaitForEachOther) {
  EXPECT_THAT(
      World().findings({{"name: s", "sync wait=t1>=1 signal=t0"}, {"name: u", "sync wait=t0>=1 signal=t1"}}),
      ElementsAre("H08 op 0 (stream s) waits for 1 signals of t1, which counts 0; the next signal is that of op 1 "
                  "(stream u), which is never issued",
                  "H08 op 1 (stream u) waits for 1 signals of t0, which counts 0; the next signal is that of op 0 "
                  "(stream s), which is never issued"));
}

TEST(Hang, RefusesAnOpThatWaitsForItself) {
  EXPECT_THAT(World().findings({{"name: s", "sync wait=t0>=1 signal=t0"}}),
              ElementsAre("H08 op 0 (stream s) waits for 1 signals of t0, which counts 0 and would be signalled by the "
                          "op itself"));
}

TEST(Tokens, HaveOneSignallingStreamOrAreJoins) {
  const StreamText fill = {"name: f", kFillY};
  EXPECT_THAT(World().findings({{"name: s", "sync signal=t0"}, {"name: u", "sync signal=t0"}, fill}),
              ElementsAre("T01 op 1 (stream u) signals t0, and so does op 0 (stream s): a token that is not a join has "
                          "one signalling stream"));
  EXPECT_THAT(World().findings({{"name: s", "sync signal=t3"}, {"name: u", "sync signal=t3"}, fill}), IsEmpty());
}

// Hole 1 of the language notes: a count of 1 says that some signal came, not whose.
//   s: write a, signal t      u: signal t      v: wait t >= 1, read a
TEST(Tokens, RefuseToTakeSomeSignalForOneSignal) {
  const std::vector<StreamText> streams = {{"name: s", "copy src=x+0:v0 dst=a+0:v0 signal=t3"},
                                           {"name: u", "sync signal=t3"},
                                           {"name: v", "copy src=a+0:v0 dst=y+0:v0 wait=t3>=1"}};
  EXPECT_THAT(World().findings(streams),
              ElementsAre("T01 op 2 (stream v) waits for 1 of the 2 signals of t3, a join is waited for in full"));
  std::vector<StreamText> in_full = streams;
  in_full[2].ops = "copy src=a+0:v0 dst=y+0:v0 wait=t3>=2";
  EXPECT_THAT(World().findings(in_full), IsEmpty());
}

TEST(Tokens, StayInTheirPartAndScope) {
  const StreamText fill = {"name: f", kFillY};
  EXPECT_THAT(World().findings({{"name: s, part: prepare", "sync signal=t0"}, fill}),
              ElementsAre("T01 op 0 (stream s) in prepare signals t0, a token of replay"));
  World world;
  world.lanes = "2";
  const std::vector<StreamText> across = {{"name: s", "sync signal=t0"}, {"name: u, lane: 1", "sync wait=t0>=1"}, fill};
  EXPECT_THAT(world.findings(across), ElementsAre("T01 t0 has scope lane and is used from lanes 0 to 1"));
  world.tokens = "  t0: device\n";
  EXPECT_THAT(world.findings(across), IsEmpty());
}

TEST(Tokens, OfAStreamThatOverlapsItsOpsAreSignalledInOrder) {
  const std::string two = "copy src=x+0:v1 dst=a+0:v1 signal=t0\ncopy src=x+32:v1 dst=a+32:v1 signal=t0";
  const std::string fill = std::string("\n") + kFillY;
  EXPECT_THAT(World().findings({{"name: s, in_flight: 2", two}, {"name: f", kFillY}}),
              ElementsAre("T01 op 1 (stream s) signals t0 after op 0 (stream s), which need not have completed: the "
                          "stream has in_flight 2"));
  EXPECT_THAT(World().findings({{"name: s, in_flight: 1", two}, {"name: f", kFillY}}), IsEmpty());
  // A consumer between them orders them.
  EXPECT_THAT(World().findings({{"name: s, in_flight: 2",
                                 "copy src=x+0:v1 dst=a+0:v1 signal=t0\n"
                                 "copy src=x+32:v1 dst=a+32:v1 wait=t1>=1 signal=t0"},
                                {"name: f", "sync wait=t0>=1 signal=t1" + fill}}),
              IsEmpty());
}

//   in:  load slot 0 -> t0, load slot 1 -> t0, load slot 0 when t1 >= 1 -> t0, ...
TEST(Tokens, HoldTheWindowTheyClaim) {
  const auto findings = [](const std::string& window) {
    World world;
    world.tokens = "  t0: lane window " + window + "\n  t1: lane\n";
    return world.findings({{"name: in",
                            "copy src=x+0:v1 dst=a+0:v1 signal=t0\n"
                            "copy src=x+0:v1 dst=a+32:v1 signal=t0\n"
                            "copy src=x+0:v1 dst=a+0:v1 wait=t1>=1 signal=t0"},
                           {"name: out",
                            "copy src=a+0:v1 dst=y+0:v1 wait=t0>=1 signal=t1\n"
                            "copy src=a+32:v1 dst=y+32:v1 wait=t0>=2 signal=t1\n"
                            "copy src=a+0:v1 dst=y+0:v1 wait=t0>=3 signal=t1"}});
  };
  EXPECT_THAT(findings("2"), IsEmpty());
  EXPECT_THAT(findings("1"),
              ElementsAre("T01 op 1 (stream in) may signal t0 more than its window of 1 ahead of op 3 (stream out)",
                          "T01 op 2 (stream in) may signal t0 more than its window of 1 ahead of op 4 (stream out)"));
}

TEST(Race, RefusesAReadThatDoesNotWaitForTheWrite) {
  EXPECT_THAT(World().findings(
                  {{"name: in", "copy src=x+0:v0 dst=a+0:v0 signal=t0"}, {"name: out", "copy src=a+0:v0 dst=y+0:v0"}}),
              ElementsAre("H01 op 1 (stream out) reads bytes [0, 64) of arena 'a' that op 0 (stream in) writes, and "
                          "neither is before the other"));
  EXPECT_THAT(World().findings({{"name: in", "copy src=x+0:v0 dst=a+0:v0 signal=t0"},
                                {"name: out", "copy src=a+0:v0 dst=y+0:v0 wait=t0>=1"}}),
              IsEmpty());
}

TEST(Race, IsAMatterOfBytesNotOfSpans) {
  // Two columns of four rows beside two others: the rows interleave, the bytes do not.
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v4 dst=y+0:v4"}, {"name: u", "copy src=x+8:v4 dst=y+8:v4"}}),
              IsEmpty());
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v4 dst=y+0:v4\ncopy src=x+4:v4 dst=y+4:v4"},
                                {"name: u", "copy src=x+8:v4 dst=y+8:v4"}}),
              ElementsAre("H01 op 2 (stream u) writes bytes [8, 12) of output 'y' that op 1 (stream s) writes, and "
                          "neither is before the other"));
}

TEST(Race, RefusesARefillBeforeTheReaderIsDone) {
  const auto findings = [](const std::string& refill, const std::string& read_signal) {
    return World().findings(
        {{"name: in", "copy src=x+0:v1 dst=a+0:v1 signal=t0\ncopy src=x+32:v1 dst=a+0:v1" + refill},
         {"name: out", "copy src=a+0:v1 dst=y+0:v1 wait=t0>=1 signal=" + read_signal + "\n" + kFillY}});
  };
  EXPECT_THAT(findings(" signal=t0", "t1"),
              ElementsAre("H01 op 2 (stream out) reads bytes [0, 32) of arena 'a' that op 1 (stream in) writes, and "
                          "neither is before the other"));
  EXPECT_THAT(findings(" wait=t1>=1 signal=t0", "t1"), IsEmpty());
  EXPECT_THAT(findings(" wait=t1>=1 signal=t0", "t1.read"), IsEmpty());
}

TEST(Race, ReadSignalsSayNothingOfWrites) {
  const auto findings = [](const std::string& signal) {
    return World().findings({{"name: in", "copy src=x+0:v0 dst=a+0:v0 signal=" + signal},
                             {"name: out", "copy src=a+0:v0 dst=y+0:v0 wait=t0>=1"}});
  };
  EXPECT_THAT(findings("t0.read"),
              ElementsAre("H01 op 1 (stream out) reads bytes [0, 64) of arena 'a' that op 0 (stream in) writes, and "
                          "neither is before the other"));
  EXPECT_THAT(findings("t0"), IsEmpty());
}

// Hole 14: with several ops in flight, the order of issue is no order of completion.
TEST(Race, StreamOrderIsNoOrderWithOpsInFlight) {
  const std::string ops = "copy src=x+0:v0 dst=a+0:v0\ncopy src=a+0:v0 dst=y+0:v0";
  EXPECT_THAT(World().findings({{"name: s, in_flight: 2", ops}}),
              ElementsAre("H01 op 1 (stream s) reads bytes [0, 64) of arena 'a' that op 0 (stream s) writes, and "
                          "neither is before the other"));
  EXPECT_THAT(World().findings({{"name: s", ops}}), IsEmpty());
  EXPECT_THAT(World().findings({{"name: s, in_flight: 2",
                                 "copy src=x+0:v0 dst=a+0:v0 signal=t0\n"
                                 "copy src=a+0:v0 dst=y+0:v0 wait=t0>=1"}}),
              IsEmpty());
}

TEST(Race, WhatIsKnownAtTheStartOfAnOpIsKnownToThoseIssuedAfterIt) {
  EXPECT_THAT(World().findings({{"name: in", "copy src=x+0:v0 dst=a+0:v0 signal=t0"},
                                {"name: s, in_flight: 4", "sync wait=t0>=1\ncopy src=a+0:v0 dst=y+0:v0"}}),
              IsEmpty());
}

TEST(Race, JoinsOfAStreamThatOverlapsItsOpsAreKnownInFull) {
  const auto findings = [](const std::string& second) {
    return World().findings(
        {{"name: in, in_flight: 2", "copy src=x+0:v1 dst=a+0:v1 signal=t3\ncopy src=x+32:v1 dst=a+32:v1" + second},
         {"name: out", "copy src=a+0:v0 dst=y+0:v0 wait=t3>=" + std::string(second.empty() ? "1" : "2")}});
  };
  EXPECT_THAT(findings(" signal=t3"), IsEmpty());
  EXPECT_THAT(findings(""), ElementsAre("H01 op 2 (stream out) reads bytes [32, 64) of arena 'a' that op 1 (stream in) "
                                        "writes, and neither is before the other"));
}

// Found by the oracle: op 2 reads in place what op 1 reads, and both only signal t3.
TEST(Race, AnOpOfAJoinDoesNotStandForItselfWhereItWrites) {
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v0 dst=a+0:v0 signal=t0"},
                                {"name: u, in_flight: 2", "copy src=a+0:v0 dst=y+0:v0 wait=t0>=1 signal=t3"},
                                {"name: v, in_flight: 2", "relu x=a+0:v0 y=a+0:v0 wait=t0>=1 signal=t3"}}),
              ElementsAre("H01 op 2 (stream v) writes bytes [0, 64) of arena 'a' that op 1 (stream u) reads, and "
                          "neither is before the other"));
}

}  // namespace
}  // namespace rondo
