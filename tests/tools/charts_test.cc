// The timeline and the memory chart of `rondo show`, on schedules small enough to draw by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "schedules/builder/builder.h"
#include "tools/memory_chart.h"
#include "tools/timeline.h"

namespace rondo::cli {
namespace {

using ::testing::ElementsAre;

// Two relus in scratch, fed by a copy stream:
//
//   copy     x0 -> A     x1 -> B
//   compute       relu A     relu B -> (in place)
struct Pipeline {
  ScheduleBuilder builder;
  uint16_t scratch_arena, x;
  uint32_t whole, copy, compute, t0;

  Pipeline() {
    const uint16_t host = builder.space("host", SpaceKind::kHost, 1 << 20);
    const uint16_t scratch = builder.space("scratch", SpaceKind::kScratch, 4096);
    (void)host;
    scratch_arena = builder.arena("tiles", scratch, 2048, OwnerKind::kLane, 0);
    x = builder.binding("x", Role::kInput, DType::kF32, {2, 256});
    whole = builder.view(DType::kF32, {256}, {4});
    copy = builder.stream("copy", 0, Engine::kCopyIn);
    compute = builder.stream("compute", 0, Engine::kCompute);
    t0 = builder.token();
  }
  void load(uint64_t from, uint64_t to) {
    OpSpec op{.kernel = "copy"};
    op.operands = {{.base = x, .offset_bytes = from, .view = whole},
                   {.base = scratch_arena, .offset_bytes = to, .view = whole, .access = Access::kWrite}};
    op.signals = {{t0, SignalKind::kDone}};
    builder.add(copy, op);
  }
  void relu(uint64_t at, uint32_t after_loads) {
    OpSpec op{.kernel = "relu"};
    op.operands = {{.base = scratch_arena, .offset_bytes = at, .view = whole},
                   {.base = scratch_arena, .offset_bytes = at, .view = whole, .access = Access::kWrite}};
    op.waits = {{t0, after_loads}};
    builder.add(compute, op);
  }
};

TEST(Timeline, OverlapsStreamsAsTokensAllow) {
  Pipeline pipeline;
  pipeline.load(0, 0);
  pipeline.load(1024, 1024);
  pipeline.relu(0, 1);
  pipeline.relu(1024, 2);
  pipeline.builder.cost("copy", 2, 0, 0);
  pipeline.builder.cost("relu", 1, 0, 0);
  const Schedule schedule = pipeline.builder.finish();
  const Timeline timeline = predict_timeline(schedule, {0, 1, 2, 3});
  ASSERT_EQ(timeline.spans.size(), 4u);
  EXPECT_TRUE(timeline.from_costs);
  EXPECT_EQ(timeline.spans[2].begin, 2);  // the first load is done
  EXPECT_EQ(timeline.spans[3].begin, 4);  // the second one
  EXPECT_EQ(timeline.end, 5);
  // 40 columns: 8 a unit of time where the chart is 40 wide.
  EXPECT_EQ(timeline_text(schedule, timeline, 77),
            "timeline: 0 to 5 in the unit of the file's cost table; # busy, + half, . a little\n"
            "  copy    |################################        | 80 % busy, 2 ops\n"
            "  compute |                ########        ########| 40 % busy, 2 ops\n");
}

TEST(Timeline, CountsOperationsWithoutACostTable) {
  Pipeline pipeline;
  pipeline.load(0, 0);
  pipeline.relu(0, 1);
  const Schedule schedule = pipeline.builder.finish();
  const Timeline timeline = predict_timeline(schedule, {0, 1});
  EXPECT_FALSE(timeline.from_costs);
  EXPECT_EQ(timeline.end, 2);
}

TEST(Timeline, TakesNonsenseCostsForNothing) {
  Pipeline pipeline;
  pipeline.load(0, 0);
  pipeline.builder.cost("copy", -1e300, 0, 1e300 * 1e300);
  const Schedule schedule = pipeline.builder.finish();
  EXPECT_EQ(predict_timeline(schedule, {0}).end, 0);
}

TEST(LiveBytes, LastFromTheWriteToTheLastRead) {
  Pipeline pipeline;
  pipeline.load(0, 0);
  pipeline.load(1024, 1024);
  pipeline.relu(0, 1);
  pipeline.relu(1024, 2);
  const Schedule schedule = pipeline.builder.finish();
  // Each relu reads its tile and writes it, and nobody reads that: alive there once, dead after.
  EXPECT_THAT(*live_bytes(schedule, {0, 1, 2, 3}, 0), ElementsAre(1024, 2048, 2048, 1024));
}

TEST(LiveBytes, ClipWhatReachesBeyondTheArena) {
  Pipeline pipeline;
  pipeline.load(0, 1536);               // half of it is outside
  pipeline.load(0, uint64_t{1} << 62);  // all of it
  const Schedule schedule = pipeline.builder.finish();
  EXPECT_THAT(*live_bytes(schedule, {0, 1}, 0), ElementsAre(512, 0));
}

TEST(LiveBytes, GiveUpAboveTheRunLimit) {
  Pipeline pipeline;
  const uint32_t spread = pipeline.builder.view(DType::kF32, {256}, {8});
  OpSpec op{.kernel = "fill"};
  op.operands = {{.base = pipeline.scratch_arena, .view = spread, .access = Access::kWrite}};
  pipeline.builder.add(pipeline.compute, op);
  const Schedule schedule = pipeline.builder.finish();
  EXPECT_TRUE(live_bytes(schedule, {0}, 0, 256).has_value());
  EXPECT_FALSE(live_bytes(schedule, {0}, 0, 255).has_value());
}

TEST(MemoryChart, DrawsThePeakAsTheTopRow) {
  EXPECT_EQ(memory_text({1024, 2048, 2048, 1024}, 60, 4),
            "  2,048 | ##\n"
            "  1,536 | ##\n"
            "  1,024 |####\n"
            "    512 |####\n"
            "        +----\n"
            "         op 1\n");
  EXPECT_EQ(memory_text({0, 0}, 60, 4), "");
}

TEST(MemoryChart, FitsTheWidthKeepingEveryPeak) {
  std::vector<uint64_t> live(1000, 10);
  live[501] = 1000;
  const std::string chart = memory_text(live, 60, 2);
  size_t begin = 0;
  while (begin < chart.size()) {
    const size_t end = chart.find('\n', begin);
    EXPECT_LE(end - begin, 60u);
    begin = end + 1;
  }
  EXPECT_NE(chart.find('#'), std::string::npos);
}

}  // namespace
}  // namespace rondo::cli
