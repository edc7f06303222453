// What the pass that places tokens promises: every conflict ordered, by the fewest
// waits, with windows that hold; judged by the verifier, which shares no code with it.
#include "planner/lanes/order_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "rondo/verify.h"

namespace rondo {
namespace {

using lanes::OrderSummary;
using lanes::StreamedOp;
using ::testing::ElementsAre;

constexpr uint32_t kRows = 16, kColumns = 16;

// Lists of copies between an input, an arena and an output of 16 x 16 floats.
struct Bench {
  Bench() {
    const uint16_t host = builder.space("host", SpaceKind::kHost, 1 << 20);
    arena = builder.arena("a", host, kRows * kColumns * 4);
    x = builder.binding("x", Role::kInput, DType::kF32, {kRows, kColumns});
    y = builder.binding("y", Role::kOutput, DType::kF32, {kRows, kColumns});
    builder.phase("all");
  }
  uint32_t lane_stream(uint32_t lane, Engine engine = Engine::kCompute, uint16_t in_flight = 1) {
    builder.schedule().lane_count = std::max(builder.schedule().lane_count, lane + 1);
    return builder.stream("s" + std::to_string(builder.schedule().streams.size()), lane, engine, Part::kReplay,
                          in_flight);
  }
  struct Box {
    uint16_t base;
    uint32_t row, rows, column = 0, columns = kColumns;
  };
  OperandSpec operand(const Box& box, Access access) {
    OperandSpec spec;
    spec.base = box.base;
    spec.offset_bytes = (box.row * kColumns + box.column) * 4;
    spec.view = builder.view(DType::kF32, {box.rows, box.columns}, {kColumns * 4, 4});
    spec.access = access;
    return spec;
  }
  void copy(uint32_t stream, const Box& from, const Box& to) {
    StreamedOp op;
    op.stream = stream;
    op.op.kernel = "copy";
    op.op.operands = {operand(from, Access::kRead), operand(to, Access::kWrite)};
    ops.push_back(op);
  }
  OrderSummary order() {
    summary = lanes::order_lanes(ops, Part::kReplay, builder);
    return summary;
  }
  // The waits and signals of every op of the list: "t0>=1", "!t0".
  std::vector<std::string> words() const {
    std::vector<std::string> lines;
    for (const StreamedOp& op : ops) {
      std::string line;
      for (const Wait& wait : op.op.waits)
        line += (line.empty() ? "" : " ") + ("t" + std::to_string(wait.token)) + ">=" + std::to_string(wait.count);
      for (const SignalSpec& signal : op.op.signals)
        line += (line.empty() ? "!t" : " !t") + std::to_string(signal.token);
      lines.push_back(line);
    }
    return lines;
  }
  Schedule finish() {
    lanes::add_ops(std::move(ops), builder);
    return builder.finish();
  }

  ScheduleBuilder builder;
  uint16_t arena = 0, x = 0, y = 0;
  std::vector<StreamedOp> ops;
  OrderSummary summary;
};

std::string verdict(const Schedule& schedule) {
  const Report report = verify(schedule).report;
  std::string text = report.safe ? "safe" : "not safe";
  for (const Finding& finding : report.findings)
    if (finding.level == Level::kSafe) text += "\n" + std::string(finding.rule) + ": " + finding.message;
  return text;
}

TEST(OrderLanes, AsksNothingWithinAStreamThatDoesOneOpAtATime) {
  Bench bench;
  const uint32_t only = bench.lane_stream(0);
  bench.copy(only, {bench.x, 0, 16}, {bench.arena, 0, 16});
  bench.copy(only, {bench.arena, 0, 16}, {bench.y, 0, 16});
  EXPECT_EQ(bench.order().tokens, 0u);
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

TEST(OrderLanes, LetsAReaderWaitForTheWriterOfAnotherLane) {
  Bench bench;
  const uint32_t first = bench.lane_stream(0), second = bench.lane_stream(1);
  bench.copy(first, {bench.x, 0, 16}, {bench.arena, 0, 16});
  bench.copy(second, {bench.arena, 0, 16}, {bench.y, 0, 16});
  bench.order();
  EXPECT_THAT(bench.words(), ElementsAre("!t0", "t0>=1"));
  EXPECT_EQ(bench.builder.schedule().tokens[0].scope, static_cast<uint8_t>(TokenScope::kDevice));
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

TEST(OrderLanes, LetsAWriterWaitForTheReadersOfWhatItOverwrites) {
  Bench bench;
  const uint32_t first = bench.lane_stream(0), second = bench.lane_stream(1);
  bench.copy(first, {bench.x, 0, 16}, {bench.arena, 0, 16});
  bench.copy(first, {bench.arena, 0, 8}, {bench.y, 0, 8});
  bench.copy(second, {bench.x, 0, 16}, {bench.arena, 0, 16});
  bench.copy(second, {bench.arena, 8, 8}, {bench.y, 8, 8});
  bench.order();
  EXPECT_THAT(bench.words(), ElementsAre("", "!t0", "t0>=1", ""));
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

TEST(OrderLanes, KeepsColumnsSideBySideApart) {
  Bench bench;
  const uint32_t first = bench.lane_stream(0), second = bench.lane_stream(1);
  bench.copy(first, {bench.x, 0, 16, 0, 8}, {bench.arena, 0, 16, 0, 8});
  bench.copy(second, {bench.x, 0, 16, 8, 8}, {bench.arena, 0, 16, 8, 8});
  bench.copy(first, {bench.arena, 0, 16, 0, 8}, {bench.y, 0, 16, 0, 8});
  bench.copy(second, {bench.arena, 0, 16, 8, 8}, {bench.y, 0, 16, 8, 8});
  EXPECT_EQ(bench.order().waits, 0u);
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

// lane 0:  write ------------------> write again
// lane 1:        \-> read -> hand on /
// lane 2:                     \-> read
TEST(OrderLanes, AsksNothingThatIsKnownThroughAnother) {
  Bench bench;
  const uint32_t a = bench.lane_stream(0), b = bench.lane_stream(1), c = bench.lane_stream(2);
  bench.copy(a, {bench.x, 0, 4}, {bench.arena, 0, 4});
  bench.copy(b, {bench.arena, 0, 4}, {bench.arena, 4, 4});
  bench.copy(c, {bench.arena, 0, 8}, {bench.y, 0, 8});  // knows of lane 0 through lane 1
  bench.copy(c, {bench.x, 8, 8}, {bench.y, 8, 8});
  bench.order();
  EXPECT_THAT(bench.words(), ElementsAre("!t0", "t0>=1 !t1", "t1>=1", ""));
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

TEST(OrderLanes, CountsAllOpsThatAnybodyAsksForOnOneToken) {
  Bench bench;
  const uint32_t a = bench.lane_stream(0), b = bench.lane_stream(1), c = bench.lane_stream(2);
  for (uint32_t row : {0u, 4u, 8u, 12u}) bench.copy(a, {bench.x, row, 4}, {bench.arena, row, 4});
  bench.copy(c, {bench.arena, 12, 4}, {bench.y, 12, 4});
  bench.copy(b, {bench.arena, 4, 4}, {bench.y, 4, 4});
  bench.copy(c, {bench.arena, 0, 4}, {bench.y, 0, 4});
  bench.copy(b, {bench.arena, 8, 4}, {bench.y, 8, 4});
  bench.order();
  EXPECT_THAT(bench.words(), ElementsAre("", "!t0", "!t0", "!t0", "t0>=3", "t0>=1", "", "t0>=2"));
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

TEST(OrderLanes, PutsMoreThanTwoWaitsOnOpsBefore) {
  Bench bench;
  std::vector<uint32_t> lanes;
  for (uint32_t lane = 0; lane < 5; ++lane) lanes.push_back(bench.lane_stream(lane));
  for (uint32_t lane = 0; lane < 4; ++lane) bench.copy(lanes[lane], {bench.x, 4 * lane, 4}, {bench.arena, 4 * lane, 4});
  bench.copy(lanes[4], {bench.arena, 0, 16}, {bench.y, 0, 16});
  EXPECT_EQ(bench.order().waits, 4u);
  const Schedule schedule = bench.finish();
  EXPECT_EQ(schedule.streams[4].op_count, 2u);
  EXPECT_EQ(schedule.ops[schedule.streams[4].first_op].kernel, kNoKernel);
  EXPECT_EQ(verdict(schedule), "safe");
}

// Two halves of an arena, filled in turns by one lane and emptied by another.
TEST(OrderLanes, ClaimsHowFarALaneMayRunAhead) {
  Bench bench;
  const uint32_t fill = bench.lane_stream(0), drain = bench.lane_stream(1);
  for (uint32_t i = 0; i < 8; ++i) {
    bench.copy(fill, {bench.x, 2 * i, 2}, {bench.arena, 2 * (i % 2), 2});
    bench.copy(drain, {bench.arena, 2 * (i % 2), 2}, {bench.y, 2 * i, 2});
  }
  bench.order();
  EXPECT_EQ(bench.builder.schedule().tokens[0].window, 2u);
  EXPECT_EQ(bench.builder.schedule().tokens[1].window, 2u);
  Schedule schedule = bench.finish();
  EXPECT_EQ(verdict(schedule), "safe");
  schedule.tokens[0].window = 1;
  EXPECT_THAT(verdict(schedule), ::testing::HasSubstr("more than its window of 1 ahead"));
}

TEST(OrderLanes, LetsCopiesThatOverlapTakeTurns) {
  Bench bench;
  const uint32_t load = bench.lane_stream(0, Engine::kCopyIn, 3), compute = bench.lane_stream(0);
  for (uint32_t i = 0; i < 16; ++i) {
    bench.copy(load, {bench.x, i, 1}, {bench.arena, i % 12, 1});
    bench.copy(compute, {bench.arena, i % 12, 1}, {bench.y, i, 1});
  }
  bench.order();
  for (const Token& token : bench.builder.schedule().tokens)
    EXPECT_EQ(token.scope, static_cast<uint8_t>(TokenScope::kLane));
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

TEST(OrderLanes, TreatsWhatAScalarMovesAsTouchedEverywhere) {
  Bench bench;
  bench.builder.schedule().scalars.push_back({bench.builder.name("at"), 0, 0, 15});
  const uint32_t a = bench.lane_stream(0), b = bench.lane_stream(1);
  bench.copy(a, {bench.x, 0, 16}, {bench.arena, 0, 16});
  bench.copy(a, {bench.arena, 0, 16}, {bench.y, 0, 16});
  bench.copy(b, {bench.x, 0, 1}, {bench.arena, 0, 1});
  View view = bench.builder.schedule().views[bench.ops.back().op.operands[1].view];
  view.scalar = 0;
  view.offset_scale = 1;
  view.offset_modulus = 16;
  view.offset_step_bytes = kColumns * 4;
  bench.ops.back().op.operands[1].view = bench.builder.view(view);
  bench.copy(a, {bench.arena, 15, 1}, {bench.y, 15, 1});
  bench.order();
  EXPECT_THAT(bench.words(), ElementsAre("", "!t0", "t0>=1 !t1", "t1>=1"));
  EXPECT_EQ(verdict(bench.finish()), "safe");
}

// Lists of copies between random boxes on random streams.
class RandomLists : public ::testing::TestWithParam<uint32_t> {
 protected:
  RandomLists() : random_(GetParam()) {
    const uint32_t streams = 2 + pick(4);
    for (uint32_t i = 0; i < streams; ++i) {
      const bool overlap = pick(3) == 0;
      streams_.push_back(bench_.lane_stream(pick(3), overlap ? Engine::kCopyIn : Engine::kCompute,
                                            static_cast<uint16_t>(overlap ? 2 + pick(3) : 1)));
    }
    bench_.copy(any(), {bench_.x, 0, kRows}, {bench_.arena, 0, kRows});
    bench_.copy(any(), {bench_.x, 0, kRows}, {bench_.y, 0, kRows});
    for (uint32_t i = 0; i < 40; ++i) {
      const uint32_t rows = 1 + pick(7), columns = 1 + pick(kColumns), column = pick(kColumns - columns + 1);
      const uint32_t row = pick(8 - rows + 1);
      const bool up = pick(2) == 0;
      const uint16_t to = pick(3) == 0 ? bench_.y : bench_.arena, from = pick(3) == 0 ? bench_.x : bench_.arena;
      bench_.copy(any(), {from, row + (up ? 8 : 0), rows, column, columns},
                  {to, row + (up ? 0 : 8), rows, pick(kColumns - columns + 1), columns});
    }
  }
  uint32_t pick(uint32_t count) { return static_cast<uint32_t>(random_() % count); }
  uint32_t any() { return streams_[pick(static_cast<uint32_t>(streams_.size()))]; }

  std::mt19937 random_;
  Bench bench_;
  std::vector<uint32_t> streams_;
};

TEST_P(RandomLists, AreOrderedByWaitsOfWhichNoneCanBeSpared) {
  bench_.order();
  const Schedule schedule = bench_.finish();
  ASSERT_EQ(verdict(schedule), "safe");
  for (uint32_t op = 0; op < schedule.ops.size(); ++op)
    for (uint32_t slot = 0; slot < 2; ++slot) {
      if (schedule.ops[op].waits[slot].token == kNone) continue;
      Schedule without = schedule;
      Op& changed = without.ops[op];
      if (slot == 0) changed.waits[0] = changed.waits[1];
      changed.waits[1] = Wait{};
      for (Token& token : without.tokens) token.window = 0;
      EXPECT_NE(verdict(without), "safe") << "op " << op << " does not need its wait " << slot;
    }
}

TEST_P(RandomLists, ClaimTheSmallestWindowsThatHold) {
  bench_.order();
  const Schedule schedule = bench_.finish();
  ASSERT_EQ(verdict(schedule), "safe");
  for (uint32_t token = 0; token < schedule.tokens.size(); ++token) {
    if (schedule.tokens[token].window < 2) continue;
    Schedule tighter = schedule;
    --tighter.tokens[token].window;
    EXPECT_NE(verdict(tighter), "safe") << "token " << token;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLists, ::testing::Range(1u, 41u));

}  // namespace
}  // namespace rondo
