// What a .pftrace says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include "rondo/trace.h"
#include "runtime/roofline/op_cost.h"
#include "tests/runtime/fixtures.h"
#include "tests/trace/wire_reader.h"

namespace rondo {
namespace {

using fixtures::must;
using fixtures::proven;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trace_test::decode;
using trace_test::Decoded;
using trace_test::Slice;

std::string traced(const Schedule& schedule, int replays, bool stop = false) {
  const Program program = must(Runtime().prepare(proven(schedule)));
  Session session = must(program.session());
  std::vector<fixtures::AlignedFloats*> buffers;
  for (const BindingRequirement& need : program.requirements().bindings) {
    buffers.push_back(new fixtures::AlignedFloats(need.bytes / 4));
    std::fill(buffers.back()->begin(), buffers.back()->end(), 0.0f);
    EXPECT_TRUE(session.bind(need.name, Buffer(buffers.back()->data(), need.bytes, need.dtype)).ok());
  }
  TraceBuffer trace = must(TraceBuffer::make(program, static_cast<uint64_t>(replays)));
  const std::atomic<bool> stopped{stop};
  for (int i = 0; i < replays; ++i) EXPECT_EQ(session.replay(trace, stopped).ok(), !stop);
  for (auto* buffer : buffers) delete buffer;
  return must(perfetto_trace(program, trace, {.process = "test"}));
}

TEST(PerfettoTrace, HasATrackForEachStreamAndEachCounter) {
  const Decoded trace = decode(traced(fixtures::staged_add(), 1));
  EXPECT_THAT(trace.tracks,
              ElementsAre("test", "replays", "phases", "worker 0 (the thread that replays)", "in (lane 0, copy in)",
                          "compute (lane 0, compute)", "out (lane 0, copy out)", "live bytes of scratch",
                          "GFLOP/s of running phases", "GB/s of operands of running phases"));
}

TEST(PerfettoTrace, TellsOfEachOpWhatItDid) {
  const Decoded trace = decode(traced(fixtures::staged_add(), 1));
  const std::vector<Slice> compute = trace.on("compute (lane 0, compute)");
  ASSERT_EQ(compute.size(), 1u);
  EXPECT_EQ(compute[0].name, "add");
  EXPECT_EQ(compute[0].numbers.at("flops"), 128u);
  EXPECT_EQ(compute[0].numbers.at("bytes"), 3u * 128 * 4);
  EXPECT_EQ(compute[0].texts.at("shape"), "8x16");
  EXPECT_EQ(compute[0].texts.at("kernel").substr(0, 4), "add_");
  EXPECT_EQ(trace.on("in (lane 0, copy in)").size(), 2u);
  EXPECT_EQ(trace.on("replays").size(), 1u);
}

// copy a, copy b -> add -> copy out: an arrow ends where it is first waited for.
TEST(PerfettoTrace, DrawsEachTokenFromItsSignallerToItsFirstWaiter) {
  const Decoded trace = decode(traced(fixtures::staged_add(), 3));
  int flows = 0;
  for (const Slice& from : trace.slices)
    for (const uint64_t flow : from.flows_out) {
      int ends = 0;
      for (const Slice& to : trace.slices)
        if (std::count(to.flows_in.begin(), to.flows_in.end(), flow) != 0) {
          ++ends;
          EXPECT_NE(from.track, to.track);
          EXPECT_LE(from.end_ns, to.begin_ns);
        }
      EXPECT_EQ(ends, 1);
      ++flows;
    }
  EXPECT_GE(flows, 3 * 2);
}

TEST(PerfettoTrace, CountsLiveBytesAndTheRateOfEachPhase) {
  const Decoded trace = decode(traced(fixtures::staged_add(), 1));
  double most = 0, rate = 0, last_rate = -1;
  for (const trace_test::Sample& sample : trace.samples) {
    if (sample.track == "live bytes of scratch") most = std::max(most, sample.value);
    if (sample.track != "GFLOP/s of running phases") continue;
    rate = std::max(rate, sample.value);
    last_rate = sample.value;
  }
  EXPECT_EQ(most, 3.0 * 128 * 4);
  const std::vector<Slice> phases = trace.on("phases");
  ASSERT_EQ(phases.size(), 1u);
  ASSERT_GT(phases[0].end_ns, phases[0].begin_ns);
  EXPECT_DOUBLE_EQ(rate, 128.0 / static_cast<double>(phases[0].end_ns - phases[0].begin_ns));
  EXPECT_EQ(last_rate, 0);
}

TEST(PerfettoTrace, ShowsWhichLaneEachWorkerRan) {
  const Decoded trace = decode(traced(fixtures::staged_add(), 2));
  const std::vector<Slice> worker = trace.on("worker 0 (the thread that replays)");
  ASSERT_EQ(worker.size(), 2u);
  EXPECT_EQ(worker[0].name, "lane 0");
  EXPECT_EQ(trace.on("compute (lane 0, compute)")[0].numbers.at("worker"), 0u);
}

TEST(PerfettoTrace, IsWholeAlsoAfterAnInterruptedReplay) {
  const Decoded trace = decode(traced(fixtures::staged_add(), 1, true));
  EXPECT_EQ(trace.on("replays").size(), 1u);
  EXPECT_THAT(trace.on("compute (lane 0, compute)"), IsEmpty());
}

TEST(PerfettoTrace, MakesTextOfNamesThatAreNone) {
  EXPECT_EQ(runtime::printable("w\xc3\xa9 \xe2\x82\xac"), "w\xc3\xa9 \xe2\x82\xac");
  EXPECT_EQ(runtime::printable(std::string_view("a\n\0\xff", 4)), "a???");
  EXPECT_EQ(runtime::printable("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(runtime::printable("\xe2\x82"), "??");
}

// The same trace under the eyes of a checker that shares no code with the writer.
TEST(PerfettoTrace, PassesTheIndependentValidator) {
  const std::string checker = RONDO_SOURCE_DIR "/../shared/tools/check_perfetto.py";
  if (!std::filesystem::exists(checker)) GTEST_SKIP() << "there is no validator at " << checker;
  struct Case {
    const char* name;
    Schedule schedule;
    int replays;
  };
  for (const Case& each : {Case{"staged", fixtures::staged_add(), 20}, Case{"one-op", fixtures::relu(), 3},
                           Case{"large", fixtures::chain(5000), 8}}) {  // over a generation of names
    const std::string file = testing::TempDir() + "trace_test_" + each.name + ".pftrace";
    const std::string bytes = traced(each.schedule, each.replays);
    std::ofstream(file, std::ios::binary) << bytes;
    EXPECT_EQ(std::system(("python3 " + checker + " --strict -q " + file).c_str()), 0) << each.name;
    std::filesystem::remove(file);
  }
}

}  // namespace
}  // namespace rondo
