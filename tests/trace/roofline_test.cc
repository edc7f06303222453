// What is summed up of recorded replays.
#include "runtime/roofline/roofline.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <vector>
#include "schedules/builder/builder.h"
#include "tests/runtime/fixtures.h"

namespace rondo::runtime {
namespace {

using fixtures::must;
using ::testing::StartsWith;

std::vector<RooflineRow> rows_of_staged_add(int replays) {
  const Program program = must(Runtime().prepare(fixtures::proven(fixtures::staged_add())));
  Session session = must(program.session());
  fixtures::AlignedFloats a(128), b(128), y(128);
  EXPECT_TRUE(session.bind("a", Buffer(a.data(), 512, DType::kF32)).ok());
  EXPECT_TRUE(session.bind("b", Buffer(b.data(), 512, DType::kF32)).ok());
  EXPECT_TRUE(session.bind("y", Buffer(y.data(), 512, DType::kF32)).ok());
  TraceBuffer trace = must(TraceBuffer::make(program, 10));
  for (int i = 0; i < replays; ++i) EXPECT_TRUE(session.replay(trace).ok());
  return must(roofline_of(program, trace));
}

const RooflineRow& row(const std::vector<RooflineRow>& rows, std::string_view op) {
  return *std::find_if(rows.begin(), rows.end(), [&](const RooflineRow& each) { return each.op == op; });
}

TEST(Roofline, HasARowPerKernelAndPhaseWithExactWork) {
  const std::vector<RooflineRow> rows = rows_of_staged_add(10);
  ASSERT_EQ(rows.size(), 2u);  // copy and add; the longer first
  EXPECT_GE(rows[0].median_ns, rows[1].median_ns);
  const RooflineRow &add = row(rows, "add"), &copy = row(rows, "copy");
  EXPECT_EQ(add.calls, 1u);
  EXPECT_EQ(add.flops, 128u);
  EXPECT_EQ(add.bytes, 3u * 512);
  EXPECT_EQ(add.stream, "compute");
  EXPECT_DOUBLE_EQ(*add.intensity(), 1.0 / 12);
  EXPECT_EQ(copy.calls, 3u);
  EXPECT_EQ(copy.bytes, 3u * 2 * 512);
  EXPECT_EQ(copy.stream, "");  // of two streams
  EXPECT_FALSE(copy.gflops().has_value());
  EXPECT_LE(add.min_ns, add.median_ns);
  EXPECT_LE(add.median_ns, add.p95_ns);
}

// relu of the first `rows` rows of eight, as a decode step takes the keys there are.
Schedule first_rows() {
  ScheduleBuilder builder;
  const uint16_t host = builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t kept = builder.arena("kept", host, 8 * 16);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {8, 4});
  builder.schedule().scalars.push_back({builder.name("rows"), 0, 0, 8});
  builder.phase("p");
  View box;
  box.rank = 2;
  box.extent[0] = 8, box.extent[1] = 4;
  box.stride_bytes[0] = 16, box.stride_bytes[1] = 4;
  box.scalar = 0;
  box.extent_axis = 0;
  box.extent_scale = 1;
  const uint32_t view = builder.view(box);
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  builder.add(compute, {.kernel = "relu", .operands = {{x, 0, view, Access::kRead}, {kept, 0, view, Access::kWrite}}});
  return builder.finish();
}

TEST(Roofline, CountsWhatAScalarBoundsAtItsValueInEachReplay) {
  const Program program = must(Runtime().prepare(fixtures::proven(first_rows())));
  Session session = must(program.session());
  std::vector<float> x(32, 1.0f);
  ASSERT_TRUE(session.bind("x", x).ok());
  TraceBuffer trace = must(TraceBuffer::make(program, 2));
  const auto replay = [&](int64_t rows) {
    EXPECT_TRUE(session.set_scalar("rows", rows).ok());
    EXPECT_TRUE(session.replay(trace).ok());
    return must(roofline_of(program, trace)).front();
  };
  RooflineRow row = replay(3);
  EXPECT_EQ(row.flops, 3u * 4);
  EXPECT_EQ(row.bytes, 2u * 3 * 16);
  row = replay(6);  // the mean of both
  EXPECT_EQ(row.flops, 18u);
  EXPECT_EQ(row.bytes, 2u * 72);
  row = replay(0);  // the first is overwritten
  EXPECT_EQ(row.flops, 12u);
  EXPECT_EQ(must(trace.replays()).back().scalars, std::vector<int64_t>{0});
  const std::string file = must(perfetto_trace(program, trace));
  EXPECT_NE(file.find("GFLOP/s of running phases"), std::string::npos);
}

TEST(Roofline, IsEmptyWithoutACompleteReplay) { EXPECT_TRUE(rows_of_staged_add(0).empty()); }

TEST(RooflineCsv, LeavesEmptyWhatIsNotKnown) {
  RooflineRow row;
  row.phase = "layer 1, \"first\"";
  row.op = "matmul";
  row.kernel = "matmul_f32_avx2";
  row.shape = "m=2 n=3 k=4";
  row.dtype = DType::kF32;
  row.calls = 1;
  row.min_ns = row.median_ns = row.mean_ns = row.p95_ns = 24;
  row.flops = 48;
  const std::string csv = roofline_csv({row}, {"r1", "a.rondo", "00ff"});
  EXPECT_EQ(
      csv.substr(csv.find('\n') + 1),
      "1,r1,a.rondo,00ff,,\"layer 1, \"\"first\"\"\",matmul,matmul_f32_avx2,cpu,,,m=2 n=3 k=4,f32,f32,1,24,24,24,24,"
      "48,,,,,,,,model,,,,2,,,,,,,,,,,,ok\n");
  const auto commas = [](std::string_view line) { return std::count(line.begin(), line.end(), ','); };
  EXPECT_EQ(commas(csv.substr(0, csv.find('\n'))), commas(csv.substr(csv.find('\n') + 1)) - 1);  // one is quoted
}

}  // namespace
}  // namespace rondo::runtime
