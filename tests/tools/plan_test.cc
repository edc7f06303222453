// rondo plan: what it prints, what it writes, what it leaves alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/tools/small_files.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(PlanVerb, WritesABinaryScheduleNamedAfterTheGraphInTheWorkingFolder) {
  const ScratchFolder folder;
  std::filesystem::create_directory("graphs");
  write_bytes("graphs/layer.yaml", kLayerGraph);
  const Ran ran = rondo({"plan", "graphs/layer.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("  graph     x [5, 7] -> y [5, 3]\n"), HasSubstr("\nwrote layer.rondo: ")));
  EXPECT_THAT(read_bytes("layer.rondo"), StartsWith("\x89"));
}

TEST(PlanVerb, WritesSeveralGraphsAsMembersOfOneFile) {
  const ScratchFolder folder;
  const Ran ran = rondo({"plan", kLibrary + "gpt2-tiny-prefill.yaml", kLibrary + "gpt2-tiny-decode.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("member gpt2-tiny-prefill\n"), HasSubstr("\nmember gpt2-tiny-decode\n"),
                             HasSubstr("\nwrote gpt2-tiny-prefill.rondo: ")));
  EXPECT_EQ(rondo({"verify", "gpt2-tiny-prefill.rondo", "--require", "faithful"}).code, 0);
  EXPECT_EQ(rondo({"plan", kLibrary + "mlp.yaml", kLibrary + "mlp.yaml", "--dry-run"}).code, 1);
}

TEST(PlanVerb, PutsTheLeastPossibleBesideWhatItAchieved) {
  const ScratchFolder folder;
  const Ran ran = rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "--scratch", "68 KiB"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("44 compute, 27 load, 4 store"));
  EXPECT_THAT(ran.out, HasSubstr("why no plan can do better\n  loads                27      27  1.00 x  "));
}

TEST(PlanVerb, PlansByTheFusionPlannerAndSetsTheTilePlannerBesideIt) {
  const ScratchFolder folder;
  const Ran ran = rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "--planner", "fusion", "--compare"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("  strategy  fused, tiles of up to "), HasSubstr("matmul_0 relu_1"),
                             HasSubstr(" fusion "), HasSubstr(" 126,976\n")));
  EXPECT_EQ(rondo({"verify", "mlp.rondo", "--require", "faithful"}).code, 0);
  EXPECT_EQ(rondo({"run", "mlp.rondo", "--random-inputs", "1", "--check", kLibrary + "mlp.yaml"}).code, 0);
  const Ran json = rondo({"plan", kLibrary + "mlp.yaml", "--planner", "fusion", "--compare", "--dry-run", "--json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"parts\": ["), HasSubstr("\"tile_planner\": {")));
}

TEST(PlanVerb, SaysWhatTheFusionPlannerCannotDo) {
  const ScratchFolder folder;
  const Ran several = rondo({"plan", kLibrary + "mlp.yaml", kLibrary + "mlp128.yaml", "--planner", "fusion"});
  EXPECT_EQ(several.code, 2);
  EXPECT_THAT(several.err, HasSubstr("--planner fusion plans one graph; 2 are given"));
  const Ran alone = rondo({"plan", kLibrary + "mlp.yaml", "--compare"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.err, HasSubstr("--compare compares --planner fusion with the tile planner"));
  const Ran softmax = rondo({"plan", kLibrary + "attention.yaml", "--planner", "fusion"});
  EXPECT_EQ(softmax.code, 3);
  EXPECT_THAT(softmax.err, HasSubstr("attention.yaml:"));
  EXPECT_THAT(softmax.err, HasSubstr("the fusion planner cannot plan "));
}

TEST(PlanVerb, ReproducesThePublishedFirstFitFigures) {
  const ScratchFolder folder;
  const Ran ran =
      rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "--policy", "seed-first-fit", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* figure : {"\"micro_ops\": 148", "\"ops\": 99", "\"loads\": 39", "\"loads_eliminated\": 49",
                             "\"computes\": 44", "\"stores\": 16", "\"peak_bytes\": 53248", "\"live_at_end_bytes\": 0"})
    EXPECT_THAT(ran.out, HasSubstr(figure));
}

TEST(PlanVerb, ChoosesTheFormByNameOrAsTold) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "a.yaml"}).code, 0);
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "b", "--text"}).code, 0);
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "c.yaml", "--binary"}).code, 0);
  EXPECT_EQ(rondo({"plan", "layer.yaml", "--text"}).code, 0);
  EXPECT_THAT(read_bytes("a.yaml"), StartsWith("rondo: 1\n"));
  EXPECT_EQ(read_bytes("a.yaml"), read_bytes("b"));
  EXPECT_EQ(read_bytes("a.yaml"), read_bytes("layer.rondo.yaml"));
  EXPECT_THAT(read_bytes("c.yaml"), StartsWith("\x89"));
  EXPECT_EQ(read_bytes("layer.yaml"), kLayerGraph);  // --text did not overwrite the graph
}

TEST(PlanVerb, PrintsTheScheduleAloneToStdout) {
  const LayerFolder folder;
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "-"}).out, read_bytes("layer.rondo.yaml"));
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "-", "--binary"}).out, read_bytes("layer.rondo"));
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "-", "--json"}).code, 2);
}

TEST(PlanVerb, GivesTheSameBytesForTheSameInput) {
  const ScratchFolder folder;
  for (const char* output : {"a.rondo", "b.rondo"})
    EXPECT_EQ(rondo({"plan", kLibrary + "mlp.yaml", "--machine", kAccelerator, "-o", output}).code, 0);
  EXPECT_EQ(read_bytes("a.rondo"), read_bytes("b.rondo"));
}

TEST(PlanVerb, DryRunPlansButWritesNothing) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  const Ran ran = rondo({"plan", "layer.yaml", "--dry-run"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("\ndry run: not written: layer.rondo: "));
  EXPECT_FALSE(std::filesystem::exists("layer.rondo"));
}

TEST(PlanVerb, QuietPrintsNothingOnSuccess) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  const Ran ran = rondo({"plan", "layer.yaml", "-q"});
  EXPECT_EQ(ran.out + ran.err, "");
  EXPECT_TRUE(std::filesystem::exists("layer.rondo"));
}

TEST(PlanVerb, NeverOverwritesWhatItReads) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  const Ran ran = rondo({"plan", "layer.yaml", "-o", "./layer.yaml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "rondo: -o ./layer.yaml would overwrite the input layer.yaml\n");
  EXPECT_EQ(read_bytes("layer.yaml"), kLayerGraph);
}

TEST(PlanVerb, KeepsTheOldFileWhenTheNewOneCannotBePlanned) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  write_bytes("layer.rondo", "old");
  EXPECT_EQ(rondo({"plan", "layer.yaml", "--staging", "staged", "--scratch", "8"}).code, 3);
  EXPECT_EQ(read_bytes("layer.rondo"), "old");
}

TEST(PlanVerb, WarnsOfATableThatMayPointBeyondTheRows) {
  const ScratchFolder folder;
  const std::string text = R"(tables: {token: {shape: [2], limit: 100}}
tensors:
  words: {shape: [64, 8], role: input}
  y: {role: output}
operators:
  - {op: slice, inputs: [token], output: first, axis: 0, end: 1}
  - {op: gather, name: look_up, inputs: [words, first], output: y}
)";
  write_bytes("g.yaml", text);
  const Ran ran = rondo({"plan", "g.yaml"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err,
            "rondo: warning: g.yaml:1:10: table 'token' has limit 100, but gather 'look_up' chooses from the 64 rows "
            "of 'words': entries from 64 on count as 63\n");
  EXPECT_THAT(rondo({"plan", "g.yaml", "--json"}).out, HasSubstr("\"warnings\": [\n    \"g.yaml:1:10: table 'token'"));
  EXPECT_EQ(rondo({"plan", "g.yaml", "-q"}).err, "");
  std::string fitting = text;
  fitting.replace(fitting.find("100"), 3, "64");
  write_bytes("g.yaml", fitting);
  EXPECT_EQ(rondo({"plan", "g.yaml"}).err, "");
}

TEST(PlanVerb, CountsMoreOperationsWithoutFusion) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  EXPECT_THAT(rondo({"plan", "layer.yaml", "--json"}).out, HasSubstr("\"ops\": 1,"));
  EXPECT_THAT(rondo({"plan", "layer.yaml", "--json", "--no-fuse"}).out, HasSubstr("\"ops\": 3,"));
}

// Values have no names for what a state held before it was changed (rule M05).
TEST(PlanVerb, WritesNoPlanThatDoesNotHold) {
  const ScratchFolder folder;
  write_bytes("notes.yaml", R"(graph: notes
scalars: {row: {max: 3}}
states: {notes: {shape: [4, 5]}}
tensors:
  x: {shape: [1, 5], role: input}
  y: {role: output}
operators:
  - {op: reduce_sum, inputs: [notes], output: y, axis: 0}
  - {op: append, inputs: [notes, x], output: all, at: row}
)");
  const Ran ran = rondo({"plan", "notes.yaml", "-o", "notes.rondo"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("M05: op 1 (stream compute) writes 'notes'[0:1, 0:5]"));
  EXPECT_THAT(ran.err, HasSubstr("as the replay found it\n"));
  EXPECT_THAT(ran.err, HasSubstr("rondo: the plan of notes.yaml is not written: safe: yes · values: "));
  EXPECT_FALSE(std::filesystem::exists("notes.rondo"));
  const Ran json = rondo({"plan", "notes.yaml", "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_THAT(json.out, HasSubstr("\"written\": null,\n  \"verification\": \"safe: yes"));
}

}  // namespace
}  // namespace rondo::cli
