// What a TraceBuffer holds after replays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "rondo/trace.h"
#include "tests/runtime/fixtures.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using fixtures::text_of;

// y = a + b through scratch, ready to replay.
struct StagedAdd {
  VerifiedSchedule verified = proven(fixtures::staged_add());
  Program program = must(Runtime().prepare(verified));
  Session session = must(program.session());
  fixtures::AlignedFloats a{128}, b{128}, y{128};
  StagedAdd() {
    for (auto* each : {&a, &b}) std::fill(each->begin(), each->end(), 1.0f);
    EXPECT_TRUE(session.bind("a", Buffer(a.data(), 512, DType::kF32)).ok());
    EXPECT_TRUE(session.bind("b", Buffer(b.data(), 512, DType::kF32)).ok());
    EXPECT_TRUE(session.bind("y", Buffer(y.data(), 512, DType::kF32)).ok());
  }
};

TEST(TraceBuffer, HoldsBeginAndEndOfEachOp) {
  StagedAdd add;
  TraceBuffer trace = must(TraceBuffer::make(add.program));
  EXPECT_EQ(text_of(add.session.replay(trace)), "ok");
  const std::vector<ReplayTimes> replays = must(trace.replays());
  ASSERT_EQ(replays.size(), 1u);
  EXPECT_TRUE(replays[0].complete);
  ASSERT_EQ(replays[0].ops.size(), add.verified.order(Part::kReplay).size());
  for (const OpTimes& op : replays[0].ops) {
    EXPECT_EQ(op.worker, 0u);
    EXPECT_LE(replays[0].begin_ns, op.begin_ns);
    EXPECT_LE(op.end_ns, replays[0].end_ns);
  }
  EXPECT_FLOAT_EQ(add.y[127], 2.0f);
}

TEST(TraceBuffer, TimesNeverFallAndLieInsideTheCall) {
  StagedAdd add;
  TraceBuffer trace = must(TraceBuffer::make(add.program, 50));
  timespec before, after;
  clock_gettime(CLOCK_BOOTTIME, &before);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(add.session.replay(trace).ok());
  clock_gettime(CLOCK_BOOTTIME, &after);
  const auto ns = [](const timespec& t) { return static_cast<uint64_t>(t.tv_sec) * 1000000000u + t.tv_nsec; };
  uint64_t latest = ns(before) - 20000;  // the scale is good to some microseconds
  for (const ReplayTimes& replay : must(trace.replays()))
    for (const OpTimes& op : replay.ops)
      for (const uint64_t time : {op.begin_ns, op.end_ns}) {
        EXPECT_GE(time, latest);
        latest = time;
      }
  EXPECT_LE(latest, ns(after) + 20000);
}

// Stream order, and every signal before every wait that asks for it.
TEST(TraceBuffer, RecordsEveryHappensBeforeEdge) {
  StagedAdd add;
  TraceBuffer trace = must(TraceBuffer::make(add.program));
  ASSERT_TRUE(add.session.replay(trace).ok());
  const std::vector<OpTimes> ops = must(trace.replays())[0].ops;
  const Schedule& schedule = add.program.schedule();
  std::vector<uint64_t> begin(schedule.ops.size()), end(schedule.ops.size());
  const std::vector<uint32_t>& order = add.verified.order(Part::kReplay);
  for (size_t i = 0; i < order.size(); ++i) begin[order[i]] = ops[i].begin_ns, end[order[i]] = ops[i].end_ns;
  int edges = 0;
  for (const Stream& stream : schedule.streams)
    for (uint32_t op = stream.first_op + 1; op < stream.first_op + stream.op_count; ++op, ++edges)
      EXPECT_LE(end[op - 1], begin[op]);
  for (uint32_t waiter = 0; waiter < schedule.ops.size(); ++waiter)
    for (const Wait& wait : schedule.ops[waiter].waits) {
      if (wait.token == kNone) continue;
      std::vector<uint64_t> completions;
      for (uint32_t op = 0; op < schedule.ops.size(); ++op)
        for (const uint32_t token : schedule.ops[op].signals)
          if (token == wait.token) completions.push_back(end[op]);
      std::sort(completions.begin(), completions.end());
      ASSERT_GE(completions.size(), wait.count);
      EXPECT_LE(completions[wait.count - 1], begin[waiter]) << "op " << waiter;
      ++edges;
    }
  EXPECT_GE(edges, 3);
}

TEST(TraceBuffer, KeepsTheLatestReplays) {
  StagedAdd add;
  TraceBuffer trace = must(TraceBuffer::make(add.program, 3));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(add.session.replay(trace).ok());
  EXPECT_EQ(trace.recorded(), 3u);
  EXPECT_EQ(trace.overwritten(), 2u);
  const std::vector<ReplayTimes> replays = must(trace.replays());
  EXPECT_EQ(replays[0].number, 2u);
  EXPECT_EQ(replays[2].number, 4u);
}

TEST(TraceBuffer, HoldsTheOpsThatRanBeforeAStop) {
  StagedAdd add;
  TraceBuffer trace = must(TraceBuffer::make(add.program));
  const std::atomic<bool> stop{true};
  EXPECT_EQ(add.session.replay(trace, stop).error().code, ErrorCode::kCancelled);
  const std::vector<ReplayTimes> replays = must(trace.replays());
  EXPECT_FALSE(replays[0].complete);
  for (const OpTimes& op : replays[0].ops) EXPECT_FALSE(op.ran());
}

TEST(TraceBuffer, BelongsToOneProgram) {
  StagedAdd add, other;
  TraceBuffer trace = must(TraceBuffer::make(other.program));
  EXPECT_EQ(text_of(add.session.replay(trace)), "invalid-argument: the trace buffer was made for another program");
  EXPECT_EQ(text_of(perfetto_trace(add.program, trace)),
            "invalid-argument: the trace buffer was made for another program");
  EXPECT_EQ(trace.recorded(), 0u);
}

TEST(TraceBuffer, RefusesNoReplaysAndMoreThanThereIsMemoryFor) {
  const Program program = must(Runtime().prepare(proven(fixtures::chain(3))));
  EXPECT_EQ(text_of(TraceBuffer::make(program, 0)), "invalid-argument: a trace of 0 replays records nothing");
  EXPECT_EQ(text_of(TraceBuffer::make(program, UINT64_MAX / 8)),
            "does-not-fit: no memory for a trace of 2305843009213693951 replays of 4 ops");
}

}  // namespace
}  // namespace rondo
