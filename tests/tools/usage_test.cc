// How commands are spelt: help, verbs, options, and what is said of a wrong one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "tests/tools/scratch_folder.h"
#include "tools/command_line/verb.h"

namespace rondo::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Every verb there is, as its words: {"phase", "check"}.
std::vector<std::vector<std::string>> all_verbs() {
  std::ostringstream unused;
  Console console(unused, unused);
  std::vector<std::vector<std::string>> all;
  for (const Verb& verb : verbs(console)) {
    std::istringstream words{std::string(verb.name)};
    all.emplace_back(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
  }
  return all;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Ran help_of(std::vector<std::string> words) {
  words.push_back("--help");
  return rondo(words);
}

TEST(Help, BeginsWithASentenceAndExamples) {
  const Ran ran = rondo({"--help"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out,
              StartsWith("rondo plans a tensor program ahead of time, proves the plan safe, and replays it.\n\n"
                         "Examples:\n  rondo plan mlp.yaml "));
  for (const auto& verb : all_verbs()) EXPECT_THAT(ran.out, HasSubstr("\n  " + joined(verb) + " "));
}

TEST(Help, OfEveryVerbHasTwoExamplesUsageCommonOptionsAndExitCodes) {
  for (const auto& words : all_verbs()) {
    const Ran ran = help_of(words);
    const std::string verb = joined(words);
    EXPECT_EQ(ran.code, 0) << verb;
    const size_t examples = ran.out.find("\nExamples:\n  rondo " + verb),
                 usage = ran.out.find("\nUsage: rondo " + verb);
    ASSERT_NE(examples, std::string::npos) << verb;
    ASSERT_NE(usage, std::string::npos) << verb;
    EXPECT_LT(examples, usage);
    EXPECT_LT(ran.out.find("\n  rondo " + verb, examples + 20), usage) << verb;
    for (const char* option : {"--json", "-q, --quiet", "-v, --verbose", "-h, --help", "Exit codes: 0 good"})
      EXPECT_THAT(ran.out, HasSubstr(option)) << verb;
  }
}

TEST(Help, FitsATerminalOf120Columns) {
  for (const auto& verb : all_verbs()) {
    std::istringstream lines(help_of(verb).out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120u) << line;
  }
}

// What the page shows of each is compared by docs_test.
TEST(Help, OfEveryVerbStandsInTheDocumentation) {
  const std::string page = read_bytes(RONDO_SOURCE_DIR "/docs/cli.md");
  for (const auto& verb : all_verbs()) EXPECT_THAT(page, HasSubstr("\n$ rondo " + joined(verb) + " --help\n"));
}

TEST(Help, OfAGroupListsItsVerbs) {
  EXPECT_THAT(rondo({"phase", "-h"}).out, StartsWith("Usage: rondo phase VERB [options]; "));
  EXPECT_THAT(rondo({"phase", "-h"}).out, HasSubstr("\n  generate  "));
}

TEST(Usage, WithoutAVerbShowsTheHelp) {
  const Ran ran = rondo({});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("Verbs:\n"));
  EXPECT_THAT(ran.err, HasSubstr("rondo: a verb is missing\n"));
}

TEST(Usage, SuggestsTheNearestVerbOptionAndChoice) {
  EXPECT_EQ(rondo({"pln"}).err,
            "rondo: 'pln' is not a verb of rondo: plan, verify, show, run, calibrate, contest, phase, version "
            "(did you mean 'plan'?)\n"
            "rondo: `rondo --help` shows how it is used\n");
  EXPECT_EQ(rondo({"plan", "g.yaml", "--tiel", "3"}).err,
            "rondo: '--tiel' is not an option of rondo plan (did you mean '--tile'?)\n"
            "rondo: `rondo plan --help` shows how it is used\n");
  EXPECT_EQ(rondo({"plan", "g.yaml", "--policy", "lry"}).err,
            "rondo: --policy: 'lry' is not one of default, seed-first-fit, lru (did you mean 'lru'?)\n"
            "rondo: `rondo plan --help` shows how it is used\n");
}

TEST(Usage, NamesTheRangeOfANumber) {
  EXPECT_THAT(rondo({"plan", "g.yaml", "--tile", "1025"}).err,
              StartsWith("rondo: --tile: '1025' is not a whole number from 1 to 1,024\n"));
  EXPECT_THAT(rondo({"contest", "solve", "p", "s", "--time-limit", "nan"}).err,
              StartsWith("rondo: --time-limit: 'nan' is not a number of seconds from 0.01 to 1,000,000\n"));
  EXPECT_THAT(rondo({"run", "s", "--random-inputs", "18446744073709551616"}).err,
              StartsWith("rondo: --random-inputs: '18446744073709551616' is not a whole number from 0 to 2^64 - 1\n"));
}

// What is given is what a verb is asked: the last of flags and forms, an equals sign or a space.
TEST(Usage, TakesOptionsInEverySpelling) {
  ScratchFolder folder;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"phase", "generate", "window-1", "-oa.json"},
           {"phase", "generate", "-o", "a.json", "window-1", "-q"},
           {"phase", "generate", "window-1", "--output=a.json", "--seed", "0x10", "-qv"},
           {"phase", "generate", "--output", "a.json", "--", "window-1"}}) {
    std::filesystem::remove("a.json");
    EXPECT_EQ(rondo(arguments).code, 0) << joined(arguments);
    EXPECT_TRUE(std::filesystem::exists("a.json")) << joined(arguments);
  }
}

TEST(Usage, OfAVerbOfAGroupIsSpeltInFull) {
  EXPECT_THAT(rondo({"contest", "solve", "--help"}).out, HasSubstr("\nUsage: rondo contest solve PROBLEM SOLUTION"));
  EXPECT_EQ(rondo({"contest"}).err, "rondo: a verb is missing\nrondo: `rondo contest --help` shows how it is used\n");
  EXPECT_EQ(rondo({"contest", "solve", "p.json", "s.json", "--sede", "3"}).err,
            "rondo: '--sede' is not an option of rondo contest solve (did you mean '--seed'?)\n"
            "rondo: `rondo contest solve --help` shows how it is used\n");
}

TEST(Usage, RefusesAMachineWithoutAName) {
  const Ran ran = rondo({"calibrate", "--name", ""});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, StartsWith("rondo: --name: a machine has a name\n"));
}

TEST(Usage, RefusesWhatCannotBeMeantWithCode2) {
  const std::vector<std::vector<std::string>> wrong = {
      {"plan"},
      {"plan", "g.yaml", "--tile"},
      {"plan", "g.yaml", "--tile", "0"},
      {"plan", "g.yaml", "--tile", "-1"},
      {"plan", "g.yaml", "--tile", "1e3"},
      {"plan", "g.yaml", "--tile", "99999999999999999999"},
      {"plan", "g.yaml", "--scratch", "3kb"},
      {"plan", "g.yaml", "--scratch", "-1"},
      {"plan", "g.yaml", "--text", "--binary"},
      {"contest", "solve", "p.json"},
      {"contest", "solve", "p.json", "s.json", "--time-limit", "0"},
      {"contest", "solve", "p.json", "s.json", "--work", "0"},
      {"contest", "solve", "p.json", "s.json", "--threads", "0"},
      {"verify", "s.rondo", "--require", "fast"},
      {"verify", "s.rondo", "--findings", "0"},
      {"run", "s.rondo", "--input", "x"},
      {"run", "s.rondo", "--input", "=x.npy"},
      {"run", "s.rondo", "--input", "x="},
      {"run", "s.rondo", "--scalar", "n=many"},
      {"run", "s.rondo", "--repeat", "0"},
      {"run", "s.rondo", "--random-inputs", "-1"},
      {"run", "s.rondo", "--isa", "sse"},
      {"version", "now"},
      {"plan", "g.yaml", "--tile", "3", "--tile", "4"},
      {"plan", "g.yaml", "--seed", "0x"},
      {"verify", "a.rondo", "b.rondo"},
      {"show", "a.rondo", "-o"},
      {"calibrate", "--name="},
  };
  for (const auto& arguments : wrong) {
    const Ran ran = rondo(arguments);
    const std::string line = joined(arguments);
    EXPECT_EQ(ran.code, 2) << line;
    EXPECT_EQ(ran.out, "") << line;
    EXPECT_THAT(ran.err, StartsWith("rondo: ")) << line;
  }
}

TEST(Version, SaysWhatThisBuildIs) {
  const Ran ran = rondo({"version"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, StartsWith("rondo 0.1.0\n  schedule format  1\n  backends         cpu (this one: "));
  EXPECT_THAT(ran.out, HasSubstr("\n  planners         tile fusion phase\n  solvers          own"));
  EXPECT_EQ(rondo({"--version"}).out, ran.out);
  EXPECT_THAT(rondo({"version", "--json"}).out, StartsWith("{\n  \"version\": \"0.1.0\",\n  \"format_version\": 1,\n"));
}

}  // namespace
}  // namespace rondo::cli
