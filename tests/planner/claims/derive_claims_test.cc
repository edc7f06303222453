// The claims of small schedules, counted by hand.
#include "planner/claims/derive_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "schedules/builder/builder.h"

namespace rondo {
namespace {

constexpr uint64_t kAbsent = UINT64_MAX;

uint64_t claimed(const Schedule& schedule, ClaimKind kind, uint16_t a = 0, uint16_t b = 0) {
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(kind) && claim.a == a && claim.b == b) return claim.value;
  return kAbsent;
}

// One arena of 4 KiB in scratch (base 0), one input of 16 x 16 (base 1).
struct Bench {
  ScheduleBuilder builder;
  uint16_t host = builder.space("host", SpaceKind::kHost, 1 << 20);
  uint16_t scratch = builder.space("scratch", SpaceKind::kScratch, 1 << 20);
  uint16_t arena = builder.arena("work", scratch, 4096, OwnerKind::kLane);
  uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {16, 16});
  uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16, 16});
  uint32_t row = builder.view(DType::kF32, {16}, {4});  // 64 bytes
  uint32_t copy_in = builder.stream("in", 0, Engine::kCopyIn);
  uint32_t compute = builder.stream("compute", 0, Engine::kCompute);

  OperandSpec at(uint16_t base, uint64_t offset, Access access) { return {base, offset, row, access, 0, {}}; }
  OpSpec copy(uint64_t from, uint64_t to) {
    OpSpec op;
    op.kernel = "copy";
    op.operands = {at(x, from, Access::kRead), at(arena, to, Access::kWrite)};
    return op;
  }
  OpSpec relu(uint64_t from, uint64_t to) {
    OpSpec op;
    op.kernel = "relu";
    op.operands = {at(arena, from, Access::kRead), at(arena, to, Access::kWrite)};
    return op;
  }
  OpSpec store(uint64_t from) {
    OpSpec op;
    op.kernel = "copy";
    op.operands = {at(arena, from, Access::kRead), at(y, 0, Access::kWrite)};
    return op;
  }
  // Copies in one queue, relus in another; each relu waits for its copy.
  void copy_and_relu_twice() {
    const uint32_t copied = builder.token();
    for (uint64_t i = 0; i < 2; ++i) {
      OpSpec op = copy(0, 64 * i);
      op.signals = {{copied, SignalKind::kDone}};
      builder.add(copy_in, op);
      op = relu(64 * i, 256 + 64 * i);
      op.waits = {{copied, static_cast<uint32_t>(i + 1)}};
      builder.add(compute, op);
    }
  }
  Schedule finish() {
    Schedule schedule = builder.finish();
    add_derived_claims(schedule);
    return schedule;
  }
};

TEST(DerivedClaims, CountOpsCopiesBytesAndFlops) {
  Bench bench;
  bench.builder.add(bench.compute, bench.copy(0, 0));
  bench.builder.add(bench.compute, bench.relu(0, 64));
  bench.builder.add(bench.compute, bench.store(64));
  const Schedule schedule = bench.finish();
  EXPECT_EQ(claimed(schedule, ClaimKind::kOps), 3u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kCopies), 2u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kBytesMoved, 0, 1), 64u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kBytesMoved, 1, 0), 64u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kFlops), 16u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kPrepareOps), 0u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kExtentPeak, 0), 128u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kMakespan), kAbsent);
}

TEST(DerivedClaims, AreReplacedNotRepeated) {
  Bench bench;
  bench.builder.add(bench.compute, bench.copy(0, 0));
  Schedule schedule = bench.finish();
  const size_t count = schedule.claims.size();
  add_derived_claims(schedule);
  EXPECT_EQ(schedule.claims.size(), count);
}

// Row 0 lives from its copy to the relu, row 64 from the relu to the store: at the
// relu both do. Row 128 is never read and lives at its copy alone.
TEST(LivePeak, CountsBothEndsOfALifeAndUnreadBytesAtTheirWriter) {
  Bench bench;
  bench.builder.add(bench.compute, bench.copy(0, 128));
  bench.builder.add(bench.compute, bench.copy(0, 0));
  bench.builder.add(bench.compute, bench.relu(0, 64));
  bench.builder.add(bench.compute, bench.store(64));
  EXPECT_EQ(claimed(bench.finish(), ClaimKind::kLivePeak), 128u);
}

TEST(LivePeak, CountsAByteOnceWhereAnOpReadsAndWritesIt) {
  Bench bench;
  bench.builder.add(bench.compute, bench.copy(0, 0));
  bench.builder.add(bench.compute, bench.relu(0, 0));
  bench.builder.add(bench.compute, bench.relu(0, 0));
  bench.builder.add(bench.compute, bench.store(0));
  EXPECT_EQ(claimed(bench.finish(), ClaimKind::kLivePeak), 64u);
}

// Row 0 is alive while row 64 comes and goes, because the relu still reads it.
TEST(LivePeak, KeepsAByteAliveUntilTheOpThatReadsAndRewritesIt) {
  Bench bench;
  bench.builder.add(bench.compute, bench.copy(0, 0));
  bench.builder.add(bench.compute, bench.copy(0, 64));
  bench.builder.add(bench.compute, bench.store(64));
  bench.builder.add(bench.compute, bench.relu(0, 0));
  bench.builder.add(bench.compute, bench.store(0));
  EXPECT_EQ(claimed(bench.finish(), ClaimKind::kLivePeak), 128u);
}

TEST(LivePeak, LetsAByteDieBetweenItsLastReadAndTheNextWrite) {
  Bench bench;
  bench.builder.add(bench.compute, bench.copy(0, 0));
  bench.builder.add(bench.compute, bench.store(0));
  bench.builder.add(bench.compute, bench.copy(0, 64));
  bench.builder.add(bench.compute, bench.store(64));
  bench.builder.add(bench.compute, bench.copy(0, 0));
  bench.builder.add(bench.compute, bench.store(0));
  EXPECT_EQ(claimed(bench.finish(), ClaimKind::kLivePeak), 64u);
}

// Columns 0-3 of four rows with a pitch of 64 bytes: 64 bytes, not the 208 they span.
TEST(LivePeak, CountsBytesOfABoxAndNotItsGaps) {
  Bench bench;
  OpSpec op = bench.copy(0, 0);
  op.operands[0].view = op.operands[1].view = bench.builder.view(DType::kF32, {4, 4}, {64, 4});
  bench.builder.add(bench.compute, op);
  const Schedule schedule = bench.finish();
  EXPECT_EQ(claimed(schedule, ClaimKind::kLivePeak), 64u);
  EXPECT_EQ(claimed(schedule, ClaimKind::kExtentPeak), 208u);
}

//  in:       c0 ------ c1
//  compute:     relu0      relu1 (waits for the second copy)
TEST(CanonicalOrder, RunsAStreamUntilItMustWait) {
  Bench bench;
  bench.copy_and_relu_twice();
  const Schedule schedule = bench.finish();
  EXPECT_THAT(canonical_order(schedule, Part::kReplay), testing::ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(canonical_order(schedule, Part::kPrepare), testing::IsEmpty());
}

// `waiting` is first in the list and must wait; `signalling` runs through before
// anybody else is asked, and `other`, which was in the queue already, goes before
// the woken stream.
TEST(CanonicalOrder, PutsAWokenStreamAtTheEndOfTheQueue) {
  ScheduleBuilder builder;
  const uint32_t waiting = builder.stream("waiting", 0, Engine::kCompute);
  const uint32_t signalling = builder.stream("signalling", 0, Engine::kCopyIn);
  const uint32_t other = builder.stream("other", 0, Engine::kCopyOut);
  const uint32_t token = builder.token();
  builder.add(waiting, {.waits = {{token, 1}}});                       // op 0
  builder.add(signalling, {.signals = {{token, SignalKind::kDone}}});  // op 1
  builder.add(signalling, {});                                         // op 2
  builder.add(other, {});                                              // op 3
  EXPECT_THAT(canonical_order(builder.finish(), Part::kReplay), testing::ElementsAre(1, 2, 3, 0));
}

TEST(CanonicalOrder, IsEmptyForAHang) {
  ScheduleBuilder builder;
  const uint32_t stream = builder.stream("s", 0, Engine::kCompute);
  const uint32_t token = builder.token();
  builder.add(stream, {.waits = {{token, 1}}, .signals = {{token, SignalKind::kDone}}});
  Schedule schedule = builder.finish();
  EXPECT_THAT(canonical_order(schedule, Part::kReplay), testing::IsEmpty());
  add_derived_claims(schedule);
  EXPECT_EQ(claimed(schedule, ClaimKind::kOps), 1u);
}

// Copies cost 3, relus 2: the first relu starts at 3, the second waits for its
// copy until 6 and ends at 8.
//  in:       |c0 |c1 |
//  compute:      |r0|.|r1|
TEST(Makespan, OverlapsQueuesAndWaitsForTokens) {
  Bench bench;
  bench.copy_and_relu_twice();
  bench.builder.cost("copy", 1, 0, 2.0 / 128);  // 128 bytes read and written
  bench.builder.cost("relu", 0, 2.0 / 16, 0);   // 16 flops
  EXPECT_EQ(std::bit_cast<double>(claimed(bench.finish(), ClaimKind::kMakespan)), 8.0);
}

TEST(FlopsOf, ReadsExtentsOfAPackedProductFromItsPlainOperands) {
  ScheduleBuilder builder;
  const uint16_t host = builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t packed = builder.arena("packed", host, 4096, OwnerKind::kEveryone, 0, true);
  const uint16_t a = builder.binding("a", Role::kInput, DType::kF32, {5, 7});
  const uint16_t c = builder.binding("c", Role::kOutput, DType::kF32, {5, 10});
  View panels;
  panels.rank = 2;
  panels.layout = static_cast<uint8_t>(Layout::kPanels);
  panels.block_columns = 16;
  panels.extent[0] = 1;
  panels.extent[1] = 7;
  panels.stride_bytes[0] = 7 * 64;
  panels.stride_bytes[1] = 64;
  OpSpec op;
  op.kernel = "matmul";
  op.flags = kOpInit | kOpFinal;
  op.operands = {{a, 0, builder.view(DType::kF32, {5, 7}, {28, 4}), Access::kRead, 0, {}},
                 {packed, 0, builder.view(panels), Access::kRead, 0, {}},
                 {c, 0, builder.view(DType::kF32, {5, 10}, {40, 4}), Access::kWrite, 0, {}}};
  builder.add(builder.stream("s", 0, Engine::kCompute), op);
  const Schedule schedule = builder.finish();
  EXPECT_EQ(flops_of(schedule, schedule.ops[0]), 2u * 5 * 7 * 10);
  EXPECT_EQ(bytes_of(schedule, schedule.ops[0]), 4u * (5 * 7 + 7 * 10 + 5 * 10));
}

}  // namespace
}  // namespace rondo
