// What is in the bytes: A01, M04, N02, O01, with and without scalars.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/verify/safe_world.h"

namespace rondo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Overlap, AllowsAResultExactlyOnItsSourceAndNothingElse) {
  const std::string load = "copy src=x+0:v0 dst=a+0:v0\n", fill = "\ncopy src=x+0:v0 dst=y+0:v0";
  EXPECT_THAT(World().findings({{"name: s", load + "relu x=a+0:v1 y=a+0:v1" + fill}}), IsEmpty());
  EXPECT_THAT(World().findings({{"name: s", load + "relu x=a+0:v1 y=a+16:v1" + fill}}),
              ElementsAre("A01 op 1 (stream s): operand 1 (y) is written and overlaps operand 0 (x) at bytes [16, 32) "
                          "of arena 'a'"));
  EXPECT_THAT(World().findings({{"name: s", load + "copy src=a+0:v1 dst=a+0:v1" + fill}}),
              ElementsAre("A01 op 1 (stream s): operand 1 (dst) is written and overlaps operand 0 (src) at bytes "
                          "[0, 32) of arena 'a'"));
  // add's y may lie on a, not on b.
  EXPECT_THAT(World().findings({{"name: s", load + "add a=a+0:v1 b=a+32:v1 y=a+0:v1" + fill}}), IsEmpty());
  EXPECT_THAT(World().findings({{"name: s", load + "add a=a+0:v1 b=a+32:v1 y=a+32:v1" + fill}}),
              ElementsAre("A01 op 1 (stream s): operand 2 (y) is written and overlaps operand 1 (b) at bytes [32, 64) "
                          "of arena 'a'"));
  // Interleaved columns share no byte.
  EXPECT_THAT(World().findings({{"name: s", load + "copy src=a+0:v4 dst=a+8:v4" + fill}}), IsEmpty());
}

TEST(Defined, RefusesAReadOfWhatNobodyWrote) {
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v1 dst=a+0:v1\ncopy src=a+0:v0 dst=y+0:v0"}}),
              ElementsAre("M04 op 1 (stream s): operand 0 (src) reads bytes [32, 64) of arena 'a', which nothing has "
                          "written"));
  EXPECT_THAT(World().findings({{"name: s",
                                 "copy src=x+0:v1 dst=a+0:v1\ncopy src=x+0:v1 dst=a+32:v1\n"
                                 "copy src=a+0:v0 dst=y+0:v0"}}),
              IsEmpty());
}

TEST(Defined, RefusesAccumulateOnNothing) {
  const std::string rest = "\ncopy src=x+0:v0 dst=y+0:v0";
  EXPECT_THAT(World().findings({{"name: s", "matmul a=x+0:v3 b=x+0:v3 c=a+0:v3 accumulate" + rest}}),
              ElementsAre("M04 op 0 (stream s): operand 2 (c) reads bytes [0, 64) of arena 'a', which nothing has "
                          "written"));
  EXPECT_THAT(World().findings({{"name: s",
                                 "matmul a=x+0:v3 b=x+0:v3 c=a+0:v3 init\n"
                                 "matmul a=x+0:v3 b=x+0:v3 c=a+0:v3 accumulate" +
                                     rest}}),
              IsEmpty());
}

TEST(Defined, ReadsOfOutputsFollowWrites) {
  EXPECT_THAT(World().findings({{"name: s", "relu x=y+0:v0 y=y+0:v0"}}),
              ElementsAre("M04 op 0 (stream s): operand 0 (x) reads bytes [0, 64) of output 'y', which nothing has "
                          "written"));
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v0 dst=y+0:v0\nrelu x=y+0:v0 y=y+0:v0"}}), IsEmpty());
}

TEST(Defined, PrepareHasConstantsAndReplayHasWhatItPrepared) {
  const StreamText use = {"name: s", "copy src=packed+0:v0 dst=y+0:v0"};
  EXPECT_THAT(World().findings({{"name: pre, part: prepare", "copy src=w+0:v0 dst=packed+0:v0"}, use}), IsEmpty());
  EXPECT_THAT(World().findings({{"name: pre, part: prepare", "copy src=x+0:v0 dst=packed+0:v0"}, use}),
              ElementsAre("M04 op 0 (stream pre): operand 0 (src) reads input 'x' in prepare, where only constants are "
                          "bound"));
  EXPECT_THAT(World().findings({use}), ElementsAre("M04 op 0 (stream s): operand 0 (src) reads bytes [0, 64) of arena "
                                                   "'packed', which nothing has written"));
  // Other arenas do not keep what prepare left there.
  EXPECT_THAT(World().findings({{"name: pre, part: prepare", "copy src=w+0:v0 dst=a+0:v0"},
                                {"name: s", "copy src=a+0:v0 dst=y+0:v0"}}),
              ElementsAre("M04 op 1 (stream s): operand 0 (src) reads bytes [0, 64) of arena 'a', which nothing has "
                          "written"));
}

// ---- Scalars: n in [0, 4], rows of four floats -------------------------------

World with_rows(const std::string& more = "") {
  World world;
  world.scalars = "  - {name: n, min: 0, max: 3}\n";
  world.views +=
      "  v6: f32 [4, 4] strides [16, 4] extent[0]<=0+1*n\n"
      "  v7: f32 [4, 4] strides [16, 4] extent[0]<=1+1*n\n"
      "  v8: f32 [1, 4] strides [16, 4] offset+=16*((0+1*n)%4)\n"
      "  v9: f32 [1, 4] strides [16, 4] offset+=16*((1+1*n)%4)\n"
      "  v10: f32 [4, 2] strides [16, 4] extent[0]<=0+1*n\n"
      "  v11: f32 [1, 4] strides [16, 4]\n"
      "  v12: f32 [3, 4] strides [16, 4]\n" +
      more;
  world.bindings +=
      "  - {name: kv, role: state, dtype: f32, shape: [4, 4], align: 4, filled: {scalar: n, scale: 1, bias: 0}}\n";
  return world;
}

std::vector<std::string> with_rows_finds(const std::string& ops) {
  return with_rows().findings({{"name: s", ops + "\ncopy src=x+0:v0 dst=y+0:v0"}});
}

// Hole 2: right at the largest n, garbage below it.
TEST(Defined, RefusesAFullReadOfWhatAScalarBounds) {
  EXPECT_THAT(
      with_rows_finds("copy src=x+0:v6 dst=a+0:v6\ncopy src=a+0:v3 dst=b+0:v3"),
      ElementsAre("M04 op 1 (stream s): operand 0 (src) reads bytes [0, 48) of arena 'a', which op 0 (stream s) "
                  "writes for some values of a scalar only"));
  EXPECT_THAT(with_rows_finds("copy src=x+0:v6 dst=a+0:v6\ncopy src=a+0:v6 dst=b+0:v6"), IsEmpty());
  EXPECT_THAT(with_rows_finds("copy src=x+0:v3 dst=a+0:v3\ncopy src=a+0:v6 dst=b+0:v6"), IsEmpty());
}

TEST(Defined, ComparesBoundsOfOneScalarFromOneOrigin) {
  // One row more than was written; one row fewer; half the columns; one row down.
  EXPECT_THAT(with_rows_finds("copy src=x+0:v6 dst=a+0:v6\ncopy src=a+0:v7 dst=b+0:v7"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads")));
  EXPECT_THAT(with_rows_finds("copy src=x+0:v7 dst=a+0:v7\ncopy src=a+0:v6 dst=b+0:v6"), IsEmpty());
  EXPECT_THAT(with_rows_finds("copy src=x+0:v6 dst=a+0:v6\ncopy src=a+8:v10 dst=b+0:v10"), IsEmpty());
  EXPECT_THAT(with_rows_finds("copy src=x+0:v10 dst=a+0:v10\ncopy src=x+8:v10 dst=a+8:v10\ncopy src=a+0:v6 dst=b+0:v6"),
              IsEmpty());
  EXPECT_THAT(with_rows_finds("copy src=x+0:v6 dst=packed+0:v6"),
              ElementsAre(HasSubstr("M10 op 0")));  // and nothing of M04: prepared arenas are not written here
}

TEST(Defined, StateIsDefinedAsFarAsItIsFilled) {
  EXPECT_THAT(with_rows_finds("copy src=kv+0:v6 dst=a+0:v6"), IsEmpty());
  EXPECT_THAT(with_rows_finds("copy src=kv+0:v7 dst=a+0:v7"),
              ElementsAre(HasSubstr("M04 op 0 (stream s): operand 0 (src) reads")));
  EXPECT_THAT(with_rows_finds("copy src=kv+0:v3 dst=a+0:v3"),
              ElementsAre(HasSubstr("M04 op 0 (stream s): operand 0 (src) reads")));
}

// The KV cache: row n is appended to rows [0, n), then rows [0, n + 1) are read.
TEST(Defined, AppendingARowExtendsTheFilledPart) {
  EXPECT_THAT(with_rows_finds("copy src=x+0:v11 dst=kv+0:v8\ncopy src=kv+0:v7 dst=a+0:v7"), IsEmpty());
  EXPECT_THAT(with_rows_finds("copy src=kv+0:v7 dst=a+0:v7\ncopy src=x+0:v11 dst=kv+0:v8"),
              ElementsAre(HasSubstr("M04 op 0")));
  // Rows beyond n stay as they were.
  EXPECT_THAT(with_rows_finds("copy src=x+0:v11 dst=kv+0:v8\ncopy src=kv+0:v3 dst=a+0:v3"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads bytes [0, 64)")));
  // One row too far leaves a hole: row n is still missing.
  World world = with_rows();
  world.scalars = "  - {name: n, min: 0, max: 2}\n";
  EXPECT_THAT(world.findings({{"name: s",
                               "copy src=x+0:v11 dst=kv+0:v9\ncopy src=kv+0:v7 dst=a+0:v7\n"
                               "copy src=x+0:v0 dst=y+0:v0"}}),
              ElementsAre(HasSubstr("M04 op 1")));
}

TEST(Defined, AppendingPastTheFilledPartLeavesTheHole) {
  World world = with_rows();
  world.scalars = "  - {name: n, min: 0, max: 2}\n";
  const auto findings = [&](const std::string& row) {
    return world.findings({{"name: s", "copy src=x+0:v11 dst=kv+0:v11\ncopy src=x+0:v11 dst=kv+0:" + row +
                                           "\ncopy src=kv+0:v7 dst=a+0:v7\ncopy src=x+0:v0 dst=y+0:v0"}});
  };
  EXPECT_THAT(findings("v8"), IsEmpty());
  EXPECT_THAT(findings("v9"), ElementsAre(HasSubstr("M04 op 2 (stream s): operand 0 (src) reads bytes [16, ")));
}

// The ring: position n goes to row n mod 4, and n runs on beyond the four rows.
std::vector<std::string> with_ring_finds(const std::string& ops) {
  World world = with_rows(
      "  v13: f32 [1, 4] strides [16, 4] offset+=16*((0+1*n)%3)\n"  // wraps a row early
      "  v14: f32 [2, 4] strides [16, 4] offset+=16*((0+1*n)%3)\n"  // two rows, the second up to row 3
      "  v15: f32 [2, 4] strides [16, 4]\n"
      "  v16: f32 [1, 2] strides [16, 4] offset+=16*((0+1*n)%4)\n"  // a head: half the columns
      "  v17: f32 [1, 2] strides [16, 4]\n"
      "  v18: f32 [4, 2] strides [16, 4] extent[0]<=1+1*n\n"
      "  v19: f32 [3, 4] strides [16, 4] extent[0]<=1+1*n\n"
      "  v20: f32 [3, 4] strides [16, 4] extent[0]<=2+1*n\n");
  world.scalars = "  - {name: n, min: 0, max: 1000000}\n";
  return world.findings({{"name: s", ops + "\ncopy src=x+0:v0 dst=y+0:v0"}});
}

TEST(Defined, AppendingToARingExtendsTheFilledPart) {
  EXPECT_THAT(with_ring_finds("copy src=x+0:v11 dst=kv+0:v8\ncopy src=kv+0:v7 dst=a+0:v7"), IsEmpty());
  // The row just appended, alone, and a part of it.
  EXPECT_THAT(with_ring_finds("copy src=x+0:v11 dst=kv+0:v8\ncopy src=kv+0:v8 dst=a+0:v11\n"
                              "copy src=kv+8:v16 dst=b+0:v17"),
              IsEmpty());
  // By heads, each in columns of its own; a head read whose row is not there yet.
  EXPECT_THAT(with_ring_finds("copy src=x+0:v17 dst=kv+0:v16\ncopy src=kv+0:v18 dst=a+0:v18\n"
                              "copy src=x+8:v17 dst=kv+8:v16\ncopy src=kv+8:v18 dst=a+8:v18"),
              IsEmpty());
  EXPECT_THAT(with_ring_finds("copy src=x+0:v17 dst=kv+0:v16\ncopy src=kv+8:v18 dst=a+8:v18"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads bytes [8, ")));
  // A row too far on leaves a hole.
  EXPECT_THAT(with_ring_finds("copy src=x+0:v11 dst=kv+0:v9\ncopy src=kv+0:v7 dst=a+0:v7"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads")));
}

// Modulus 3 in a state of four rows: at n = 3 row 0 is written, and row 3 is nobody's.
TEST(Defined, ARingReachesAsFarAsItsModulus) {
  EXPECT_THAT(with_ring_finds("copy src=x+0:v11 dst=kv+0:v13\ncopy src=kv+0:v19 dst=a+0:v19"), IsEmpty());
  EXPECT_THAT(with_ring_finds("copy src=x+0:v11 dst=kv+0:v13\ncopy src=kv+0:v7 dst=a+0:v7"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads bytes [48, 64)")));
  // Two rows at a time reach row 3, which the prefix does not hold once they have wrapped.
  EXPECT_THAT(with_ring_finds("copy src=x+0:v15 dst=kv+0:v14\ncopy src=kv+0:v20 dst=a+0:v20"), IsEmpty());
  EXPECT_THAT(with_ring_finds("copy src=x+0:v15 dst=kv+0:v14\ncopy src=kv+0:v7 dst=a+0:v7"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads")));
}

TEST(Defined, ABoundedReadStaysBelowTheBoundOfTheWrite) {
  World world = with_rows("  v13: f32 [4, 4] strides [16, 4] extent[0]<=-1+1*n\n");
  const auto findings = [&](const std::string& written, const std::string& read) {
    return world.findings({{"name: s", "copy src=x+0:" + written + " dst=a+0:" + written + "\ncopy src=a+0:" + read +
                                           " dst=b+0:" + read + "\ncopy src=x+0:v0 dst=y+0:v0"}});
  };
  EXPECT_THAT(findings("v6", "v13"), IsEmpty());
  EXPECT_THAT(findings("v13", "v6"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 0 (src) reads bytes [0, 32)")));
}

TEST(Race, SpeaksOfEveryValueOfAScalar) {
  EXPECT_THAT(with_rows().findings({{"name: s", "copy src=x+0:v11 dst=kv+0:v8\ncopy src=x+0:v0 dst=y+0:v0"},
                                    {"name: u", "copy src=kv+48:v11 dst=a+0:v11"}}),
              ::testing::Contains(HasSubstr("H01 op 2 (stream u) reads bytes [48, 64) of state 'kv'")));
}

TEST(Outputs, AreWrittenWhollyWhateverTheScalarsAre) {
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v1 dst=y+32:v1"}}),
              ElementsAre("O01 output 'y' is left with 32 of 64 bytes undefined, the first at byte 0"));
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v1 dst=y+32:v1\ncopy src=x+0:v1 dst=y+0:v1"}}), IsEmpty());
  EXPECT_THAT(with_rows().findings({{"name: s", "copy src=x+48:v11 dst=y+48:v11\ncopy src=x+0:v6 dst=y+0:v6"}}),
              ElementsAre("O01 output 'y' is left with 48 of 64 bytes undefined, the first at byte 0, which op 1 "
                          "(stream s) writes for some values of a scalar only"));
}

TEST(Outputs, ThatNobodyTouchesAreMissed) {
  EXPECT_THAT(World().findings({{"name: s", "copy src=x+0:v0 dst=a+0:v0"}}),
              ElementsAre("O01 output 'y' is left with 64 of 64 bytes undefined, the first at byte 0"));
}

TEST(Layout, RefusesToReadOneDtypeAsAnother) {
  World world;
  world.views += "  v6: i32 [16] strides [4]\n";
  const std::string rest = "\ncopy src=x+0:v0 dst=y+0:v0";
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v0 dst=a+0:v0\ncopy src=a+0:v6 dst=b+0:v6" + rest}}),
              ElementsAre("N02 op 1 (stream s): operand 0 (src) reads bytes [0, 64) of arena 'a' as i32 rows, written "
                          "as f32 rows by op 0 (stream s)"));
  EXPECT_THAT(world.findings({{"name: s", "copy src=x+0:v6 dst=b+0:v6" + rest}}),
              ElementsAre("N02 op 0 (stream s): operand 0 (src) reads input 'x' as i32 rows, it holds f32 rows"));
}

TEST(Layout, RefusesPanelsOfAnotherWidthAndAtAnotherPlace) {
  const auto findings = [](const std::string& b) {
    World world;
    world.views +=
        "  v6: f32 panels 1x8 [1, 4] strides [128, 32]\n"
        "  v7: f32 panels 1x16 [1, 4] strides [256, 64]\n"
        "  v8: f32 [4, 8] strides [32, 4]\n"
        "  v9: f32 panels 1x16 [1, 2] strides [256, 64]\n"
        "  v10: f32 [4, 2] strides [16, 4]\n"
        "  v11: f32 panels 1x8 [1, 2] strides [128, 32]\n";
    return world.findings({{"name: pre, part: prepare", "pack src=w+0:v3 dst=packed+0:v6"},
                           {"name: s", "matmul a=x+0:" + b + " c=a+0:v3 init\ncopy src=x+0:v0 dst=y+0:v0"}});
  };
  EXPECT_THAT(findings("v3 b=packed+0:v6"), IsEmpty());
  EXPECT_THAT(findings("v10 b=packed+64:v11"), IsEmpty());  // the last two of four k
  EXPECT_THAT(findings("v10 b=packed+0:v9"),
              ElementsAre("N02 op 1 (stream s): operand 1 (b) reads bytes [0, 128) of arena 'packed' as f32 panels of "
                          "16 columns, written as f32 panels of 8 columns"));
}

}  // namespace
}  // namespace rondo
