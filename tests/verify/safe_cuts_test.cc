// Cuts, where a launch on a device may end: C01.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Phases p, q, r and a cut before each of the latter two.
World cut_twice() {
  World world;
  world.more_phases = "  - q\n  - r\n";
  world.cuts = "  - q\n  - r\n";
  return world;
}

World uncut() {
  World world = cut_twice();
  world.cuts.clear();
  return world;
}

TEST(Cuts, RefuseToReadScratchThatWasWrittenBeforeOne) {
  const std::vector<StreamText> streams = {
      {"name: s", "copy src=x+0:v0 dst=a+0:v0 phase=p\ncopy src=a+0:v0 dst=y+0:v0 phase=q"}};
  EXPECT_THAT(
      cut_twice().findings(streams),
      ElementsAre("C01 op 1 (stream s): operand 0 (src) reads bytes [0, 64) of arena 'a', which op 0 (stream s) "
                  "wrote before the cut before phase 1 'q': scratch does not outlive a launch"));
  EXPECT_THAT(uncut().findings(streams), IsEmpty());
}

TEST(Cuts, AllowScratchThatIsWrittenAgainAfterOne) {
  EXPECT_THAT(cut_twice().findings({{"name: s", R"(copy src=x+0:v0 dst=a+0:v0 phase=p
                                                   copy src=x+0:v0 dst=a+0:v0 phase=q
                                                   copy src=a+0:v0 dst=y+0:v0 phase=q)"}}),
              IsEmpty());
}

TEST(Cuts, RefuseWhereHalfOfTheScratchIsWrittenAgain) {
  EXPECT_THAT(cut_twice().findings({{"name: s", R"(copy src=x+0:v0 dst=a+0:v0 phase=p
                                                   copy src=x+0:v1 dst=a+0:v1 phase=r
                                                   copy src=a+0:v0 dst=y+0:v0 phase=r)"}}),
              ElementsAre("C01 op 2 (stream s): operand 0 (src) reads bytes [32, 64) of arena 'a', which op 0 (stream "
                          "s) wrote before the cut before phase 1 'q': scratch does not outlive a launch"));
}

TEST(Cuts, LetEverythingElseOutliveThem) {
  World world = cut_twice();
  world.arenas += "  - {name: h, space: host, bytes: 64, align: 64}\n";
  EXPECT_THAT(world.findings({{"name: pack\n    part: prepare", "copy src=w+0:v0 dst=packed+0:v0"},
                              {"name: s", R"(copy src=packed+0:v0 dst=h+0:v0 phase=p
                                             copy src=h+0:v0 dst=y+0:v0 phase=r)"}}),
              IsEmpty());
}

TEST(Cuts, RefuseToWaitForWhatIsSignalledAfterALaterOne) {
  const std::vector<StreamText> streams = {{"name: s", "sync phase=q signal=t0\ncopy src=x+0:v0 dst=y+0:v0 phase=q"},
                                           {"name: u", "sync phase=p wait=t0>=1"}};
  EXPECT_THAT(cut_twice().findings(streams),
              ElementsAre("C01 op 2 (stream u) waits for 1 of t0, which op 0 (stream s) signals after the cut before "
                          "phase 1 'q'"));
  EXPECT_THAT(uncut().findings(streams), IsEmpty());
}

TEST(Cuts, CountWhichSignalAWaitIsFor) {
  const auto waits = [](const char* count) {
    return std::vector<StreamText>{{"name: s", "copy src=x+0:v0 dst=y+0:v0 phase=p signal=t0\nsync phase=r signal=t0"},
                                   {"name: u", std::string("sync phase=q wait=t0>=") + count}};
  };
  EXPECT_THAT(cut_twice().findings(waits("1")), IsEmpty());
  EXPECT_THAT(cut_twice().findings(waits("2")),
              ElementsAre("C01 op 2 (stream u) waits for 2 of t0, which op 1 (stream s) signals after the cut before "
                          "phase 2 'r'"));
}

TEST(Cuts, LookAtEverySignalOfAJoin) {
  const auto joined = [](const char* phase) {
    return std::vector<StreamText>{{"name: s", std::string("sync signal=t3 phase=") + phase},
                                   {"name: u", "copy src=x+0:v0 dst=y+0:v0 phase=p signal=t3"},
                                   {"name: v", "sync phase=q wait=t3>=2"}};
  };
  EXPECT_THAT(cut_twice().findings(joined("q")), IsEmpty());
  EXPECT_THAT(cut_twice().findings(joined("r")),
              ElementsAre("C01 op 2 (stream v) waits for 2 of t3, which op 0 (stream s) signals after the cut before "
                          "phase 2 'r'"));
}

TEST(Cuts, AskForPhasesThatDoNotDecreaseAlongAStream) {
  const std::vector<StreamText> streams = {{"name: s", "sync phase=q\ncopy src=x+0:v0 dst=y+0:v0 phase=p"}};
  EXPECT_THAT(cut_twice().findings(streams),
              ElementsAre("C01 op 1 (stream s) is of phase 0 'p' and follows one of phase 1 'q': the file has cuts"));
  EXPECT_THAT(uncut().findings(streams), IsEmpty());
}

// A scalar may leave the tile as it was before the cut.
TEST(Cuts, RefuseScratchThatAScalarMayLeaveUnwritten) {
  World world = cut_twice();
  world.scalars = "  - {name: n, min: 0, max: 16}\n";
  world.views += "  v6: f32 [16] strides [4] extent[0]<=0+1*n\n";
  EXPECT_THAT(world.findings({{"name: s", R"(copy src=x+0:v0 dst=a+0:v0 phase=p
                                             copy src=x+0:v6 dst=a+0:v6 phase=q
                                             copy src=a+0:v0 dst=y+0:v0 phase=q)"}}),
              ElementsAre(::testing::StartsWith("C01 op 2 (stream s): operand 0 (src) reads bytes [0, ")));
}

}  // namespace
}  // namespace rondo
