// rondo run: inputs in, outputs out, compared with the graph.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cstring>
#include <span>
#include "schedules/builder/builder.h"
#include "tests/tools/small_files.h"
#include "tools/npy.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void write_floats(const std::string& path, const std::vector<uint32_t>& shape, const std::vector<float>& values) {
  write_bytes(path, *npy_file(DType::kF32, shape, std::as_bytes(std::span(values))));
}
std::vector<float> read_floats(const std::string& path, const std::vector<uint32_t>& shape) {
  const Result<AlignedBytes> read = read_npy(path, {"y", DType::kF32, shape});
  if (!read.ok()) return {};
  std::vector<float> values(read->size() / sizeof(float));
  std::memcpy(values.data(), read->data(), read->size());
  return values;
}

// double.yaml, its schedule, and x.npy.
struct DoubleFolder : ScratchFolder {
  DoubleFolder() {
    write_bytes("double.yaml", kDoubleGraph);
    rondo({"plan", "double.yaml", "-q"});
    write_floats("x.npy", {2, 3}, {0, 1, 2, -3, 4.5, 1e6});
  }
};

TEST(RunVerb, TakesInputsFromAndWritesOutputsToNpyFiles) {
  const DoubleFolder folder;
  const Ran ran = rondo({"run", "double.rondo", "--input", "x=x.npy", "--output", "y=y.npy"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(read_floats("y.npy", {2, 3}), ElementsAre(0, 2, 4, -6, 9, 2e6));
}

TEST(RunVerb, SumsUpEveryOutput) {
  const DoubleFolder folder;
  const Ran ran = rondo({"run", "double.rondo", "--input", "x=x.npy"});
  EXPECT_THAT(ran.out, AllOf(StartsWith("verified  safe: yes"), HasSubstr("\nreplayed  1 op on "),
                             HasSubstr("\n  output  type  shape   min        max     mean  sha256\n"
                                       "  y       f32   [2, 3]   -6  2,000,000  333,335  ")));
}

TEST(RunVerb, PassesNaNOn) {
  const DoubleFolder folder;
  write_floats("nan.npy", {2, 3}, {0, NAN, 2, -3, 4.5, 7});
  const Ran ran =
      rondo({"run", "double.rondo", "--input", "x=nan.npy", "--output", "y=y.npy", "--check", "double.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1 NaN"));
  EXPECT_TRUE(std::isnan(read_floats("y.npy", {2, 3})[1]));
}

TEST(RunVerb, ComparesWithTheGraphInDoublePrecision) {
  const LayerFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "3", "--check", "layer.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\n  compared  elements  max error  error / bound  error / usual  at"),
                             HasSubstr("  agrees\n")));
}

TEST(RunVerb, AnswersOneWhenTheScheduleComputesSomethingElse) {
  const LayerFolder folder;
  write_bytes("other.yaml", with(kLayerGraph, "op: relu", "op: gelu"));
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "3", "--check", "other.yaml"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("  DIFFERS\n"));
  EXPECT_THAT(ran.err, StartsWith("rondo: layer.rondo does not compute other.yaml: y["));
  EXPECT_THAT(ran.err, HasSubstr(" of 15 outside)\n"));
}

TEST(RunVerb, RefusesToCompareWithAGraphOfOtherTensors) {
  const LayerFolder folder;
  write_bytes("other.yaml", with(kLayerGraph, "x: {shape: [5, 7]", "x: {shape: [6, 7]"));
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "3", "--check", "other.yaml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "rondo: input 'x' of the graph layer is [6, 7], in the schedule it is [5, 7]\n");
}

TEST(RunVerb, GivesTheSameBitsOnEveryRunAndRepeat) {
  const LayerFolder folder;
  rondo({"run", "layer.rondo", "--random-inputs", "3", "--output", "y=a.npy"});
  rondo({"run", "layer.rondo", "--random-inputs", "3", "--output", "y=b.npy", "--repeat", "5"});
  rondo({"run", "layer.rondo", "--random-inputs", "4", "--output", "y=c.npy"});
  EXPECT_EQ(read_bytes("a.npy"), read_bytes("b.npy"));
  EXPECT_NE(read_bytes("a.npy"), read_bytes("c.npy"));
}

TEST(RunVerb, RunsOnTheReferenceKernelsWhenTold) {
  const LayerFolder folder;
  EXPECT_THAT(rondo({"run", "layer.rondo", "--random-inputs", "3", "--isa", "reference", "--check", "layer.yaml"}).out,
              HasSubstr(" on reference, "));
}

TEST(RunVerb, WritesAnOutputToStdoutAlone) {
  const DoubleFolder folder;
  const Ran ran = rondo({"run", "double.rondo", "--input", "x=x.npy", "--output", "y=-"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  write_bytes("y.npy", ran.out);
  EXPECT_THAT(read_floats("y.npy", {2, 3}), ElementsAre(0, 2, 4, -6, 9, 2e6));
}

TEST(RunVerb, ListsEveryInputThatIsMissing) {
  const LayerFolder folder;
  write_floats("x.npy", {5, 7}, std::vector<float>(35));
  const Ran ran = rondo({"run", "layer.rondo", "--input", "x=x.npy"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "rondo: layer.rondo needs\n"
            "  --input w=FILE.npy  constant, f32 [7, 3]\n"
            "  --input b=FILE.npy  constant, f32 [3]\n"
            "or --random-inputs SEED\n");
}

TEST(RunVerb, RefusesNamesThatAreNoBindings) {
  const LayerFolder folder;
  EXPECT_EQ(rondo({"run", "layer.rondo", "--input", "ww=x.npy"}).err,
            "rondo: --input ww=...: the schedule has no such input; it has x, w, b\n");
  EXPECT_EQ(rondo({"run", "layer.rondo", "--output", "x=x.npy", "--random-inputs", "1"}).err,
            "rondo: --output x=...: the schedule has no such output; it has y\n");
  EXPECT_EQ(rondo({"run", "layer.rondo", "--input", "x=a.npy", "--input", "x=b.npy"}).err,
            "rondo: --input x is given twice\n");
}

TEST(RunVerb, RefusesAFileOfAnotherTypeOrShapeNamingBothSides) {
  const DoubleFolder folder;
  write_floats("wrong.npy", {3, 2}, {0, 1, 2, 3, 4, 5});
  const Ran shape = rondo({"run", "double.rondo", "--input", "x=wrong.npy"});
  EXPECT_EQ(shape.code, 2);
  EXPECT_EQ(shape.err, "rondo: wrong.npy: has shape [3, 2], but 'x' has shape [2, 3]\n");
  const std::vector<double> doubles(6);
  write_bytes("f64.npy", *npy_file(DType::kF64, std::vector<uint32_t>{2, 3}, std::as_bytes(std::span(doubles))));
  const Ran dtype = rondo({"run", "double.rondo", "--input", "x=f64.npy"});
  EXPECT_EQ(dtype.code, 2);
  EXPECT_EQ(dtype.err, "rondo: f64.npy: holds '<f8' [2, 3], but 'x' is f32 [2, 3]; save it with .astype('<f4')\n");
}

TEST(RunVerb, CannotWhenAFileIsMissingOrUnwritable) {
  const DoubleFolder folder;
  EXPECT_EQ(rondo({"run", "double.rondo", "--input", "x=none.npy"}).code, 3);
  EXPECT_EQ(rondo({"run", "double.rondo", "--input", "x=x.npy", "--output", "y=no/such/folder/y.npy"}).code, 3);
}

TEST(RunVerb, RunsNothingThatIsNotProven) {
  const LayerFolder folder;
  write_bytes("bad.yaml", with(read_bytes("layer.rondo.yaml"), "a=x+0:", "a=x+0x1000:"));
  const Ran ran = rondo({"run", "bad.yaml", "--random-inputs", "1"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, AllOf(HasSubstr(": M01: "), HasSubstr("rondo: bad.yaml is not replayed: safe: no")));
}

TEST(RunVerb, RunsNothingThatClaimsWhatIsFalse) {
  const LayerFolder folder;
  edit("layer.rondo", "bad.rondo", [](Schedule& schedule) { ++schedule.claims.back().value; });
  const Ran ran = rondo({"run", "bad.rondo", "--random-inputs", "1"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("bad.rondo is not replayed: safe: yes"));
}

TEST(RunVerb, DryRunPrintsTheMemoryItWouldTake) {
  const LayerFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--dry-run"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("inputs and outputs  296  bytes\n"), HasSubstr("\ndry run: nothing was replayed\n")));
}

TEST(RunVerb, RefusesMoreMemoryThanAllowedBeforeTakingIt) {
  const LayerFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "1", "--memory-limit", "200"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, AllOf(StartsWith("rondo: layer.rondo: needs "), HasSubstr(" of memory, 200 B are allowed\n")));
}

// A schedule with a table, a state and a scalar, as no planner makes it yet: the
// rows of x that `pages` names are copied... into the first `n` rows of y.
TEST(RunVerb, SetsScalars) {
  const ScratchFolder folder;
  ScheduleBuilder builder;
  builder.space("host", SpaceKind::kHost, 1 << 20);
  const uint16_t x = builder.binding("x", Role::kInput, DType::kF32, {4, 2});
  const uint16_t cache = builder.binding("cache", Role::kState, DType::kF32, {4, 2});
  const uint16_t y = builder.binding("y", Role::kOutput, DType::kF32, {4, 2});
  Scalar n;
  n.name = builder.name("n");
  n.max = 4;
  builder.schedule().scalars.push_back(n);
  View whole;
  whole.rank = 2;
  whole.extent[0] = 4;
  whole.extent[1] = 2;
  whole.stride_bytes[0] = 8;
  whole.stride_bytes[1] = 4;
  View first = whole;
  first.scalar = 0;
  first.extent_axis = 0;
  first.extent_scale = 1;
  const uint32_t all = builder.view(whole), rows = builder.view(first);
  const uint32_t compute = builder.stream("compute", 0, Engine::kCompute);
  builder.add(compute,
              {.kernel = "copy",
               .operands = {{.base = x, .view = rows}, {.base = cache, .view = rows, .access = Access::kWrite}}});
  builder.add(compute,
              {.kernel = "copy",
               .operands = {{.base = cache, .view = all}, {.base = y, .view = all, .access = Access::kWrite}}});
  const auto bytes = write_binary(builder.finish());
  write_bytes("append.rondo", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  write_floats("x.npy", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  write_floats("cache.npy", {4, 2}, {9, 9, 9, 9, 9, 9, 9, 9});

  EXPECT_EQ(rondo({"run", "append.rondo", "--input", "x=x.npy", "--scalar", "n=2", "--output", "y=y.npy"}).code, 0);
  EXPECT_THAT(read_floats("y.npy", {4, 2}), ElementsAre(1, 2, 3, 4, 0, 0, 0, 0));  // state is zero-filled
  EXPECT_EQ(rondo({"run", "append.rondo", "--input", "x=x.npy", "--input", "cache=cache.npy", "--scalar", "n=1",
                   "--output", "y=y.npy"})
                .code,
            0);
  EXPECT_THAT(read_floats("y.npy", {4, 2}), ElementsAre(1, 2, 9, 9, 9, 9, 9, 9));
  const Ran missing = rondo({"run", "append.rondo", "--input", "x=x.npy"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("'n'"));
  const Ran outside = rondo({"run", "append.rondo", "--input", "x=x.npy", "--scalar", "n=5"});
  EXPECT_EQ(outside.code, 2);
  EXPECT_EQ(outside.err, "rondo: scalar 'n' must be in [0, 4], not 5\n");
}

TEST(RunVerb, StopsBetweenReplaysOnCtrlCAndReportsWhatWasDone) {
  const LayerFolder folder;
  const std::atomic<bool> interrupted{true};
  const Ran ran =
      rondo({"run", "layer.rondo", "--random-inputs", "3", "--repeat", "1000000000", "--json"}, {}, &interrupted);
  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.out, HasSubstr("\"replays\": 1,"));
}

TEST(RunVerb, IsReadableByPrograms) {
  const LayerFolder folder;
  const Ran ran = rondo({"run", "layer.rondo", "--random-inputs", "3", "--check", "layer.yaml", "--json"});
  EXPECT_EQ(ran.code, 0);
  for (const char* key :
       {"\"verification\": \"safe: yes", "\"kernels\": [", "\"time_ns\": {", "\"outputs\": [", "\"agrees\": true"})
    EXPECT_THAT(ran.out, HasSubstr(key));
}

TEST(RunVerb, ChecksAStepWithItsStatesTablesAndScalars) {
  const ScratchFolder folder;
  const std::string step = kLibrary + "gpt2-tiny-decode.yaml";
  ASSERT_EQ(rondo({"plan", step, "-o", "step.rondo"}).code, 0);
  const Ran ran = rondo({"run", "step.rondo", "--random-inputs", "1", "--scalar", "position=7", "--check", step});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\n  logits "));
  EXPECT_THAT(ran.out, HasSubstr("\n  h1.values (state) "));
}

// A row of a cache is written, which no output shows.
constexpr const char* kNotesGraph = R"(graph: notes
scalars:
  row: {min: 1, max: 3}
states:
  notes: {shape: [4, 5]}
tensors:
  x: {shape: [1, 5], role: input}
  y: {role: output}
operators:
  - {op: relu, inputs: [x], output: bent}
  - {op: append, inputs: [notes, bent], output: all, at: row}
  - {op: relu, inputs: [x], output: y}
)";

TEST(RunVerb, ComparesWhatAReplayLeftInStates) {
  const ScratchFolder folder;
  write_bytes("notes.yaml", kNotesGraph);
  write_bytes("other.yaml", with(kNotesGraph, "relu, inputs: [x], output: bent", "tanh, inputs: [x], output: bent"));
  ASSERT_EQ(rondo({"plan", "notes.yaml", "-o", "notes.rondo"}).code, 0);
  write_floats("x.npy", {1, 5}, {1, 2, 3, -4, 5});
  const std::vector<std::string> run = {"run",   "notes.rondo", "--input", "x=x.npy", "--scalar",
                                        "row=2", "--repeat",    "3",       "--check"};
  const auto checked = [&](const char* graph) {
    std::vector<std::string> words = run;
    words.push_back(graph);
    return rondo(words);
  };
  const Ran good = checked("notes.yaml");
  EXPECT_EQ(good.code, 0) << good.err;
  const Ran wrong = checked("other.yaml");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("\n  notes (state)  "), HasSubstr("\n  y  ")));
  EXPECT_THAT(wrong.err,
              StartsWith("rondo: notes.rondo does not compute other.yaml: notes[2, 4] is 5, should be 0.99"));
  EXPECT_THAT(wrong.err, HasSubstr("(5 elements of 20 outside)\n"));
}

}  // namespace
}  // namespace rondo::cli
