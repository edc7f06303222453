// rondo phase plan, compare, generate: one graph through all of them, and what is said of bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/scratch_folder.h"

namespace rondo::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(PhasePlan, WritesACertificateThatTheCheckerAccepts) {
  const ScratchFolder folder;
  ASSERT_EQ(rondo({"phase", "generate", "universal-1", "-o", "g.json"}).code, 0);
  ASSERT_EQ(rondo({"phase", "generate", "window-1", "-o", "w.json"}).code, 0);
  const std::vector<std::vector<std::string>> kinds = {{"--mode", "delayed"},
                                                       {"--mode", "fused"},
                                                       {"--mode", "mixed"},
                                                       {"--mode", "fused", "--lazy"},
                                                       {"--mode", "delayed", "--lazy", "--columns", "44"}};
  for (const std::vector<std::string>& options : kinds) {
    std::vector<std::string> arguments = {"phase",   "plan", "g.json",        "--solver", "none",
                                          "--moves", "4000", "--certificate", "c.json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran planned = rondo(arguments);
    EXPECT_EQ(planned.code, 0) << planned.err;
    EXPECT_THAT(planned.out, HasSubstr("universal-1: 159 ops, 186 dims\n"));
    const Ran checked = rondo({"phase", "check", "g.json", "c.json"});
    EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  }
  ASSERT_EQ(rondo({"phase", "plan", "w.json", "--solver", "none", "--moves", "4000", "--certificate", "c.json"}).code,
            0);
  const Ran checked = rondo({"phase", "check", "w.json", "c.json"});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
}

TEST(PhasePlan, SaysWhatItFoundAsJson) {
  const ScratchFolder folder;
  ASSERT_EQ(rondo({"phase", "generate", "universal-1", "-o", "g.json"}).code, 0);
  const Ran ran =
      rondo({"phase", "plan", "g.json", "--solver", "none", "--moves", "2000", "--mode", "fused", "--json"});
  EXPECT_EQ(ran.code, 0);
  for (const char* key : {"\"layers\": 7", "\"slots\":", "\"d_model\":", "\"bound\": 25", "\"bound_from\": \"windows\"",
                          "\"method\": \"search\"", "\"flops_per_token\":"})
    EXPECT_THAT(ran.out, HasSubstr(key));
}

TEST(PhasePlan, SaysWhatIsWrong) {
  const ScratchFolder folder;
  ASSERT_EQ(rondo({"phase", "generate", "universal-1", "-o", "g.json"}).code, 0);
  const Ran few = rondo({"phase", "plan", "g.json", "--layers", "6"});
  EXPECT_EQ(few.code, 3);
  EXPECT_EQ(few.err, "rondo: layer budget 6 is below the critical path of 'universal-1'; the least is 7\n");
  const Ran odd = rondo({"phase", "plan", "g.json", "--columns", "31", "--solver", "none"});
  EXPECT_EQ(odd.code, 2);
  EXPECT_THAT(odd.err, HasSubstr("even number of columns"));
  const Ran narrow = rondo({"phase", "plan", "g.json", "--columns", "20", "--solver", "none", "--moves", "500"});
  EXPECT_EQ(narrow.code, 3);
  EXPECT_THAT(narrow.err, HasSubstr("no placement within 20 columns was found"));
  write_bytes("bad.json", "{\"format\": \"phase-graph/1\"}");
  const Ran bad = rondo({"phase", "plan", "bad.json"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_EQ(bad.err, "rondo: bad.json:1:1: the graph lacks 'dims'\n");
  EXPECT_EQ(rondo({"phase", "plan", "none.json"}).code, 3);
  EXPECT_EQ(rondo({"phase", "plan", "g.json", "--certificate", "g.json"}).code, 2);
  EXPECT_EQ(rondo({"phase", "plan", "g.json", "--certificate", "-", "--json"}).code, 2);
  EXPECT_THAT(rondo({"phase", "plan", "g.json", "--mode", "eager"}).err,
              HasSubstr("'eager' is not one of delayed, fused, mixed"));
}

TEST(PhaseCompare, PrintsEveryMethodInThreeForms) {
  const ScratchFolder folder;
  ASSERT_EQ(rondo({"phase", "generate", "universal-1", "-o", "g.json"}).code, 0);
  ASSERT_EQ(rondo({"phase", "generate", "window-1", "-o", "w.json"}).code, 0);
  const Ran text =
      rondo({"phase", "compare", "g.json", "w.json", "--solver", "none", "--moves", "2000", "--mode", "fused"});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* method :
       {"no-reuse", "asap", "alap", "greedy", "search", "search+lazy", "list-schedule", "published-heuristic"})
    EXPECT_THAT(text.out, HasSubstr(method));
  const Ran csv =
      rondo({"phase", "compare", "g.json", "w.json", "--solver", "none", "--moves", "2000", "--format", "csv"});
  EXPECT_THAT(csv.out, StartsWith("graph,mode,method,layers,slots,d_model,"));
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 1 + 11 + 4);
  EXPECT_THAT(csv.out, HasSubstr("\nwindow-1,strict,list-schedule,7,"));
  const Ran json = rondo({"phase", "compare", "g.json", "--solver", "none", "--moves", "2000", "--json"});
  EXPECT_THAT(json.out, HasSubstr("\"method\": \"greedy\""));
}

TEST(PhaseCompare, DrawsTheBaselineBesideTheBest) {
  const ScratchFolder folder;
  ASSERT_EQ(rondo({"phase", "generate", "universal-1", "-o", "g.json"}).code, 0);
  ASSERT_EQ(rondo({"phase", "compare", "g.json", "--solver", "none", "--moves", "2000", "--svg", "p.svg"}).code, 0);
  const std::string svg = read_bytes("p.svg");
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, HasSubstr(">asap, delayed</text>"));
  EXPECT_THAT(svg, HasSubstr(", fused</text>"));
  // Colours of paper and ink stand in the style alone, which has them for both schemes.
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme: dark"));
  for (const char* colour : {"\"#fff", "\"#f4", "\"#444"})
    EXPECT_EQ(svg.find(colour, svg.find("</style>")), std::string::npos) << colour;
  EXPECT_EQ(rondo({"phase", "compare", "g.json", "g.json", "--svg", "p.svg"}).code, 2);
}

TEST(PhaseGenerate, SaysWhichProfilesThereAre) {
  const Ran ran = rondo({"phase", "generate", "universal-2"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "rondo: there is no profile 'universal-2'; there are universal-1, bitops-1, specialised-1, window-1\n");
  EXPECT_EQ(rondo({"phase", "generate", "universal-1"}).out, rondo({"phase", "generate", "universal-1"}).out);
}

}  // namespace
}  // namespace rondo::cli
