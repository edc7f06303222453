// What one op alone can break: R01, M01, E01, K01, M02, M10, M11, L01.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedules/builder/builder.h"
#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

World with_scalar(const std::string& range, const std::string& views) {
  World world;
  world.scalars = "  - {name: n, " + range + "}\n";
  world.views += views;
  return world;
}

TEST(Bounds, RefusesABoxThatReachesOneElementTooFar) {
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+36:v1 dst=y+0:v1\ncopy src=x+0:v0 dst=y+0:v0"}}),
              ElementsAre("M01 op 0 (stream s): operand 0 (src) starts at byte 36 and reaches byte 68 of input 'x', "
                          "which has 64"));
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+32:v1 dst=y+0:v1\ncopy src=x+0:v0 dst=y+0:v0"}}), IsEmpty());
}

TEST(Bounds, LetAnEmptyBoxLieAnywhere) {
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+400:v5 dst=y+800:v5\ncopy src=x+0:v0 dst=y+0:v0"}}), IsEmpty());
}

TEST(Bounds, CountTheLargestShiftOfAScalar) {
  const std::vector<StreamText> streams = {{"name: s", "copy src=x+0:v6 dst=y+0:v2\ncopy src=x+0:v0 dst=y+0:v0"}};
  EXPECT_THAT(with_scalar("min: 0, max: 4", "  v6: f32 [4] strides [4] offset+=16*((0+1*n)%8)\n").findings(streams),
              ElementsAre("M01 op 0 (stream s): operand 0 (src) starts at byte 0 and reaches byte 80 of input 'x', "
                          "which has 64"));
  EXPECT_THAT(with_scalar("min: 0, max: 3", "  v6: f32 [4] strides [4] offset+=16*((0+1*n)%8)\n").findings(streams),
              IsEmpty());
  EXPECT_THAT(with_scalar("min: 0, max: 900", "  v6: f32 [4] strides [4] offset+=16*((0+1*n)%4)\n").findings(streams),
              IsEmpty());
}

TEST(Bounds, CountTheLargestExtentOfAScalar) {
  const std::vector<StreamText> streams = {{"name: s", "copy src=x+48:v6 dst=a+0:v6\ncopy src=x+0:v0 dst=y+0:v0"}};
  EXPECT_THAT(with_scalar("min: 0, max: 5", "  v6: f32 [16] strides [4] extent[0]<=0+1*n\n").findings(streams),
              ElementsAre("M01 op 0 (stream s): operand 0 (src) starts at byte 48 and reaches byte 68 of input 'x', "
                          "which has 64"));
  EXPECT_THAT(with_scalar("min: 0, max: 4", "  v6: f32 [16] strides [4] extent[0]<=0+1*n\n").findings(streams),
              IsEmpty());
}

TEST(Scalars, MayNotShiftBelowTheOperand) {
  const std::vector<StreamText> streams = {{"name: s", "copy src=x+0:v6 dst=y+0:v2\ncopy src=x+0:v0 dst=y+0:v0"}};
  EXPECT_THAT(with_scalar("min: 0, max: 3", "  v6: f32 [4] strides [4] offset+=16*((2-1*n)%4)\n").findings(streams),
              ElementsAre("R01 op 0 (stream s): operand 0 (src), view v6: offset -1 * s + 2 with scalar 'n' in [0, 3] "
                          "reaches -1, the least is 0"));
  EXPECT_THAT(with_scalar("min: 0, max: 2", "  v6: f32 [4] strides [4] offset+=16*((2-1*n)%4)\n").findings(streams),
              IsEmpty());
}

TEST(Extents, RefuseWrittenRowsThatOverlap) {
  World world;
  world.views += "  v6: f32 [4, 4] strides [12, 4]\n  v7: f32 [4] strides [0]\n";
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v3 dst=y+0:v6\ncopy src=x+0:v0 dst=y+0:v0"}}),
              ElementsAre("E01 op 0 (stream s): operand 1 (dst), view v6, is written and its steps of 12 bytes along "
                          "axis 0 overlap"));
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v2 dst=y+0:v7\ncopy src=x+0:v0 dst=y+0:v0"}}),
              ElementsAre("E01 op 0 (stream s): operand 1 (dst), view v7, is written and its steps of 0 bytes along "
                          "axis 0 overlap"));
  // Read, both are fine: overlapping windows and a broadcast.
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v6 dst=y+0:v3\ncopy src=x+0:v7 dst=y+0:v2\n"}}), IsEmpty());
}

TEST(Extents, RefuseAnOpThatComputesForYears) {
  World world;
  world.views +=
      "  v6: f32 [4, 1073741824] strides [0, 0]\n"
      "  v7: f32 [1073741824, 4] strides [0, 4]\n"
      "  v8: f32 [1024, 1073741824] strides [0, 0]\n"
      "  v9: f32 [1024, 1] strides [4, 4]\n";
  EXPECT_THAT(world.findings({{"name: s", "matmul a=x+0:v6 b=x+0:v7 c=a+0:v3 init\ncopy src=x+0:v0 dst=y+0:v0"}}),
              IsEmpty());
  world.arenas = "  - {name: a, space: host, bytes: 4194304, align: 64}\n";
  world.spaces = "  - {name: host, kind: host, bytes: 4194304, align: 64}\n";
  world.views +=
      "  v10: f32 [1073741824, 1024] strides [0, 0]\n"
      "  v11: f32 [1024, 1024] strides [4096, 4]\n";
  EXPECT_THAT(world.findings({{"name: s", "matmul a=x+0:v8 b=x+0:v10 c=a+0:v11 init\ncopy src=x+0:v0 dst=y+0:v0"}}),
              ElementsAre("E01 op 0 (stream s): matmul over its extents takes more than 2^48 steps"));
}

// 2^24 rows to choose from, of which 2^20 are looked at: 2^26 steps, not 2^50.
TEST(Extents, CountNoRowsThatATableChoosesFrom) {
  World world;
  world.bindings += "  - {name: ids, role: table, dtype: i32, shape: [1], align: 4, index_limit: 4}\n";
  world.views +=
      "  v6: f32 [1, 16] strides [64, 4]\n"
      "  v7: f32 [16777216, 16] strides [0, 4]\n"
      "  v8: f32 [16777216, 4] strides [0, 4]\n"
      "  v9: i32 [1048576] strides [0]\n"
      "  v10: f32 [1, 4] strides [16, 4]\n";
  EXPECT_THAT(world.findings({{"name: s",
                               "attention_indexed q=x+0:v6 k=x+0:v7 v=x+0:v8 rows=ids+0:v9 y=a+0:v10 scale=1\n"
                               "softmax x=x+0:v0 y=y+0:v0"}}),
              IsEmpty());
}

TEST(Signature, RefusesAnOpThatItsContractDoesNotKnow) {
  const auto of = [](const std::string& op) {
    World world;
    world.views +=
        "  v6: f32 [2, 4] strides [16, 4]\n  v7: f32 [4, 2] strides [4, 16]\n  v8: f32 [3] strides [4]\n"
        "  v9: i32 [16] strides [4]\n";
    return world.findings({{"name: s", op + "\ncopy src=x+0:v0 dst=y+0:v0"}});
  };
  EXPECT_THAT(of("matmul a=x+0:v3 b=x+0:v3 c=a+0:v3"),
              ElementsAre("K01 op 0 (stream s): must be exactly one of init and accumulate, it is neither"));
  EXPECT_THAT(of("matmul a=x+0:v3 b=x+0:v3 c=a+0:v3 init accumulate"),
              ElementsAre("K01 op 0 (stream s): must be exactly one of init and accumulate, it is both",
                          "M04 op 0 (stream s): operand 2 (c) reads bytes [0, 64) of arena 'a', which nothing has "
                          "written"));
  EXPECT_THAT(of("matmul a=x+0:v6 b=x+0:v3 c=a+0:v3 init"),
              ElementsAre("K01 op 0 (stream s): has m = 2 but 4 in operand 2 (c)"));
  EXPECT_THAT(of("matmul a=x+0:v3 b=x+0:v6 c=a+0:v3 init"),
              ElementsAre("K01 op 0 (stream s): has k = 4 but 2 in operand 1 (b)"));
  EXPECT_THAT(of("matmul a=x+0:v3 b=x+0:v7 c=a+0:v7 init"),
              ElementsAre("K01 op 0 (stream s): operand 2 (c) has stride 16 along its last axis, matmul needs 4"));
  EXPECT_THAT(of("matmul a=x+0:v3 b=x+0:v3 c=a+0:v3 bias=x+0:v8 init final"),
              ElementsAre("K01 op 0 (stream s): has n = 4 but 3 in operand 3 (bias)"));
  EXPECT_THAT(of("matmul a=x+0:v3 b=x+0:v3 c=a+0:v3 bias=x+0:v2 init final"), IsEmpty());
  EXPECT_THAT(of("copy src=x+0:v0 dst=a+0:v3"),
              ElementsAre("K01 op 0 (stream s): operand 1 (dst) has 2 leading axes, 1 are needed"));
  EXPECT_THAT(of("copy src=x+0:v0 dst=a+0:v9"),
              ElementsAre("K01 op 0 (stream s): operand 1 (dst) is i32 and operand 0 (src) is f32, all operands of an "
                          "op have one dtype"));
  EXPECT_THAT(of("copy src=x+0:v0 dst=a+0:v1"),
              ElementsAre("K01 op 0 (stream s): has axis 0 = 16 but 8 in operand 1 (dst)"));
}

TEST(Signature, RefusesAnotherAccessThanTheContracts) {
  ScheduleBuilder builder;
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {4});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {4});
  const uint32_t view = builder.view(DType::kF32, {4}, {4});
  builder.phase("p");
  const uint32_t s = builder.stream("s", 0, Engine::kCompute);
  builder.add(s, OpSpec{.kernel = "copy", .operands = {{x, 0, view, Access::kRead}, {y, 0, view, Access::kWrite}}});
  builder.add(s, OpSpec{.kernel = "relu", .operands = {{x, 0, view, Access::kRead}, {y, 0, view, Access::kUpdate}}});
  builder.add(s,
              OpSpec{.kernel = "copy", .operands = {{x, 0, view, Access::kIndexedRead}, {y, 0, view, Access::kWrite}}});
  EXPECT_THAT(lines_of(verify(builder.finish()).report),
              ElementsAre("K01 op 1 (stream s): operand 1 (y) is update, relu needs write",
                          "K01 op 2 (stream s): operand 0 (src) is indexed read, copy needs read"));
}

TEST(Signature, ChecksWhatATableIndexes) {
  World world;
  world.bindings += "  - {name: ids, role: table, dtype: i32, shape: [2], align: 4, index_limit: 4}\n";
  world.views +=
      "  v6: i32 [2] strides [4]\n"
      "  v7: f32 [2, 4] strides [16, 4]\n"
      "  v8: f32 [2, 3] strides [16, 4]\n"
      "  v9: f32 [2] strides [4]\n";
  const auto of = [&](const std::string& op) {
    return world.findings({{"name: s", op + "\ncopy src=x+0:v0 dst=y+0:v0"}});
  };
  EXPECT_THAT(of("gather rows=ids+0:v6 src=x+0:v3 dst=a+0:v7"), IsEmpty());
  EXPECT_THAT(of("gather rows=ids+0:v6 src=x+0:v3!indexed_read(rows,0) dst=a+0:v7"), IsEmpty());
  EXPECT_THAT(
      of("gather rows=ids+0:v6 src=x+0:v3!indexed_read(rows,1) dst=a+0:v7"),
      ElementsAre("K01 op 0 (stream s): operand 1 (src) is indexed by operand 0 along axis 1, gather indexes it "
                  "by operand 0 (rows) along axis 0"));
  EXPECT_THAT(of("gather rows=ids+0:v6 src=x+0:v3!read dst=a+0:v7"),
              ElementsAre("K01 op 0 (stream s): operand 1 (src) is read, gather needs indexed read"));
  EXPECT_THAT(of("gather rows=x+0:v9 src=x+0:v3 dst=a+0:v7"),
              ElementsAre("K01 op 0 (stream s): operand 0 (rows) is f32, which gather does not take"));
  EXPECT_THAT(of("gather rows=ids+0:v6 src=x+0:v3 dst=a+0:v8"),
              ElementsAre("K01 op 0 (stream s): has c = 4 but 3 in operand 2 (dst)"));
  EXPECT_THAT(of("attention_indexed q=x+0:v7 k=x+0:v3 v=x+0:v3 rows=ids+0:v6 y=a+0:v7 scale=0.5"), IsEmpty());
  EXPECT_THAT(of("attention_indexed q=x+0:v7 k=x+0:v3 v=x+0:v3 rows=ids+0:v6 y=a+0:v7 scale=0"),
              ElementsAre("K01 op 0 (stream s): has scale = 0, allowed is 1.17549e-38 to 3.4e+38"));
}

TEST(Signature, KeepsComputeKernelsOffCopyEngines) {
  EXPECT_THAT(World().findings({{"name: s, engine: copy_in", "relu x=x+0:v0 y=y+0:v0"}}),
              ElementsAre("K01 op 0 (stream s): runs on a copy-in engine, relu needs a compute engine"));
  EXPECT_THAT(World().findings({{"name: s, engine: copy_in", "copy src=x+0:v0 dst=y+0:v0"}}), IsEmpty());
}

TEST(Signature, RoundsColumnsOfPanelsUp) {
  World world;
  world.bindings += "  - {name: k, role: constant, dtype: f32, shape: [2, 10], align: 4}\n";
  world.tokens += "  t4: lane prepare\n";
  world.views +=
      "  v6: f32 [2, 10] strides [40, 4]\n"
      "  v7: f32 panels 1x8 [2, 2] strides [64, 32]\n"
      "  v8: f32 panels 1x8 [3, 2] strides [64, 32]\n";
  const StreamText copy = {"name: s", "copy src=x+0:v0 dst=y+0:v0"};
  EXPECT_THAT(world.findings({{"name: pre, part: prepare", "pack src=k+0:v6 dst=packed+0:v7"}, copy}), IsEmpty());
  EXPECT_THAT(world.findings({{"name: pre, part: prepare", "pack src=k+0:v6 dst=packed+0:v8"}, copy}),
              ElementsAre("K01 op 0 (stream pre): has n = 10 but 24 in operand 1 (dst)"));
}

TEST(Signature, ComparesBoundsByScalars) {
  World world = with_scalar("min: 0, max: 4",
                            "  v6: f32 [4] strides [4] extent[0]<=0+1*n\n"
                            "  v7: f32 [4] strides [4] extent[0]<=1+1*n\n");
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v6 dst=a+0:v6\ncopy src=x+0:v0 dst=y+0:v0"}}), IsEmpty());
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v6 dst=a+0:v7\ncopy src=x+0:v0 dst=y+0:v0"}}),
              ElementsAre("K01 op 0 (stream s): has axis 0 = min(4, 1 * scalar 0 + 0) but min(4, 1 * scalar 0 + 1) in "
                          "operand 1 (dst)"));
}

TEST(Alignment, RefusesOddOffsetsStridesAndBases) {
  World world;
  world.views +=
      "  v6: f32 [2, 4] strides [18, 4]\n"
      "  v7: f32 panels 1x8 [1, 4] strides [128, 32]\n";
  const std::string rest = "\ncopy src=x+0:v0 dst=y+0:v0";
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+2:v1 dst=y+0:v1" + rest}}),
              ElementsAre("M02 op 0 (stream s): operand 0 (src): offset 2 is not a multiple of 4"));
  world.views += "  v8: f32 [2, 4] strides [16, 4]\n";
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v6 dst=y+0:v8" + rest}}),
              ElementsAre("M02 op 0 (stream s): operand 0 (src): stride 18 along axis 0 is not a multiple of 4"));
  EXPECT_THAT(world.findings({{"name: pre, part: prepare", "pack src=w+0:v3 dst=packed+32:v7"}, {"name: s", rest}}),
              ElementsAre("M02 op 0 (stream pre): operand 1 (dst): offset 32 is not a multiple of 64"));
  EXPECT_THAT(world.findings({{"name: pre, part: prepare", "pack src=w+0:v3 dst=packed+64:v7"}, {"name: s", rest}}),
              IsEmpty());
  world.spaces =
      "  - {name: host, kind: host, bytes: 1048576, align: 16}\n"
      "  - {name: l2, kind: scratch, bytes: 65536, align: 64}\n";
  world.arenas =
      "  - {name: a, space: l2, bytes: 64, align: 64}\n"
      "  - {name: packed, space: host, bytes: 1024, align: 16, prepared: true}\n";
  EXPECT_THAT(world.findings({{"name: pre, part: prepare", "pack src=w+0:v3 dst=packed+64:v7"}, {"name: s", rest}}),
              ElementsAre("M02 op 0 (stream pre): operand 1 (dst): needs alignment 64, arena 'packed' guarantees 16"));
}

TEST(Place, RefusesWritesToWhatIsReadOnly) {
  const std::string rest = "\ncopy src=x+0:v0 dst=y+0:v0";
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v0 dst=w+0:v0" + rest}}),
              ElementsAre("M10 op 0 (stream s): operand 1 (dst) is written, constant 'w' is a constant and read-only"));
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v0 dst=packed+0:v0" + rest}}),
              ElementsAre("M10 op 0 (stream s): operand 1 (dst) is written in replay, arena 'packed' is prepared and "
                          "read-only there"));
  EXPECT_THAT(
      World().findings({{"name: pre, part: prepare", "copy src=w+0:v0 dst=y+0:v0"}, {"name: s", rest}}),
      ElementsAre("M10 op 0 (stream pre): operand 1 (dst) is written in prepare, output 'y' belongs to replays"));
}

TEST(Place, KnowsWhatTheBackendHas) {
  World world;
  world.spaces += "  - {name: hbm, kind: device, bytes: 65536, align: 64}\n";
  world.arenas += "  - {name: d, space: hbm, bytes: 64, align: 64}\n";
  const std::vector<StreamText> streams = {{"name: s", "copy src=x+0:v0 dst=d+0:v0\ncopy src=d+0:v0 dst=y+0:v0"}};
  EXPECT_THAT(
      world.findings(streams),
      ElementsAre("M10 op 0 (stream s): operand 1 (dst) lies in device memory, backend cpu has host and scratch",
                  "M10 op 1 (stream s): operand 0 (src) lies in device memory, backend cpu has host and scratch"));
  world.backend = "cuda";
  EXPECT_THAT(world.findings(streams), IsEmpty());
}

TEST(Capacity, SumsTheArenasOfOneOwnerInOneSpace) {
  World world;
  world.lanes = "2";
  world.spaces = "  - {name: l2, kind: scratch, bytes: 128, align: 64}\n";
  world.arenas =
      "  - {name: a, space: l2, bytes: 40, align: 64, lane: 0}\n"
      "  - {name: b, space: l2, bytes: 65, align: 64, lane: 0}\n"
      "  - {name: c, space: l2, bytes: 128, align: 64, lane: 1}\n";
  const std::vector<StreamText> streams = {{"name: s", "copy src=x+0:v0 dst=y+0:v0"}};
  EXPECT_THAT(world.findings(streams),
              ElementsAre("M11 the 2 arenas of lane 0 in space 'l2' need 129 bytes, it has 128"));
  world.arenas.replace(world.arenas.find("65"), 2, "64");
  EXPECT_THAT(world.findings(streams), IsEmpty());
}

TEST(Lane, KeepsOthersOutOfALanesArena) {
  World world;
  world.lanes = "3";
  world.groups = "  - {name: pair, first_lane: 0, lanes: 2}\n";
  world.arenas =
      "  - {name: a, space: l2, bytes: 64, align: 64, lane: 0}\n"
      "  - {name: b, space: l2, bytes: 64, align: 64, group: pair}\n";
  const auto streams = [](const std::string& lane, const std::string& arena) {
    return std::vector<StreamText>{
        {"name: s, lane: " + lane, "copy src=x+0:v0 dst=" + arena + "+0:v0\ncopy src=x+0:v0 dst=y+0:v0"}};
  };
  EXPECT_THAT(
      world.findings(streams("1", "a")),
      ElementsAre("L01 op 0 (stream s): operand 1 (dst) lies in arena 'a' of lane 0, the stream runs on lane 1"));
  EXPECT_THAT(world.findings(streams("0", "a")), IsEmpty());
  EXPECT_THAT(world.findings(streams("1", "b")), IsEmpty());
  EXPECT_THAT(world.findings(streams("2", "b")),
              ElementsAre("L01 op 0 (stream s): operand 1 (dst) lies in arena 'b' of lanes 0 to 1, the stream runs on "
                          "lane 2"));
}

}  // namespace
}  // namespace rondo
