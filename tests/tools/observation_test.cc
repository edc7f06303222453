// rondo run beside the replay itself: rooflines against a machine, plan against replay.
#include "tools/observation.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <filesystem>
#include "tests/tools/small_files.h"
#include "tools/roofline_svg.h"

namespace rondo::cli {
namespace {

using runtime::RooflineRow;
using runtime::Roofs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kMachine[] = R"(machine: board
spaces: {host: {kind: host, capacity: 1 GiB}}
caches:
  - {name: l1, bytes: 32 KiB}
  - {name: l2, bytes: 1 MiB, cores: 2}
figures:
  - {kind: compute, name: f32_scalar, value: 10, clock_mhz: 3000}
  - {kind: compute, name: f32_avx2, value: 80}
  - {kind: compute, name: f32_avx512, value: 100}
  - {kind: bandwidth, name: l1, value: 200}
  - {kind: bandwidth, name: l2, value: 100}
  - {kind: bandwidth, name: dram, value: 10}
  - {kind: compute, name: f32_avx2, value: 150, threads: 2}
  - {kind: bandwidth, name: l1, value: 400, threads: 2}
  - {kind: bandwidth, name: l2, value: 120, threads: 2}
  - {kind: bandwidth, name: dram, value: 12, threads: 2}
costs:
  matmul: {fixed_ns: 100, ns_per_flop: 0.01}
rates:
  matmul: {l1: {fixed_ns: 50}}
)";

// layer.rondo, planned without costs, and board.yaml.
struct BoardFolder : LayerFolder {
  BoardFolder() { write_bytes("board.yaml", kMachine); }
};

std::vector<std::string> cells_of(const std::string& csv, size_t line) {
  std::vector<std::string> cells = {""};
  std::istringstream stream(csv);
  std::string text;
  for (size_t i = 0; i <= line; ++i) std::getline(stream, text);
  for (const char c : text) {
    if (c == ',')
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}
std::string column(const std::string& csv, const std::string& name, size_t line = 1) {
  const std::vector<std::string> names = cells_of(csv, 0), cells = cells_of(csv, line);
  for (size_t i = 0; i < names.size() && i < cells.size(); ++i)
    if (names[i] == name) return cells[i];
  return "no column " + name;
}

TEST(RoofsOf, GivesEachWorkerItsPartOfWhatAllReachTogether) {
  const Machine machine = *parse_machine(kMachine);
  const Roofs one = roofs_of(machine, 1), two = roofs_of(machine, 2);
  EXPECT_EQ(one.peak("f32_avx512"), 100);
  EXPECT_EQ(one.clock_mhz, 3000);
  ASSERT_EQ(one.memory.size(), 3u);
  EXPECT_EQ(one.memory[2].name, "dram");
  EXPECT_EQ(two.peak("f32_avx2"), 75);
  EXPECT_EQ(two.peak("f32_avx512"), 0);  // not measured with two threads
  EXPECT_EQ(two.memory[1].gbytes_per_s, 60);
  EXPECT_TRUE(two.memory[1].shared);
  EXPECT_FALSE(two.memory[0].shared);
  EXPECT_FALSE(roofs_of(machine, 3).known());
}

TEST(RunRoofline, FillsWhatAMachineFileTells) {
  const BoardFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--repeat", "5", "--isa", "reference",
                         "--roofline", "r.csv", "--machine", "board.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string csv = read_bytes("r.csv");
  EXPECT_THAT(column(csv, "run_id"), ::testing::MatchesRegex("20[0-9][0-9]-.*T.*Z"));
  EXPECT_EQ(column(csv, "op"), "matmul");
  EXPECT_EQ(column(csv, "device"), "board");
  EXPECT_EQ(column(csv, "peak_gflops"), "10");
  EXPECT_EQ(column(csv, "clock_mhz"), "3000");
  EXPECT_EQ(column(csv, "bytes_l2"), "0");  // all of it stays in L1 from replay to replay
  EXPECT_EQ(column(csv, "bytes_dram"), "0");
  EXPECT_EQ(column(csv, "ai_dram"), "");   // no bytes, no quotient
  EXPECT_EQ(column(csv, "bytes_l3"), "");  // the machine has no such cache
  EXPECT_EQ(column(csv, "ridge_ai"), "1");
  EXPECT_NE(column(csv, "pct_roof"), "");
  EXPECT_NE(column(csv, "roof_gflops"), "");
  EXPECT_NE(column(csv, "bound"), "");
  EXPECT_EQ(read_bytes("r.ceilings.csv"), ceilings_csv(*parse_machine(kMachine)));
}

TEST(RunRoofline, SaysSoWhereTheMachineHasNoFigures) {
  const BoardFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--roofline", "r.csv", "--machine",
                         kLibrary + "machines/host-cpu.yaml"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("has no figures for 1 thread: nothing to compare with"));
  EXPECT_EQ(column(read_bytes("r.csv"), "pct_roof"), "");
  EXPECT_EQ(column(read_bytes("r.csv"), "bound"), "");
}

TEST(RunRoofline, DrawsAChart) {
  const BoardFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--repeat", "3", "--roofline-svg", "r.svg",
                         "--machine", "board.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string svg = read_bytes("r.svg");
  EXPECT_THAT(svg, AllOf(StartsWith("<svg xmlns="), HasSubstr("Roofline of layer.rondo"), HasSubstr(">DRAM 10.0 GB/s<"),
                         HasSubstr(">f32 avx512 100 GFLOP/s<"), HasSubstr("prefers-color-scheme: dark"),
                         HasSubstr("<title>matmul_f32_"), HasSubstr("</svg>\n")));
}

// Well formed whatever the names are: every < begins an element, every & an entity.
TEST(RooflineSvg, EscapesNamesAndDrawsWithoutRowsOrRoofs) {
  RooflineRow row;
  row.op = "matmul";
  row.kernel = "matmul_f32_avx2";
  row.phase = "a<b & \"c\"";
  row.flops = 1000;
  row.bytes = 100;
  row.median_ns = 10;
  row.calls = 1;
  const std::string svg = roofline_svg({row}, {}, {"x<y>.rondo", "s & t"});
  EXPECT_THAT(svg, AllOf(HasSubstr("a&lt;b &amp; &quot;c&quot;"), HasSubstr("x&lt;y&gt;.rondo"), HasSubstr("s &amp; t"),
                         HasSubstr("bound not known"), Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
  EXPECT_THAT(roofline_svg({}, {}, {"t", ""}), AllOf(HasSubstr("</svg>"), Not(HasSubstr("nan"))));
}

TEST(RunComparePlan, PrefersTheRateOfTheLevelToTheCostOfTheKernel) {
  const BoardFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--repeat", "3", "--compare-plan", "--machine",
                         "board.yaml", "--compare-csv", "c.csv"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("predicted by the rates of board.yaml against one worker\n"),
                             HasSubstr("  all work"), HasSubstr("  begin to end"), HasSubstr("\nfarthest apart\n")));
  EXPECT_EQ(column(read_bytes("c.csv"), "predicted"), "50");
  EXPECT_EQ(column(read_bytes("c.csv"), "ops"), "1");
}

TEST(RunComparePlan, UsesTheCostsThatTheFileCarries) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  rondo({"plan", "layer.yaml", "--machine", kAccelerator, "-q"});
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--compare-plan", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\"source\": \"the costs in layer.rondo\""), HasSubstr("\"predicted_makespan\""),
                             HasSubstr("\"measured_over_predicted\"")));
}

// Shares of the phases add up to the whole, and to what the roofline counts.
TEST(RunComparePlan, CountsAsAllWorkWhatThePhasesTookTogether) {
  const ScratchFolder folder;
  rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", "mlp.rondo", "-q"});
  const Ran ran = rondo({"run", "mlp.rondo", "--random-inputs", "1", "--repeat", "9", "--compare-plan", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const size_t total = ran.out.find("\"total\""), phases = ran.out.find("\"phases\""),
               kernels = ran.out.find("\"kernels\"", phases);
  ASSERT_LT(std::max(total, phases), kernels);
  const auto measured = [&](size_t from, size_t to) {
    double sum = 0;
    const std::string key = "\"measured_ns\": ";
    while ((from = ran.out.find(key, from)) < to) sum += std::atof(ran.out.c_str() + (from += key.size()));
    return sum;
  };
  EXPECT_GT(measured(phases, kernels), 0);
  EXPECT_NEAR(measured(total, phases), measured(phases, kernels), 1e-6 * measured(phases, kernels));
}

// On a device the CPU's roofs say nothing; the plan's own costs do.
TEST(RunComparePlan, LeavesTheRoofsOfTheCpuOutOnADevice) {
  const BoardFolder folder;
  write_bytes("device.yaml", with(read_bytes(kAccelerator), "backend: cpu", "backend: emulated"));
  rondo({"plan", "layer.yaml", "--machine", "device.yaml", "-o", "device.rondo", "-q"});
  const Ran ran = rondo({"run", "device.rondo", "--random-inputs", "1", "--roofline", "r.csv", "--machine",
                         "board.yaml", "--compare-plan"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("are of this CPU, the schedule ran on 'emulated': nothing to compare with"));
  EXPECT_THAT(ran.out, HasSubstr(" against backend 'emulated'\n"));
  EXPECT_EQ(column(read_bytes("r.csv"), "backend"), "emulated");
  EXPECT_EQ(column(read_bytes("r.csv"), "pct_roof"), "");
}

TEST(RunComparePlan, NeedsCosts) {
  const BoardFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--compare-plan"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("rondo: layer.rondo carries no costs to compare with; "));
}

}  // namespace
}  // namespace rondo::cli
