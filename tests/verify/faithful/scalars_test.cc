// What values mean where a scalar moves or bounds them: a state of four rows, of
// which rows [0, n) are filled; row n is appended, rows [0, n + 1) are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>
#include "tests/verify/faithful/world_text.h"

namespace rondo {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWorld = R"(rondo: 1
target: {backend: cpu, lanes: 1}
spaces:
  - {name: l2, kind: scratch, bytes: 4096, align: 64}
arenas:
  - {name: a, space: l2, bytes: 256, align: 64}
bindings:
  - {name: x, role: input, dtype: f32, shape: [1, 4], align: 4}
  - {name: e, role: constant, dtype: f32, shape: [4, 4], align: 4}
  - {name: k, role: state, dtype: f32, shape: [4, 4], align: 4, filled: {scalar: n, scale: 1, bias: 0}}
  - {name: r, role: state, dtype: f32, shape: [4, 4], align: 4, filled: {scalar: n, scale: 1, bias: 0}}
  - {name: y, role: output, dtype: f32, shape: [1, 4], align: 4}
scalars:
  - {name: n, min: 0, max: MAX}
kernels:
  - {name: add}
  - {name: relu}
  - {name: copy}
  - {name: matmul}
  - {name: softmax}
policies:
  - {storage: f32, compute: f32, accumulate: f32, rounding: nearest_even, saturation: none, denormals: keep}
phases:
  - p
views: |
  v0: f32 [1, 4] strides [16, 4]
  v1: f32 [1, 4] strides [16, 4] offset+=16*((0+1*n)%4)
  v2: f32 [4, 4] strides [16, 4] extent[0]<=1+1*n
  v3: f32 [4, 4] strides [16, 4] extent[0]<=0+1*n
  v4: f32 [4] strides [4] offset+=16*((0+1*n)%4)
  v5: f32 [1, 4] strides [16, 4] offset+=8*((0+1*n)%4)
  v6: f32 [2, 4] strides [16, 4] offset+=16*((0+1*n)%3)
  v7: f32 [1, 4] strides [16, 4] extent[1]<=0+1*n
  v8: f32 [4, 4] strides [16, 4] extent[0]<=0+1*n
  v9: f32 [4, 4] strides [16, 4]
  v10: f32 [4] strides [4]
  v11: f32 [2, 4] strides [16, 4] offset+=8*((0+1*n)%3)
tensors: |
  x: f32 [1, 4] at x
  e: f32 [4, 4] at e
  k: f32 [4, 4] at k
  r: f32 [4, 4] at r
  y: f32 [1, 4] at y
  h: f32 [1, 4]
  g: f32 [4, 4]
  f: f32 [4, 4]
values: |
  val0: x[0:1, 0:4]
  val1: e[0:1, 0:4] moves 0
  val2: k[0:1, 0:4] moves 0
  val3: k[0:4, 0:4]
  val4: r[0:4, 0:4]
  val5: y[0:1, 0:4]
  val6: e[0:1, 0:4]
  val7: k[1:2, 0:4] moves 0
  val8: k[0:1, 0:4]
  val9: e[0:1, 0:4] axes [1] moves 0
  val10: k[0:1, 0:4] axes [1] moves 0
  val11: h[0:1, 0:4]
  val12: k[0:2, 0:4] moves 0
  val13: e[0:1, 0:4] moves 1
  val14: g[0:4, 0:4]
  val15: f[0:4, 0:4]
  val16: r[0:1, 0:4] moves 0
  val17: h[0:1, 0:4] partial 1
  val18: e[0:4, 0:4]
  val19: g[0:1, 0:4] moves 0
  val20: e[0:2, 0:4] moves 0
  val21: r[0:2, 0:4] moves 0
streams:
  - name: s
    lane: 0
    engine: compute
    ops: |
)";

std::vector<std::string> said_of(const std::string& ops, const std::string& most = "3") {
  std::string text = std::regex_replace(kWorld, std::regex("MAX"), most);
  std::string lines = ops + "\nrelu x=x+0:v0{val0} y=y+0:v0{val5}\n";
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    if (end > at) text += "      " + lines.substr(at, end - at) + " phase=p\n";
    at = end + 1;
  }
  return said_in(report_of_text(text));
}

constexpr const char* kAppend = "add a=x+0:v0{val0} b=e+0:v1{val1} y=k+0:v1{val2}";
constexpr const char* kReadAll = "\nrelu x=k+0:v2{val3} y=r+0:v2{val4}";

TEST(MovingValues, AppendAndReadNameOneTensor) {
  EXPECT_THAT(said_of(std::string(kAppend) + kReadAll), IsEmpty());
  // A ring, in which position n lies in row n mod 4.
  EXPECT_THAT(said_of(std::string(kAppend) + kReadAll, "1000000"), IsEmpty());
  // As a vector: no view axis walks the rows.
  EXPECT_THAT(said_of("add a=e+0:v4{val9} b=e+0:v4{val9} y=k+0:v4{val10}" + std::string(kReadAll)), IsEmpty());
  // A product writes its row straight into the state.
  EXPECT_THAT(said_of("matmul a=x+0:v0{val0} b=e+0:v9{val18} c=k+0:v1{val2} init final" + std::string(kReadAll)),
              IsEmpty());
}

TEST(MovingValues, AreElsewhereThanTheBoxAtRest) {
  // The row is written at n, and named as if it were always row 0; or row n + 1.
  EXPECT_THAT(said_of("add a=x+0:v0{val0} b=e+0:v1{val1} y=k+0:v1{val8}" + std::string(kReadAll)),
              ElementsAre(HasSubstr("M05 op 1 (stream s) reads 'k'[0:4, 0:4] from state 'k' at byte 0, which holds "
                                    "'k'[0:1, 0:4] at other addresses, written by op 0 (stream s)"),
                          "S05 state 'k' ends with 'k'[0:1, 0:4] of op 0 (stream s) at byte 0, which belongs elsewhere "
                          "in it"));
  EXPECT_THAT(said_of("add a=x+0:v0{val0} b=e+0:v1{val1} y=k+0:v1{val7}" + std::string(kReadAll)),
              Contains("M05 op 0 (stream s) cannot hold 'k'[1:2, 0:4] moving along axis 0 in its operand y: scalar 'n' "
                       "moves it up to 5 on axis 0, the tensor has 4"));
  EXPECT_THAT(said_of("add a=x+0:v0{val0} b=e+0:v1{val6} y=k+0:v1{val2}" + std::string(kReadAll)),
              ElementsAre(HasSubstr("M05 op 0 (stream s) reads 'e'[0:1, 0:4] from constant 'e' at byte 0, which holds "
                                    "what it held at the start")));
  EXPECT_THAT(
      said_of("add a=x+0:v0{val0} b=e+0:v1{val13} y=k+0:v1{val2}" + std::string(kReadAll)),
      Contains(HasSubstr("cannot hold 'e'[0:1, 0:4] moving along axis 1 in its operand b: scalar 'n' moves it up "
                         "to 16 on axis 1, the tensor has 4")));
  EXPECT_THAT(said_of("add a=x+0:v0{val0} b=e+0:v0{val1} y=k+0:v1{val2}" + std::string(kReadAll)),
              Contains("M05 op 0 (stream s) cannot hold 'e'[0:1, 0:4] moving along axis 0 in its operand b: its box "
                       "moves along axis 0, the view does not"));
}

TEST(MovingValues, StepByWholeCoordinates) {
  EXPECT_THAT(said_of("add a=x+0:v0{val0} b=e+0:v5{val1} y=k+0:v1{val2}" + std::string(kReadAll)),
              Contains(HasSubstr("steps of 8 bytes along axis 0 of the tensor give two elements of the box one "
                                 "address")));
  EXPECT_THAT(said_of("add a=e+0:v11{val20} b=e+0:v11{val20} y=r+0:v11{val21}", "2"),
              Contains(HasSubstr("cannot hold 'e'[0:2, 0:4] moving along axis 0 in its operand a: a scalar moves it by "
                                 "steps of 8 bytes, axis 0 has elements 16 bytes apart")));
  // Two rows that move by one row each step.
  EXPECT_THAT(said_of("add a=e+0:v6{val20} b=e+0:v6{val20} y=r+0:v6{val21}", "2"), IsEmpty());
}

TEST(MovingValues, ShowWhatLayThereBefore) {
  // The other rows of r keep what the state held: they are no rows of g. Nor may row n
  // stay one, when the replay ends.
  EXPECT_THAT(said_of("relu x=e+0:v1{val1} y=r+0:v1{val19}\nrelu x=r+0:v2{val14} y=k+0:v2{val3}"),
              ElementsAre(HasSubstr("M05 op 1 (stream s) reads 'g'[0:4, 0:4] from state 'r' at byte 0, which holds "
                                    "what it held at the start"),
                          "S05 state 'r' ends with 'g'[0:1, 0:4] moving along axis 0 of op 0 (stream s) at byte 0, "
                          "which is not of the tensor it holds"));
  EXPECT_THAT(said_of("relu x=e+0:v1{val1} y=r+0:v1{val19}\nrelu x=r+0:v1{val19} y=k+0:v1{val2}\n"
                      "relu x=k+0:v1{val2} y=r+0:v1{val16}"),
              IsEmpty());
}

TEST(MovingValues, AStateIsNotReadBeforeItIsAppendedTo) {
  EXPECT_THAT(
      said_of("relu x=k+0:v3{val3} y=a+0:v3{val14}\nrelu x=a+0:v3{val14} y=r+0:v3{val4}\n" + std::string(kAppend)),
      IsEmpty());  // rows [0, n) are not row n
  EXPECT_THAT(
      said_of("relu x=k+0:v3{val3} y=a+0:v3{val14}\nrelu x=a+0:v3{val14} y=r+0:v3{val4}\n" + std::string(kAppend), "9"),
      ElementsAre(HasSubstr("M05 op 2 (stream s) writes 'k'[0:1, 0:4] moving along axis 0 to state 'k' at byte "
                            "0, where op 0 (stream s) has read 'k'[0:4, 0:4] as the replay found it")));
}

TEST(MovingValues, DoNotPassThroughACopyThatStaysInPlace) {
  EXPECT_THAT(said_of("copy src=e+0:v1{val1} dst=a+0:v0{val6}\nrelu x=a+0:v0{val6} y=k+0:v1{val2}"),
              ElementsAre("M05 op 0 (stream s) copies 'e'[0:1, 0:4] moving along axis 0 and calls it 'e'[0:1, 0:4], "
                          "but a scalar does not move both boxes alike: what moves is no copy"));
}

TEST(BoundedValues, ShowWhatLayThereBefore) {
  // Rows [0, n) become g again, the rest of the arena still holds f: refused as g.
  EXPECT_THAT(said_of("relu x=e+0:v9{val18} y=a+0:v9{val15}\n"
                      "relu x=r+0:v3{val4} y=a+0:v3{val14}\nrelu x=a+0:v9{val14} y=k+0:v9{val3}"),
              Contains(HasSubstr("M05 op 2 (stream s) reads 'g'[0:4, 0:4] from arena 'a' at byte 0, which holds "
                                 "'f'[0:4, 0:4], written by op 0")));
  // Only as far as they were made: accepted.
  EXPECT_THAT(said_of("relu x=r+0:v3{val4} y=a+0:v3{val14}\nrelu x=a+0:v3{val14} y=k+0:v3{val3}"), IsEmpty());
}

TEST(BoundedValues, ASumsTermsDoNotDependOnAScalar) {
  EXPECT_THAT(said_of("matmul a=x+0:v7{val0} b=e+0:v8{val18} c=a+0:v0{val11} init final\n"
                      "relu x=a+0:v0{val11} y=k+0:v0{val8}"),
              Contains("S04 op 0 (stream s) sums over a k that scalar 'n' bounds or moves: which terms its result "
                       "holds would depend on the scalar"));
}

}  // namespace
}  // namespace rondo
