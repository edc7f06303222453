// Bad input through the command line: exit code, and a message that says what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include "tests/sweep.h"
#include "tests/tools/small_files.h"

namespace rondo::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string graph_of(const std::string& x_shape, const std::string& operators) {
  return "graph: g\ntensors:\n  x: {shape: " + x_shape + ", role: input}\n  y: {role: output}\noperators:\n" +
         operators;
}

// Exit code 1: a graph that is no graph. Nothing is written, and the message has a place.
std::string refused_graph(const std::string& text) {
  const ScratchFolder folder;
  write_bytes("g.yaml", text);
  const Ran ran = rondo({"plan", "g.yaml"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_FALSE(std::filesystem::exists("g.rondo"));
  return ran.err;
}

TEST(BadGraph, UnknownOperator) {
  EXPECT_THAT(
      refused_graph(graph_of("[4, 4]", "  - {op: matmull, inputs: [x, x], output: y}\n")),
      StartsWith("rondo: g.yaml:6:10: unknown operator 'matmull' (did you mean 'matmul'?); known: matmul, add, "));
}

TEST(BadGraph, Cycle) {
  EXPECT_EQ(refused_graph(graph_of("[4, 4]",
                                   "  - {op: add, inputs: [x, b], output: a}\n"
                                   "  - {op: relu, inputs: [a], output: b}\n"
                                   "  - {op: relu, inputs: [b], output: y}\n")),
            "rondo: g.yaml:6:5: operators form a cycle: add_0 -> relu_1 -> add_0\n");
}

TEST(BadGraph, ShapeMismatch) {
  EXPECT_EQ(refused_graph(graph_of("[4, 5]", "  - {op: matmul, inputs: [x, x], output: y}\n")),
            "rondo: g.yaml:6:5: matmul 'matmul_0': a is [4, 5], b is [4, 5]: inner extents 5 and 4 differ\n");
}

TEST(BadGraph, EmptyTensor) {
  EXPECT_EQ(refused_graph(graph_of("[4, 0]", "  - {op: relu, inputs: [x], output: y}\n")),
            "rondo: g.yaml:3:3: tensor 'x' has shape [4, 0]: axis 1 is empty; every extent must be at least 1\n");
}

TEST(BadGraph, TensorLargerThanAnyMemory) {
  EXPECT_EQ(refused_graph(graph_of("[1048576, 1048576]", "  - {op: relu, inputs: [x], output: y}\n")),
            "rondo: g.yaml:3:3: tensor 'x' has shape [1048576, 1048576]: more than 2^40 bytes\n");
}

TEST(BadGraph, NotYaml) {
  EXPECT_THAT(refused_graph("graph: [1, 2\n"), StartsWith("rondo: g.yaml:"));
  EXPECT_THAT(refused_graph(std::string("\x00\x01\x02\xff", 4)), StartsWith("rondo: g.yaml:"));
}

TEST(TooLittleMemory, TensorsLargerThanTheMachine) {
  const ScratchFolder folder;
  write_bytes("g.yaml", graph_of("[131072, 1048576]", "  - {op: relu, inputs: [x], output: y}\n"));
  const Ran ran = rondo({"plan", "g.yaml"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, AllOf(StartsWith("rondo: g.yaml:6:5: "), HasSubstr("space 'host', which has 68719476736")));
}

TEST(TooLittleMemory, ScratchSaysTheLeastThatWorks) {
  const ScratchFolder folder;
  write_bytes("layer.yaml", kLayerGraph);
  const Ran small = rondo({"plan", "layer.yaml", "--staging", "staged", "--scratch", "64"});
  EXPECT_EQ(small.code, 3);
  const std::string marker = "needs at least ";
  const size_t at = small.err.find(marker);
  ASSERT_NE(at, std::string::npos) << small.err;
  std::string least = small.err.substr(at + marker.size());
  least = least.substr(0, least.find(" bytes"));
  std::erase(least, ',');
  EXPECT_EQ(rondo({"plan", "layer.yaml", "--staging", "staged", "--scratch", least}).code, 0) << least;
  EXPECT_EQ(
      rondo({"plan", "layer.yaml", "--staging", "staged", "--scratch", std::to_string(std::stoull(least) - 1)}).code, 3)
      << least;
}

constexpr size_t kStep = testing::kSanitized ? 3 : 1;

TEST(BadSchedule, TruncatedAnywhere) {
  const LayerFolder folder;
  const std::string bytes = read_bytes("layer.rondo");
  for (size_t size = 1; size < bytes.size(); size += (size < 256 ? 1 : 61) * kStep) {
    write_bytes("cut.rondo", bytes.substr(0, size));
    const Ran ran = rondo({"verify", "cut.rondo"});
    EXPECT_EQ(ran.code, 1) << size;
    EXPECT_THAT(ran.err, StartsWith("rondo: cut.rondo: ")) << size;
  }
  write_bytes("cut.rondo", bytes.substr(0, 100));
  EXPECT_EQ(
      rondo({"verify", "cut.rondo"}).err,
      "rondo: cut.rondo: truncated: the file has 100 bytes, its header says " + std::to_string(bytes.size()) + "\n");
}

TEST(BadSchedule, EveryFlippedBitIsNoticed) {
  const LayerFolder folder;
  const std::string bytes = read_bytes("layer.rondo");
  for (size_t at = 0; at < bytes.size(); at += 7 * kStep) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    write_bytes("flipped.rondo", flipped);
    const Ran ran = rondo({"verify", "flipped.rondo"});
    EXPECT_EQ(ran.code, 1) << at;
  }
}

TEST(BadSchedule, OfAnotherVersionNamesBoth) {
  const LayerFolder folder;
  std::string bytes = read_bytes("layer.rondo");
  bytes[8] = 2;
  write_bytes("new.rondo", bytes);
  write_bytes("new.yaml", with(read_bytes("layer.rondo.yaml"), "rondo: 1", "rondo: 2"));
  for (const char* file : {"new.rondo", "new.yaml"}) {
    const Ran ran = rondo({"verify", file});
    EXPECT_EQ(ran.code, 1) << file;
    EXPECT_THAT(ran.err, HasSubstr("format version 2, this build reads version 1")) << file;
  }
}

TEST(BadSchedule, ForAnotherBackendIsProvenButNotReplayed) {
  const LayerFolder folder;
  write_bytes("cuda.yaml", with(read_bytes("layer.rondo.yaml"), "{backend: cpu, machine: host-cpu",
                                "{backend: cuda, machine: big-gpu"));
  EXPECT_EQ(rondo({"verify", "cuda.yaml"}).code, 0);
  const Ran ran = rondo({"run", "cuda.yaml", "--random-inputs", "1"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.err, "rondo: there is no device of backend 'cuda'; this build has 'emulated'\n");
}

TEST(BadSchedule, OfAKernelThatIsNotKnownOrMeansSomethingElse) {
  const LayerFolder folder;
  const std::string text = read_bytes("layer.rondo.yaml");
  const size_t hash = text.find("contract: 0x") + 12;
  std::string other = text;
  other[hash] = other[hash] == '1' ? '2' : '1';
  write_bytes("other.yaml", other);
  const Ran ran = rondo({"verify", "other.yaml"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("re-plan"));
}

TEST(BadFile, MissingFoldersDevicesAndEmptyFiles) {
  const LayerFolder folder;
  write_bytes("empty", "");
  std::filesystem::create_directory("folder");
  for (const char* verb : {"plan", "verify", "show", "run"}) {
    EXPECT_EQ(rondo({verb, "none"}).code, 3) << verb;
    EXPECT_EQ(rondo({verb, "folder"}).code, 3) << verb;
    EXPECT_EQ(rondo({verb, "empty"}).code, 1) << verb;
    EXPECT_EQ(rondo({verb, "/dev/null"}).code, 1) << verb;
  }
  EXPECT_EQ(rondo({"verify", "none"}).err, "rondo: none: cannot open: No such file or directory\n");
  EXPECT_EQ(rondo({"verify", "folder"}).err, "rondo: folder: cannot read: Is a directory\n");
  EXPECT_EQ(rondo({"verify", "empty"}).err, "rondo: empty:1:1: the document is empty\n");
  EXPECT_EQ(rondo({"plan", "layer.yaml", "--machine", "none"}).code, 3);
  EXPECT_EQ(rondo({"run", "layer.rondo", "--random-inputs", "1", "--check", "none"}).code, 3);
}

TEST(BadFile, AGraphIsNoScheduleAndAScheduleIsNoGraph) {
  const LayerFolder folder;
  EXPECT_EQ(rondo({"verify", "layer.yaml"}).code, 1);
  EXPECT_EQ(rondo({"plan", "layer.rondo", "-o", "x.rondo"}).code, 1);
  EXPECT_EQ(rondo({"plan", "layer.rondo.yaml", "-o", "x.rondo"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists("x.rondo"));
}

TEST(BadFile, OutputThatCannotBeWritten) {
  const LayerFolder folder;
  std::filesystem::create_directory("folder");
  for (const char* output : {"no/such/folder/x.rondo", "folder", "/proc/x.rondo"}) {
    const Ran ran = rondo({"plan", "layer.yaml", "-o", output});
    EXPECT_EQ(ran.code, 3) << output;
    EXPECT_THAT(ran.err, StartsWith(std::string("rondo: ") + output + ": cannot write")) << output;
    EXPECT_EQ(rondo({"show", "layer.rondo", "-o", output}).code, 3) << output;
  }
}

TEST(BadFile, OutputInAFolderWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const LayerFolder folder;
  std::filesystem::create_directory("closed");
  std::filesystem::permissions("closed", std::filesystem::perms::none);
  EXPECT_EQ(rondo({"plan", "layer.yaml", "-o", "closed/x.rondo"}).code, 3);
  std::filesystem::permissions("closed", std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace rondo::cli
