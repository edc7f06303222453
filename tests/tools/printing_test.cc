// How the tools print: quantities, tables, JSON, colour, progress.
#include <gtest/gtest.h>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include "tools/console.h"
#include "tools/json.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

TEST(Quantities, ReadWithoutCountingDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(18446744073709551615u), "18,446,744,073,709,551,615");
  EXPECT_EQ(counted(1, "op"), "1 op");
  EXPECT_EQ(counted(2000, "op"), "2,000 ops");
  EXPECT_EQ(shape_text(std::vector<uint32_t>{}), "[]");
  EXPECT_EQ(shape_text(std::vector<uint32_t>{128, 64}), "[128, 64]");
}

TEST(Quantities, BytesStayExact) {
  EXPECT_EQ(bytes_text(40), "40 B");
  EXPECT_EQ(bytes_text(2000), "2,000 B");
  EXPECT_EQ(bytes_text(53248), "53,248 B (52 KiB)");
  EXPECT_EQ(bytes_text(262144), "262,144 B (256 KiB)");
  EXPECT_EQ(bytes_text(1500000), "1,500,000 B (1.4 MiB)");
  EXPECT_EQ(bytes_text(68719476736), "68,719,476,736 B (64 GiB)");
}

TEST(Quantities, NumbersKeepFourDigits) {
  EXPECT_EQ(number_text(148), "148");
  EXPECT_EQ(number_text(-3), "-3");
  EXPECT_EQ(number_text(1.7254), "1.725");
  EXPECT_EQ(number_text(9999.4), "9999");
  EXPECT_EQ(number_text(-34820.25), "-34,820");
  EXPECT_EQ(number_text(9.9714e6 + 0.5), "9,971,401");
  EXPECT_EQ(number_text(1.5e15 + 0.5), "1.5e+15");
  EXPECT_EQ(number_text(3.73e-8), "3.73e-08");
  EXPECT_EQ(number_text(std::nan("")), "nan");
  EXPECT_EQ(number_text(-INFINITY), "-inf");
}

TEST(Quantities, TimesTakeTheUnitThatReadsBest) {
  EXPECT_EQ(time_text(15), "15 ns");
  EXPECT_EQ(time_text(1500), "1.50 us");
  EXPECT_EQ(time_text(2.5e6), "2.50 ms");
  EXPECT_EQ(time_text(3e9), "3.00 s");
}

TEST(Tables, AlignOverAllRowsAndEndWithoutBlanks) {
  Table table({"name", "bytes", ""}, {Table::Align::kLeft, Table::Align::kRight, Table::Align::kLeft});
  table.add({"x", "65,536", ""});
  table.add({"scratch", "8", "live"});
  EXPECT_EQ(table.text(),
            "  name      bytes\n"
            "  x        65,536\n"
            "  scratch       8  live\n");
}

TEST(Tables, CountCharactersNotBytes) {
  Table table({"", ""}, {Table::Align::kLeft, Table::Align::kLeft});
  table.add(
      {"gr\xc3\xb6\xc3\x9f"
       "e",
       "1"});
  table.add({"length", "2"});
  EXPECT_EQ(table.text(),
            "  gr\xc3\xb6\xc3\x9f"
            "e   1\n  length  2\n");
}

TEST(JsonText, KeepsTheOrderOfKeysAndTheFullRangeOfIntegers) {
  const Json json = Json::object()
                        .set("safe", true)
                        .set("bytes", uint64_t{18446744073709551615u})
                        .set("low", int64_t{-1})
                        .set("ops", Json::array().add(1).add("two"))
                        .set("nothing", Json());
  EXPECT_EQ(json.dump(),
            "{\n"
            "  \"safe\": true,\n"
            "  \"bytes\": 18446744073709551615,\n"
            "  \"low\": -1,\n"
            "  \"ops\": [\n"
            "    1,\n"
            "    \"two\"\n"
            "  ],\n"
            "  \"nothing\": null\n"
            "}");
}

TEST(JsonText, StaysValidWhateverAFileHolds) {
  EXPECT_EQ(Json("a\"b\n\x01").dump(), "\"a\\\"b\\n\\u0001\"");
  EXPECT_EQ(Json(std::string("\xff!")).dump(), "\"\xef\xbf\xbd!\"");  // not UTF-8: the replacement character
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
}

// The environment of one test.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const char*, const char*>> variables) {
    for (const char* name : kNames) unsetenv(name);
    for (const auto& [name, value] : variables) setenv(name, value, 1);
  }
  ~Environment() {
    for (const char* name : kNames) unsetenv(name);
  }

 private:
  static constexpr const char* kNames[] = {"NO_COLOR", "CLICOLOR_FORCE", "TERM", "COLUMNS"};
};

TEST(TerminalEnvironment, ShowsColourOnlyOnATerminal) {
  const Environment environment({{"TERM", "xterm"}});
  EXPECT_FALSE(read_environment(false, false).colour_out);
  EXPECT_TRUE(read_environment(true, false).colour_out);
  EXPECT_FALSE(read_environment(true, false).colour_err);
  EXPECT_TRUE(read_environment(false, true).progress);
}

TEST(TerminalEnvironment, HonoursNoColorDumbTerminalsAndForce) {
  {
    const Environment environment({{"NO_COLOR", "1"}});
    EXPECT_FALSE(read_environment(true, true).colour_out);
  }
  {
    const Environment environment({{"TERM", "dumb"}});
    EXPECT_FALSE(read_environment(true, true).colour_out);
    EXPECT_FALSE(read_environment(true, true).progress);
  }
  {
    const Environment environment({{"CLICOLOR_FORCE", "1"}});
    EXPECT_TRUE(read_environment(false, false).colour_out);
    EXPECT_FALSE(read_environment(false, false).progress);
  }
  {
    const Environment environment({{"CLICOLOR_FORCE", "0"}});
    EXPECT_FALSE(read_environment(false, false).colour_out);
  }
}

TEST(TerminalEnvironment, TakesTheWidthWithinReason) {
  EXPECT_EQ((Environment({{"COLUMNS", "132"}}), read_environment(true, true).columns), 132u);
  EXPECT_EQ((Environment({{"COLUMNS", "3"}}), read_environment(true, true).columns), 100u);
  EXPECT_EQ((Environment({{"COLUMNS", "wide"}}), read_environment(true, true).columns), 100u);
}

TEST(ConsoleStreams, DataGoesToOneAndEverythingElseToTheOther) {
  std::ostringstream out, err;
  Console console(out, err);
  console.out() << "data\n";
  console.note("a note");
  console.detail("a detail");
  EXPECT_EQ(console.fail(kCannot, "no such file"), 3);
  EXPECT_EQ(out.str(), "data\n");
  EXPECT_EQ(err.str(), "a note\nrondo: no such file\n");
}

TEST(ConsoleStreams, QuietKeepsErrorsAndVerboseAddsDetails) {
  std::ostringstream out, err;
  Console console(out, err);
  console.verbosity = -1;
  console.note("a note");
  console.fail(kBad, "wrong");
  console.verbosity = 1;
  console.detail("a detail");
  EXPECT_EQ(err.str(), "rondo: wrong\na detail\n");
}

TEST(ConsoleStreams, JsonErrorsAreDataToo) {
  std::ostringstream out, err;
  Console console(out, err);
  console.json = true;
  EXPECT_EQ(console.fail(make_error(ErrorCode::kInvalidGraph, "a cycle", {"g.yaml", 3, 7})), 1);
  EXPECT_EQ(out.str(),
            "{\n  \"error\": {\n    \"code\": \"invalid-graph\",\n    \"message\": \"a cycle\",\n"
            "    \"file\": \"g.yaml\",\n    \"line\": 3,\n    \"column\": 7\n  }\n}\n");
  EXPECT_EQ(err.str(), "rondo: g.yaml:3:7: a cycle\n");
}

TEST(ConsoleStreams, ProgressNeedsATerminalAndStopsOnInterrupt) {
  std::ostringstream out, err;
  std::atomic<bool> interrupted{false};
  Console console(out, err, {}, &interrupted);
  EXPECT_TRUE(console.progress(0.5, "planning"));
  interrupted = true;
  EXPECT_FALSE(console.progress(0.6, "planning"));
  EXPECT_EQ(err.str(), "");
}

TEST(ExitCodes, SayWhatTheCallerCanDo) {
  EXPECT_EQ(exit_code_of(ErrorCode::kInvalidSchedule), 1);
  EXPECT_EQ(exit_code_of(ErrorCode::kInvalidGraph), 1);
  EXPECT_EQ(exit_code_of(ErrorCode::kTooComplex), 1);
  EXPECT_EQ(exit_code_of(ErrorCode::kInvalidArgument), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::kIo), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::kDoesNotFit), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::kUnavailable), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::kCancelled), 130);
}

}  // namespace
}  // namespace rondo::cli
