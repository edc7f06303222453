// Files made to be accepted where they must not be, or to cost what they must not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>
#include "schedules/builder/builder.h"
#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// One stream that copies, with an input, an output and an arena of 256 bytes.
struct Bench {
  Bench() {
    space = builder.space("l2", SpaceKind::kScratch, uint64_t{1} << 40);
    arena = builder.arena("a", space, 256);
    x = builder.binding("x", Role::kInput, DType::kF32, {64});
    y = builder.binding("y", Role::kOutput, DType::kF32, {64});
    all = builder.view(DType::kF32, {64}, {4});
  }
  // Scalar 'n' in [low, high]; its index is 0.
  void scalar(int64_t low, int64_t high) { builder.schedule().scalars.push_back({builder.name("n"), 0, low, high}); }
  // `extent` elements, bounded by n, `shift` groups of 4 elements further on whatever n is.
  uint32_t bounded(uint32_t extent, uint32_t shift) {
    View view;
    view.rank = 1;
    view.extent[0] = extent;
    view.stride_bytes[0] = 4;
    view.scalar = 0;
    view.extent_axis = 0;
    view.extent_scale = 1;
    if (shift != 0) {
      view.offset_bias = shift;
      view.offset_modulus = shift + 1;
      view.offset_step_bytes = 16;
    }
    return builder.view(view);
  }
  void copy(uint32_t stream, uint16_t from, uint64_t from_at, uint16_t to, uint64_t to_at, uint32_t view,
            std::vector<Wait> waits = {}, std::vector<SignalSpec> signals = {}) {
    copy(stream, from, from_at, view, to, to_at, view, std::move(waits), std::move(signals));
  }
  void copy(uint32_t stream, uint16_t from, uint64_t from_at, uint32_t from_view, uint16_t to, uint64_t to_at,
            uint32_t to_view, std::vector<Wait> waits = {}, std::vector<SignalSpec> signals = {}) {
    OpSpec op;
    op.kernel = "copy";
    op.operands = {{from, from_at, from_view, Access::kRead}, {to, to_at, to_view, Access::kWrite}};
    op.waits = std::move(waits);
    op.signals = std::move(signals);
    builder.add(stream, op);
  }
  Report report() { return verify(builder.finish()).report; }

  ScheduleBuilder builder;
  uint16_t space, arena, x, y;
  uint32_t all;
};

// Elements [0, n) are written and [4, 4 + n) read: the last four of those by nobody.
TEST(Attack, ABoundedReadCountsItsRowsFromWhereItsShiftPutsIt) {
  Bench bench;
  bench.scalar(0, 12);
  const uint32_t stream = bench.builder.stream("s", 0, Engine::kCompute);
  const uint32_t here = bench.bounded(16, 0), there = bench.bounded(8, 1), short_box = bench.bounded(8, 0);
  bench.copy(stream, bench.x, 0, here, bench.arena, 0, here);
  bench.copy(stream, bench.arena, 0, there, bench.y, 0, short_box);
  bench.copy(stream, bench.x, 0, bench.y, 0, bench.all);
  EXPECT_THAT(lines_of(bench.report()),
              ElementsAre("M04 op 1 (stream s): operand 0 (src) reads bytes [16, 48) of arena 'a', which op 0 (stream "
                          "s) writes for some values of a scalar only"));
}

TEST(Attack, ABoundedReadAtTheSameShiftAsItsWriteIsDefined) {
  Bench bench;
  bench.scalar(0, 8);
  const uint32_t stream = bench.builder.stream("s", 0, Engine::kCompute);
  const uint32_t there = bench.bounded(8, 1), here = bench.bounded(8, 0);
  bench.copy(stream, bench.x, 0, here, bench.arena, 0, there);
  bench.copy(stream, bench.arena, 16, here, bench.y, 0, here);
  bench.copy(stream, bench.x, 0, bench.y, 0, bench.all);
  EXPECT_THAT(lines_of(bench.report()), IsEmpty());
}

// What prepare packs for one value of a scalar would be read by replays with another.
TEST(Attack, PrepareKnowsNoScalar) {
  ScheduleBuilder builder;
  const uint16_t space = builder.space("l2", SpaceKind::kScratch, 1 << 20);
  const uint16_t arena = builder.arena("packed", space, 64, OwnerKind::kEveryone, 0, true);
  const uint16_t w = builder.binding("w", Role::kConstant, DType::kF32, {16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {16});
  builder.schedule().scalars.push_back({builder.name("n"), 0, 0, 16});
  View bounded;
  bounded.rank = 1;
  bounded.extent[0] = 16;
  bounded.stride_bytes[0] = 4;
  bounded.scalar = 0;
  bounded.extent_axis = 0;
  bounded.extent_scale = 1;
  const uint32_t view = builder.view(bounded), all = builder.view(DType::kF32, {16}, {4});
  const uint32_t prepare = builder.stream("p", 0, Engine::kCompute, Part::kPrepare);
  const uint32_t replay = builder.stream("s", 0, Engine::kCompute);
  OpSpec op;
  op.kernel = "copy";
  op.operands = {{w, 0, view, Access::kRead}, {arena, 0, view, Access::kWrite}};
  builder.add(prepare, op);
  op.operands = {{w, 0, all, Access::kRead}, {y, 0, all, Access::kWrite}};
  builder.add(replay, op);
  op.operands = {{arena, 0, view, Access::kRead}, {y, 0, view, Access::kWrite}};
  builder.add(replay, op);
  EXPECT_THAT(lines_of(verify(builder.finish()).report),
              Contains("R01 op 0 (stream p): operand 0 (src), view v0: scalar 'n' in prepare, which runs before "
                       "scalars are set"));
}

// A `read` signal may come before the `done` signal of the same op: the first of the two
// says only that the reads are through.
TEST(Attack, OneOfTwoSignalsOfAnOpOnOneTokenIsTheEarlierOne) {
  Bench bench;
  const uint32_t writer = bench.builder.stream("w", 0, Engine::kCompute);
  const uint32_t reader = bench.builder.stream("r", 0, Engine::kCompute);
  const uint32_t token = bench.builder.token();
  bench.copy(writer, bench.x, 0, bench.arena, 0, bench.all, {},
             {{token, SignalKind::kDone}, {token, SignalKind::kRead}});
  bench.copy(reader, bench.arena, 0, bench.y, 0, bench.all, {{token, 1}});
  EXPECT_THAT(lines_of(bench.report()), Contains(StartsWith("H01 op 1 (stream r) reads bytes [0, 256)")));
}

// Blocks of two views, 1 MiB apart, whose strides are no multiple of the block: the
// second panel that is read was half written as the second panel of another box.
TEST(Attack, PanelsOfOtherViewsAreOtherFormats) {
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  ScheduleBuilder builder;
  const uint16_t space = builder.space("l2", SpaceKind::kScratch, 4 * kMiB);
  const uint16_t arena = builder.arena("a", space, 2 * kMiB);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {1, 16});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {1, 16});
  const auto panels = [&](int64_t stride) {
    View view;
    view.rank = 2;
    view.layout = static_cast<uint8_t>(Layout::kPanels);
    view.block_columns = 8;
    view.extent[0] = 2;
    view.extent[1] = 1;
    view.stride_bytes[0] = stride;
    view.stride_bytes[1] = 32;
    return builder.view(view);
  };
  const uint32_t near = panels(52), far = panels(kMiB + 36);
  ASSERT_EQ(far, near + 1);
  const uint32_t row = builder.view(DType::kF32, {1, 16}, {64, 4}), one = builder.view(DType::kF32, {1, 1}, {4, 4});
  const uint32_t stream = builder.stream("s", 0, Engine::kCompute);
  OpSpec pack;
  pack.kernel = "pack";
  pack.operands = {{x, 0, row, Access::kRead}, {arena, 0, far, Access::kWrite}};
  builder.add(stream, pack);
  pack.operands[1] = {arena, kMiB, near, Access::kWrite};
  builder.add(stream, pack);
  OpSpec product;
  product.kernel = "matmul";
  product.flags = kOpInit | kOpFinal;
  product.operands = {{x, 0, one, Access::kRead}, {arena, 0, far, Access::kRead}, {y, 0, row, Access::kWrite}};
  builder.add(stream, product);
  EXPECT_THAT(lines_of(verify(builder.finish()).report),
              ElementsAre("N02 op 2 (stream s): operand 1 (b) reads bytes [1048628, 1048644) of arena 'a' as f32 "
                          "panels of 8 columns, written as f32 panels of 8 columns by op 1 (stream s)"));
}

// A clock says something of every stream that was heard of, not of every stream there is.
TEST(Attack, ManyStreamsThatHearNothingCostNothing) {
  Bench bench;
  constexpr uint32_t kStreams = 65536;
  for (uint32_t i = 0; i < kStreams; ++i) {
    const uint32_t stream = bench.builder.stream("", 0, Engine::kCompute);
    if (i == 0)
      bench.copy(stream, bench.x, 0, bench.y, 0, bench.all);
    else
      bench.builder.add(stream, OpSpec{});
  }
  const Report report = bench.report();
  EXPECT_THAT(lines_of(report), IsEmpty());
}

// Each stream tells its next of all before it: clocks of 60,000 streams are 7 GB.
TEST(Attack, ClocksOfManyStreamsAreCounted) {
  Bench bench;
  constexpr uint32_t kStreams = 60000;
  uint32_t last = kNone;
  for (uint32_t i = 0; i < kStreams; ++i) {
    const uint32_t stream = bench.builder.stream("", 0, Engine::kCompute);
    const uint32_t token = bench.builder.token();
    OpSpec op;
    if (last != kNone) op.waits = {{last, 1}};
    op.signals = {{token, SignalKind::kDone}};
    bench.builder.add(stream, op);
    last = token;
  }
  EXPECT_THAT(lines_of(bench.report()), ElementsAre(StartsWith("B01 ")));
}

// Every claim of a makespan is one simulation of the replay, unless it is kept.
TEST(Attack, ClaimsRepeatedAreCountedOnce) {
  Bench bench;
  const uint32_t stream = bench.builder.stream("s", 0, Engine::kCompute);
  for (uint32_t i = 0; i < 2000; ++i) bench.copy(stream, bench.x, 0, bench.y, 0, bench.all);
  bench.builder.cost("copy", 1, 0, 0);
  for (uint32_t i = 0; i < 20000; ++i) bench.builder.claim(ClaimKind::kMakespan, 2000.0, "");
  const Report report = bench.report();
  EXPECT_THAT(lines_of(report), IsEmpty());
  EXPECT_EQ(report.claims_hold, 20000u);
}

TEST(Attack, NoMakespanIsTrueOfACostThatIsNotFinite) {
  Bench bench;
  const uint32_t stream = bench.builder.stream("s", 0, Engine::kCompute);
  for (uint32_t i = 0; i < 2; ++i) bench.copy(stream, bench.x, 0, bench.y, 0, bench.all);
  bench.builder.cost("copy", 1.7e308, 0, 0);
  bench.builder.claim(ClaimKind::kMakespan, 5.0, "");
  EXPECT_THAT(lines_of(bench.report()), ElementsAre("K05 the file claims a makespan of 5, it is inf"));
}

// Values of a tensor T that lies in an input, moved to an arena and read there.
struct Labelled {
  Labelled(std::vector<uint32_t> shape, std::vector<uint32_t> read_shape) {
    const uint16_t space = builder.space("l2", SpaceKind::kScratch, 1024);
    arena = builder.arena("a", space, 64);
    x = builder.binding("x", Role::kInput, DType::kF32, shape);
    y = builder.binding("y", Role::kOutput, DType::kF32, read_shape);
    t = builder.tensor("T", DType::kF32, shape, x);
    u = builder.tensor("U", DType::kF32, read_shape, y);
    builder.phase("p");
    stream = builder.stream("s", 0, Engine::kCompute);
  }
  OperandSpec operand(uint16_t base, uint64_t at, Access access, uint32_t tensor, std::vector<uint32_t> low,
                      std::vector<uint32_t> extent, std::vector<int64_t> strides) {
    Value value;
    value.tensor = tensor;
    for (uint8_t axis = 0; axis < low.size(); ++axis) {
      value.low[axis] = low[axis];
      value.extent[axis] = extent[axis];
      value.axis[axis] = axis;
    }
    OperandSpec spec{base, at, builder.view(DType::kF32, extent, strides), access};
    spec.label.value = builder.value(value);
    return spec;
  }
  void add(const char* kernel, OperandSpec from, OperandSpec to) {
    OpSpec op;
    op.kernel = kernel;
    op.operands = {from, to};
    builder.add(stream, op);
  }
  std::vector<std::string> lines() { return lines_of(verify(builder.finish()).report); }

  ScheduleBuilder builder;
  uint16_t arena, x, y;
  uint32_t t, u, stream;
};

// Row 0 of the box runs into row 1: element (0, 4) would lie where (1, 0) does.
TEST(Attack, ABoxWhoseElementsShareAddressesHoldsNoValue) {
  Labelled bench({2, 8}, {2, 8});
  bench.add("copy", bench.operand(bench.x, 0, Access::kRead, bench.t, {0, 0}, {2, 4}, {32, 4}),
            bench.operand(bench.arena, 0, Access::kWrite, bench.t, {0, 0}, {2, 4}, {16, 4}));
  bench.add("copy", bench.operand(bench.x, 48, Access::kRead, bench.t, {1, 4}, {1, 4}, {32, 4}),
            bench.operand(bench.arena, 32, Access::kWrite, bench.t, {1, 4}, {1, 4}, {16, 4}));
  bench.add("relu", bench.operand(bench.arena, 0, Access::kRead, bench.t, {0, 0}, {2, 8}, {16, 4}),
            bench.operand(bench.y, 0, Access::kWrite, bench.u, {0, 0}, {2, 8}, {32, 4}));
  EXPECT_THAT(bench.lines(), ElementsAre("M05 op 2 (stream s) cannot hold 'T'[0:2, 0:8] in its operand x: steps of 16 "
                                         "bytes along axis 0 of the tensor give two elements of the box one address"));
}

// The first and the last byte of [0, 24) hold what the reader names; bytes [8, 16) do not.
TEST(Attack, EveryByteOfACellHoldsTheValue) {
  Labelled bench({2, 2, 4}, {2, 2, 2});
  bench.add("copy", bench.operand(bench.x, 0, Access::kRead, bench.t, {0, 0, 0}, {2, 1, 4}, {32, 16, 4}),
            bench.operand(bench.arena, 0, Access::kWrite, bench.t, {0, 0, 0}, {2, 1, 4}, {16, 16, 4}));
  bench.add("copy", bench.operand(bench.x, 48, Access::kRead, bench.t, {1, 1, 0}, {1, 1, 2}, {32, 16, 4}),
            bench.operand(bench.arena, 24, Access::kWrite, bench.t, {1, 1, 0}, {1, 1, 2}, {16, 8, 4}));
  bench.add("relu", bench.operand(bench.arena, 0, Access::kRead, bench.t, {0, 0, 0}, {2, 2, 2}, {16, 8, 4}),
            bench.operand(bench.y, 0, Access::kWrite, bench.u, {0, 0, 0}, {2, 2, 2}, {16, 8, 4}));
  EXPECT_THAT(bench.lines(), Contains(StartsWith("M05 op 2 (stream s) reads 'T'[0:2, 0:2, 0:2] from ")));
}

}  // namespace
}  // namespace rondo
