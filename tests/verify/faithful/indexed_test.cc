// Operands whose rows a table chooses: a pool of four rows into which two rows are
// scattered and from which an attention gathers. The table's entries are data, so the
// whole pool is what an op reads or writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  - {name: a, space: l2, bytes: 64, align: 64}
bindings:
  - {name: x, role: input, dtype: f32, shape: [2, 4], align: 4}
  - {name: e, role: constant, dtype: f32, shape: [4, 4], align: 4}
  - {name: pool, role: state, dtype: f32, shape: [4, 4], align: 4}
  - {name: rows, role: table, dtype: i32, shape: [2], align: 4, index_limit: 4}
  - {name: y, role: output, dtype: f32, shape: [2, 4], align: 4}
kernels:
  - {name: relu}
  - {name: gather}
  - {name: scatter}
  - {name: attention_indexed}
policies:
  - {storage: f32, compute: f32, accumulate: f32, rounding: nearest_even, saturation: none, denormals: keep}
phases:
  - p
tokens: |
  t0: lane
views: |
  v0: f32 [2, 4] strides [16, 4]
  v1: f32 [4, 4] strides [16, 4]
  v2: i32 [2] strides [4]
  v3: f32 [3, 4] strides [16, 4]
tensors: |
  x: f32 [2, 4] at x
  e: f32 [4, 4] at e
  pool: f32 [4, 4] at pool
  rows: i32 [2] at rows
  y: f32 [2, 4] at y
  g: f32 [4, 4]
  f: f32 [4, 4]
  h: f32 [2, 4]
values: |
  val0: x[0:2, 0:4]
  val1: e[0:4, 0:4]
  val2: pool[0:4, 0:4]
  val3: rows[0:2]
  val4: y[0:2, 0:4]
  val5: g[0:4, 0:4]
  val6: f[0:4, 0:4]
  val7: h[0:2, 0:4]
  val8: pool[0:3, 0:4]
streams:
  - name: s
    lane: 0
    engine: compute
    ops: |
)";

// Ops of stream s; those after a line "-" are of a second stream u.
std::vector<std::string> said_of(const std::string& ops) {
  std::string text = kWorld, lines = ops + "\n";
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    const std::string line = lines.substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    if (line == "-")
      text += "  - name: u\n    lane: 0\n    engine: compute\n    ops: |\n";
    else
      text += "      " + line + " phase=p\n";
  }
  return said_in(report_of_text(text));
}

constexpr const char* kScatter = "scatter rows=rows+0:v2{val3} src=x+0:v0{val0} dst=pool+0:v1{val2}\n";
constexpr const char* kAttend =
    "attention_indexed q=x+0:v0{val0} k=pool+0:v1{val2} v=pool+0:v1{val2} rows=rows+0:v2{val3} y=y+0:v0{val4} "
    "scale=1\n";

TEST(Indexed, ScatterAndAttentionShareAPool) {
  EXPECT_THAT(said_of(std::string(kScatter) + kAttend), IsEmpty());
  EXPECT_THAT(said_of("gather rows=rows+0:v2{val3} src=e+0:v1{val1} dst=y+0:v0{val4}"), IsEmpty());
}

TEST(Indexed, TheWholePoolIsRead) {
  EXPECT_THAT(said_of("relu x=x+0:v0{val0} y=a+0:v0{val7}\n"
                      "gather rows=rows+0:v2{val3} src=a+0:v1{val5} dst=y+0:v0{val4}"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 1 (src) reads bytes [32, 64) of arena 'a', which "
                                    "nothing has written")));
  EXPECT_THAT(said_of("relu x=e+0:v1{val1} y=a+0:v1{val5}\n"
                      "gather rows=rows+0:v2{val3} src=a+0:v1{val5} dst=y+0:v0{val4}"),
              IsEmpty());
  // A scatter defines nothing: which rows it writes is not known.
  EXPECT_THAT(said_of("scatter rows=rows+0:v2{val3} src=x+0:v0{val0} dst=a+0:v1{val5}\n"
                      "gather rows=rows+0:v2{val3} src=a+0:v1{val5} dst=y+0:v0{val4}"),
              ElementsAre(HasSubstr("M04 op 1 (stream s): operand 1 (src) reads bytes [0, 64)")));
  EXPECT_THAT(said_of("scatter rows=rows+0:v2{val3} src=x+0:v0{val0} dst=y+0:v0{val4}"),
              Contains(HasSubstr("O01 output 'y' is left with 32 of 32 bytes undefined")));
}

TEST(Indexed, TheWholePoolIsWritten) {
  EXPECT_THAT(said_of(std::string(kScatter) + "-\n" + kAttend),
              Contains(HasSubstr("H01 op 1 (stream u) reads bytes [0, 64) of state 'pool'")));
  EXPECT_THAT(
      said_of(std::string(kScatter) + kAttend + "scatter rows=rows+0:v2{val3} src=pool+0:v0{val8} dst=pool+0:v1{val2}"),
      Contains(HasSubstr("A01 op 2")));
}

TEST(Indexed, AreNamedLikeAllOthers) {
  EXPECT_THAT(said_of("gather rows=rows+0:v2 src=e+0:v1{val1} dst=y+0:v0{val4}"),
              ElementsAre("M05 op 0 (stream s) names no value for its operand rows in table 'rows' at byte 0"));
  EXPECT_THAT(said_of("gather rows=rows+0:v2{val3} src=e+0:v1{val5} dst=y+0:v0{val4}"),
              Contains(HasSubstr("M05 op 0 (stream s) reads 'g'[0:4, 0:4] from constant 'e'")));
  EXPECT_THAT(said_of("gather rows=rows+0:v2{val3} src=e+0:v3{val1} dst=y+0:v0{val4}"),
              Contains(HasSubstr("M05 op 0 (stream s) cannot hold 'e'[0:4, 0:4] in its operand src: the box has 4 on "
                                 "axis 0, view axis 0 has 3")));
}

TEST(Indexed, AScatterLeavesWhatItDoesNotWrite) {
  // Rows of f show between those of g.
  EXPECT_THAT(said_of("relu x=e+0:v1{val1} y=a+0:v1{val6}\n"
                      "scatter rows=rows+0:v2{val3} src=x+0:v0{val0} dst=a+0:v1{val5}\n"
                      "gather rows=rows+0:v2{val3} src=a+0:v1{val5} dst=y+0:v0{val4}"),
              ElementsAre(HasSubstr("M05 op 2 (stream s) reads 'g'[0:4, 0:4] from arena 'a' at byte 0, which holds "
                                    "'f'[0:4, 0:4], written by op 0")));
  EXPECT_THAT(said_of("relu x=e+0:v1{val1} y=a+0:v1{val5}\n"
                      "scatter rows=rows+0:v2{val3} src=x+0:v0{val0} dst=a+0:v1{val5}\n"
                      "gather rows=rows+0:v2{val3} src=a+0:v1{val5} dst=y+0:v0{val4}"),
              IsEmpty());
  // The pool is scattered into after it was read as it was: two contents, one name.
  EXPECT_THAT(said_of(std::string(kAttend) + kScatter),
              ElementsAre(HasSubstr("M05 op 1 (stream s) writes 'pool'[0:4, 0:4] to state 'pool' at byte 0, where op 0 "
                                    "(stream s) has read 'pool'[0:4, 0:4] as the replay found it")));
}

}  // namespace
}  // namespace rondo
