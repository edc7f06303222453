// rondo show: what it prints of a schedule, and conversion between the two forms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <bit>
#include <cstdlib>
#include "tests/tools/small_files.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ShowVerb, TellsWhatAFileIsWithExactBytes) {
  const LayerFolder folder;
  const Ran ran = rondo({"show", "layer.rondo"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("layer.rondo\n  made by  rondo direct planner\n  from     layer.yaml\n"
                                  "  for      host-cpu, backend cpu, 1 lane\n  digest   "));
  EXPECT_THAT(ran.out, HasSubstr("\n  binding  role      type  shape   bytes\n"
                                 "  x        input     f32   [5, 7]    140\n"
                                 "  w        constant  f32   [7, 3]     84\n"
                                 "  b        constant  f32   [3]        12\n"
                                 "  y        output    f32   [5, 3]     60\n"));
  for (const char* part : {"\nArenas: ", "\nStreams: ", "\nPhases: ", "\nClaims: ", "safe: yes"})
    EXPECT_THAT(ran.out, HasSubstr(part));
}

TEST(ShowVerb, ListsOperationsByTheValuesTheyWorkOn) {
  const LayerFolder folder;
  const Ran ran = rondo({"show", "layer.rondo", "--ops"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("a=x[0:5, 0:7]"));
  EXPECT_THAT(ran.out, HasSubstr("c=y[0:5, 0:3]  bias=b[0:3]  init final act=relu"));
  EXPECT_THAT(ran.out, Not(HasSubstr("Streams: ")));
}

TEST(ShowVerb, ListsOperationsByAddressWithoutValues) {
  const LayerFolder folder;
  edit("layer.rondo", "bare.rondo", [](Schedule& schedule) { schedule.labels.clear(); });
  EXPECT_THAT(rondo({"show", "bare.rondo", "--ops"}).out, HasSubstr("a=x+0x0 f32 [5, 7]"));
}

TEST(ShowVerb, DrawsTheTimelineOfEveryStream) {
  const ScratchFolder folder;
  rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", "mlp.rondo", "-q"});
  const Ran ran = rondo({"show", "mlp.rondo", "--timeline"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\ntimeline: 0 to "), HasSubstr("\n  copy    |"), HasSubstr("\n  compute |"),
                             HasSubstr("% busy, 31 ops\n"), HasSubstr("% busy, 44 ops\n"), HasSubstr("|matmul_0")));
}

// The makespan is predicted before lowering, claimed from the tables, and drawn: one number.
TEST(ShowVerb, TimelineEndsAtTheMakespanThatWasPlannedAndClaimed) {
  const ScratchFolder folder;
  const auto number_after = [](const std::string& text, const std::string& key) {
    const size_t at = text.find("\"" + key + "\": ");
    return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + key.size() + 4, nullptr);
  };
  const std::string machines = kLibrary + "machines/";
  for (const std::vector<std::string>& plan : std::vector<std::vector<std::string>>{
           {"mlp.yaml", "tile-accelerator.yaml"},
           {"mlp.yaml", "device-board.yaml"},
           {"mlp.yaml", "emulated.yaml"},
           {"mlp-784-512-512-10.yaml", "device-board.yaml", "--lanes", "3"},
           {"mlp.yaml", "tile-accelerator.yaml", "--planner", "fusion", "--proposals", "100"}}) {
    std::vector<std::string> arguments = {"plan", kLibrary + plan[0], "--machine", machines + plan[1],
                                          "-o",   "a.rondo",          "--json"};
    arguments.insert(arguments.end(), plan.begin() + 2, plan.end());
    const Ran planned = rondo(arguments);
    ASSERT_EQ(planned.code, 0) << planned.err;
    double claimed = -1;
    const Schedule schedule = *load("a.rondo");
    for (const Claim& claim : schedule.claims)
      if (claim.kind == static_cast<uint16_t>(ClaimKind::kMakespan)) claimed = std::bit_cast<double>(claim.value);
    ASSERT_GT(claimed, 0) << plan[0] << " for " << plan[1];
    EXPECT_EQ(number_after(rondo({"show", "a.rondo", "--timeline", "--json"}).out, "end"), claimed);
    // Lanes hear of one another late, which the claim leaves out.
    if (plan.size() == 2) {
      EXPECT_DOUBLE_EQ(number_after(planned.out, "makespan"), claimed) << plan[1];
    }
  }
}

TEST(ShowVerb, DrawsMemoryUpToItsClaimedPeak) {
  const ScratchFolder folder;
  rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", "mlp.rondo", "-q"});
  const Schedule schedule = *load("mlp.rondo");
  uint64_t peak = 0;
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(ClaimKind::kLivePeak)) peak = claim.value;
  const Ran ran = rondo({"show", "mlp.rondo", "--memory", "--json"});
  // The chart counts live bytes on its own and must meet the claim that the verifier checked.
  EXPECT_THAT(ran.out, HasSubstr(std::to_string(peak)));
  EXPECT_THAT(rondo({"show", "mlp.rondo", "--memory"}).out,
              AllOf(HasSubstr("\nmemory: bytes of arena "), HasSubstr("\n  fullest at op ")));
}

TEST(ShowVerb, ConvertsThereAndBackWithoutLoss) {
  const LayerFolder folder;
  const Ran ran = rondo({"show", "layer.rondo", "-o", "a.yaml"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith("wrote a.yaml: "));
  EXPECT_EQ(rondo({"show", "a.yaml", "-o", "b.rondo"}).code, 0);
  EXPECT_EQ(read_bytes("b.rondo"), read_bytes("layer.rondo"));
  EXPECT_EQ(rondo({"show", "b.rondo", "--canonical"}).out, read_bytes("a.yaml"));
  EXPECT_EQ(rondo({"show", "b.rondo", "-o", "-"}).out, read_bytes("a.yaml"));
}

TEST(ShowVerb, WritesNothingOnADryRunOrOntoItsInput) {
  const LayerFolder folder;
  EXPECT_EQ(rondo({"show", "layer.rondo", "-o", "c.yaml", "--dry-run"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists("c.yaml"));
  EXPECT_EQ(rondo({"show", "layer.rondo", "-o", "layer.rondo"}).code, 2);
}

TEST(ShowVerb, ShowsAScheduleThatHangsUpToThatPoint) {
  const ScratchFolder folder;
  rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", "mlp.rondo", "-q"});
  edit("mlp.rondo", "stuck.rondo", [](Schedule& schedule) {
    for (Op& op : schedule.ops) op.signals[0] = op.signals[1] = kNone;
  });
  const Ran ran = rondo({"show", "stuck.rondo", "--ops"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("rondo: the replay hangs: op "));
}

TEST(ShowVerb, ColoursOnlyWhereTheStreamShowsIt) {
  const LayerFolder folder;
  EXPECT_THAT(rondo({"show", "layer.rondo"}).out, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(rondo({"show", "layer.rondo"}, Terminal{.colour_out = true}).out,
              StartsWith("\x1b[1mlayer.rondo\x1b[0m\n"));
}

TEST(ShowVerb, IsReadableByPrograms) {
  const LayerFolder folder;
  const Ran ran = rondo({"show", "layer.rondo", "--json", "--timeline", "--memory", "--ops"});
  EXPECT_EQ(ran.code, 0);
  for (const char* key : {"\"bindings\": [", "\"arenas\": [", "\"streams\": [", "\"claims\": [", "\"timeline\": {",
                          "\"memory\": {", "\"replay\": ["})
    EXPECT_THAT(ran.out, HasSubstr(key));
}

}  // namespace
}  // namespace rondo::cli
