// The text form as people write it, and what is said where it is wrong.
#include <gtest/gtest.h>
#include <chrono>
#include "rondo/contracts.h"
#include "schedules/text/words.h"
#include "tests/schedules/golden.h"
#include "tests/schedules/random_schedule.h"
#include "tests/sweep.h"

namespace rondo {
namespace {

using namespace rondo::testing;

// The least a schedule needs: what is not said has one meaning.
const std::string kSmall = R"(rondo: 1
spaces:
  - {name: l2, kind: scratch, bytes: 64 KiB}
arenas:
  - {name: own, space: l2, bytes: 8 KiB, lane: 0}
bindings:
  - {name: x, role: input, dtype: f32, shape: [32, 32]}
  - {name: y, role: output, dtype: f32, shape: [32, 32]}
tokens: |
  t0: lane
views: |
  v0: f32 [32, 32] strides [128, 4]
streams:
  - ops: |
      # loads, then stores
      copy src=x+0:v0 dst=own+4096:v0 signal=t0
      relu x=own+0x1000:v0 y=y+0:v0 wait=t0>=1   # in one go
)";

// The error of kSmall with one piece of it replaced.
std::string error_with(const std::string& piece, const std::string& other) {
  std::string text = kSmall;
  const size_t at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  text.replace(at, piece.size(), other);
  const Result<Schedule> schedule = parse_text(text, "s.yaml");
  if (schedule) return "loaded";
  EXPECT_EQ(schedule.error().code, ErrorCode::kInvalidSchedule);
  return schedule.error().to_string();
}
std::string error_of(const std::string& text) {
  const Result<Schedule> schedule = parse_text(text, "s.yaml");
  return schedule ? "loaded" : schedule.error().to_string();
}

TEST(Text, LeavesOutWhatHasOneMeaning) {
  const Result<Schedule> schedule = parse_text(kSmall);
  ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
  ASSERT_EQ(schedule->ops.size(), 2u);
  EXPECT_EQ(schedule->backend, "cpu");
  EXPECT_EQ(schedule->lane_count, 1u);
  EXPECT_EQ(schedule->policies, std::vector<NumericsPolicy>(1));
  EXPECT_EQ(schedule->members.size(), 1u);
  ASSERT_EQ(schedule->kernels.size(), 2u);  // as the ops name them
  EXPECT_EQ(schedule->kernels[1].contract_hash, hash_of(*find_contract("relu")));
  EXPECT_EQ(schedule->operands[1], (Operand{0, 0, static_cast<uint8_t>(Access::kWrite), 0, 4096}));
  EXPECT_EQ(schedule->ops[1].waits[0], (Wait{0, 1}));
  EXPECT_EQ(schedule->op_lines, (std::vector<uint32_t>{16, 17}));
}

TEST(Text, PrintsWhatItLeftOutAndNoTableOfNames) {
  const std::string printed = print_text(*parse_text(kSmall));
  EXPECT_NE(printed.find("kernels:\n  - {name: copy, contract: 0x"), std::string::npos);
  EXPECT_NE(printed.find("policies:\n"), std::string::npos);
  EXPECT_EQ(printed.find("names:"), std::string::npos);
  EXPECT_EQ(print_text(*parse_text(printed)), printed);
}

TEST(Text, TakesWindowsLineEndings) {
  std::string text;
  for (const char c : kSmall) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const Result<Schedule> schedule = parse_text(text);
  ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
  EXPECT_TRUE(same_tables(*schedule, *parse_text(kSmall)));
}

TEST(Text, TakesTablesInAnyOrder) {
  const size_t streams = kSmall.find("streams:"), spaces = kSmall.find("spaces:");
  const std::string turned =
      kSmall.substr(0, spaces) + kSmall.substr(streams) + kSmall.substr(spaces, streams - spaces);
  const Result<Schedule> schedule = parse_text(turned);
  ASSERT_TRUE(schedule.ok()) << schedule.error().to_string();
  EXPECT_TRUE(same_tables(*schedule, *parse_text(kSmall)));
}

TEST(Text, TakesOperandsInAnyOrder) {
  EXPECT_EQ(error_with("src=x+0:v0 dst=own+4096:v0", "dst=own+4096:v0 src=x+0:v0"), "loaded");
}

TEST(Text, HasNoTextForWhatDoesNotHoldTogether) {
  Schedule schedule = *parse_text(kSmall);
  schedule.ops[0].kernel = 9;
  EXPECT_EQ(print_text(schedule), "# not printed: line 16: op 0 has kernel 9, the file holds 2\n");
}

// A word of the grammar that a contract took for an operand could not be said.
TEST(Text, HasNoWordThatAKernelUsesToo) {
  for (const Contract& contract : kContracts) {
    EXPECT_NE(contract.name, "sync");
    std::vector<std::string_view> words;
    for (uint32_t i = 0; i < contract.operand_count; ++i) words.push_back(contract.operands[i].name);
    for (const ParamContract& param : contract.params)
      if (param.kind != ParamKind::kAbsent) words.push_back(param.name);
    for (size_t i = 0; i < words.size(); ++i) {
      for (const std::string_view taken : {"phase", "policy", "wait", "signal"})
        EXPECT_NE(words[i], taken) << contract.name;
      EXPECT_EQ(position_of(words[i], kFlagWords), kNoWord) << contract.name;
      for (size_t j = 0; j < i; ++j) EXPECT_NE(words[i], words[j]) << contract.name;
    }
  }
}

// ---- Bad input: the first error, where it is, and what is allowed ----------

TEST(TextErrors, NameTheVersion) {
  EXPECT_EQ(error_with("rondo: 1", "rondo: 2"),
            "s.yaml:1:8: format version 2, this build reads version 1: re-plan, or use the rondo that wrote it");
  EXPECT_EQ(error_with("rondo: 1", "producer: me"), "s.yaml:1:1: the schedule has no 'rondo'");
}

TEST(TextErrors, SuggestTheNearestKey) {
  EXPECT_EQ(error_with("arenas:", "arena:").substr(0, 60),
            "s.yaml:4:1: unknown key 'arena' in the schedule (did you mea");
  EXPECT_EQ(error_with("role: input", "rolle: input").substr(0, 64),
            "s.yaml:7:15: unknown key 'rolle' in binding 0 (did you mean 'rol");
}

TEST(TextErrors, SuggestTheNearestWord) {
  EXPECT_EQ(error_with("role: input", "role: inptu"),
            "s.yaml:7:21: role of binding 0 is 'inptu' (did you mean 'input'?); known are input, output, constant, "
            "state, table");
  EXPECT_EQ(error_with("dtype: f32, shape: [32, 32]}\n  - {name: y", "dtype: f23, shape: [32, 32]}\n  - {name: y")
                .substr(0, 69),
            "s.yaml:7:35: dtype of binding 0 is 'f23' (did you mean 'f32'?); known");
  EXPECT_EQ(
      error_with("v0: f32", "v0: f33"),
      "s.yaml:12:7: there is no dtype 'f33' (did you mean 'f32'?); known are f32, f64, f16, bf16, i8, u8, i32, i64");
}

TEST(TextErrors, RefuseAKeyGivenTwice) {
  EXPECT_EQ(error_with("views: |", "rondo: 1\nviews: |"), "s.yaml:11:1: key 'rondo' is given twice");
}

TEST(TextErrors, SayWhichKernelsThereAre) {
  std::string known = "sync";
  for (const Contract& contract : kContracts) known += ", " + std::string(contract.name);
  EXPECT_EQ(error_with("relu x", "rleu x"),
            "s.yaml:17:7: there is no kernel 'rleu' (did you mean 'relu'?); known are " + known);
}

TEST(TextErrors, SayWhatAKernelTakes) {
  EXPECT_EQ(error_with("dst=own", "dts=own"),
            "s.yaml:16:23: copy takes no 'dts' (did you mean 'dst'?); known are src, dst, phase, policy, wait, signal");
  EXPECT_EQ(error_with("signal=t0", "init1"),
            "s.yaml:16:39: copy takes no 'init1'; known are src, dst, phase, policy, wait, signal");
}

TEST(TextErrors, SayWhichMemoryThereIs) {
  EXPECT_EQ(error_with("dst=own+", "dst=onw+"),
            "s.yaml:16:27: there is no arena or binding 'onw' (did you mean 'own'?)");
  EXPECT_EQ(error_with("dst=own+", "dst=$3+"), "s.yaml:16:27: there is no arena or binding $3, there are 3");
}

TEST(TextErrors, RefuseANameThatSeveralHave) {
  const std::string text = error_with("views: |", "phases: [a, b, a]\ncuts: [a]\nviews: |");
  EXPECT_EQ(text,
            "s.yaml:12:8: cuts of the schedule: more than one phase is called 'a': write $ and its index, from $0");
  EXPECT_EQ(error_with("views: |", "phases: [a, b, a]\ncuts: [$2]\nviews: |"), "loaded");
}

TEST(TextErrors, SayWhatAnOperandLooksLike) {
  EXPECT_EQ(error_with("own+4096:v0", "own:v0"), "s.yaml:16:30: expected '+' after the arena or binding, found ':v0'");
  EXPECT_EQ(error_with("own+4096:v0", "own+4096"),
            "s.yaml:16:35: expected ':v' after the offset, found the end of the line");
  EXPECT_EQ(error_with("own+4096:v0", "own+-1:v0"), "s.yaml:16:31: expected offset, a whole number, found '-1:v0'");
  EXPECT_EQ(error_with("own+4096:v0", "own+99999999999999999999:v0"),
            "s.yaml:16:31: offset is 99999999999999999999, the most is 18446744073709551615");
  EXPECT_EQ(error_with("own+4096:v0", "own+4096:v1"), "s.yaml:16:37: there is no view v1, there are 1");
  EXPECT_EQ(error_with("own+4096:v0", "own+4096:v0!wrote"),
            "s.yaml:16:39: there is no access 'wrote'; known are read, write, update, work, hint, indexed_read, "
            "indexed_write");
  EXPECT_EQ(error_with("own+4096:v0", "own+4096:v0{val0}"), "s.yaml:16:39: there is no value val0, there are 0");
  EXPECT_EQ(error_with("own+4096:v0", "own+4096:v0{}x"), "s.yaml:16:40: expected a space, found 'x'");
}

TEST(TextErrors, RefuseWhatIsGivenTwice) {
  EXPECT_EQ(error_with("dst=own", "src=own"), "s.yaml:16:23: operand 0 is given twice");
  EXPECT_EQ(error_with("signal=t0", "signal=t0 signal=t0"), "s.yaml:16:49: 'signal' is given twice");
}

TEST(TextErrors, RefuseAnOperandAfterOneThatIsMissing) {
  EXPECT_EQ(error_with("src=x+0:v0 ", ""), "s.yaml:16:37: copy has no operand 'src' and one after it");
}

TEST(TextErrors, SayHowWaitsAndSignalsLook) {
  EXPECT_EQ(error_with("wait=t0>=1", "wait=t0=1"), "s.yaml:17:44: expected '>=' after the token, found '=1'");
  EXPECT_EQ(error_with("wait=t0>=1", "wait=t1>=1"), "s.yaml:17:42: there is no token t1, there are 1");
  EXPECT_EQ(error_with("wait=t0>=1", "wait=t0>=1,t0>=1,t0>=1"),
            "s.yaml:17:54: an op takes at most two waits: put a sync before it");
  EXPECT_EQ(error_with("signal=t0", "signal=t0,t0,t0"),
            "s.yaml:16:52: an op sends at most two signals: put a sync after it");
}

TEST(TextErrors, RefuseRecordsOutOfOrder) {
  EXPECT_EQ(error_with("v0: f32", "v1: f32"), "s.yaml:12:3: expected 'v0:', the next record");
  EXPECT_EQ(error_with("strides [128, 4]", "strides [128]"), "s.yaml:12:27: 2 extents and 1 strides");
  EXPECT_EQ(error_with("[32, 32] strides", "[32, 32, 1, 1, 1] strides"), "s.yaml:12:25: at most 4 axes");
}

TEST(TextErrors, SaySoWhereABlockIsMissing) {
  EXPECT_EQ(error_with("views: |\n  v0: f32 [32, 32] strides [128, 4]", "views: []"),
            "s.yaml:11:8: views of the schedule must be a block of lines: 'views: |', one record a line below it");
}

TEST(TextErrors, NameTheLineOfARecordThatDoesNotHoldTogether) {
  EXPECT_EQ(error_with("strides [128, 4]", "strides [-128, 4]"),
            "s.yaml:12: view v0 has stride -128 on axis 0, the least is 0");
  EXPECT_EQ(error_with("lane: 0", "lane: 7"), "s.yaml:5: arena 0 'own' belongs to lane 7, the schedule has 1");
  EXPECT_EQ(error_with("copy src=x+0", "copy src=x+0xffffffffffff"),
            "s.yaml:16: op 0 operand 0 has offset 281474976710655, allowed is less than 2^47");
}

TEST(TextErrors, NameTheKernelThatAnotherBuildMeant) {
  EXPECT_EQ(error_with("views: |", "kernels: [{name: copy, contract: 0x12}]\nviews: |").substr(0, 62),
            "s.yaml:11: kernel 'copy': this build knows it with contract ha");
}

TEST(TextErrors, CountLinesPastTheBlocks) {
  EXPECT_EQ(error_of(kSmall + "oops: 1\n").substr(0, 55), "s.yaml:18:1: unknown key 'oops' in the schedule; allowe");
  EXPECT_EQ(error_of(kSmall + "\n\nspaces: []\n"), "s.yaml:20:1: key 'spaces' is given twice");
  EXPECT_EQ(error_of(kSmall + "costs: [\n").substr(0, 9), "s.yaml:19");
}

TEST(TextErrors, ShowNoControlCharacterOfTheFile) {
  EXPECT_EQ(error_with("own+4096:v0", "own\x1b[31m:v0"),
            "s.yaml:16:30: expected '+' after the arena or binding, found '?[31m:v0'");
}

TEST(TextErrors, RefuseAnEmptyFile) { EXPECT_EQ(error_of(""), "s.yaml:1:1: the document is empty"); }

TEST(TextErrors, RefuseWhatIsNoMap) { EXPECT_EQ(error_of("- 1\n").substr(0, 11), "s.yaml:1:1:"); }

// ---- Mutants ---------------------------------------------------------------

TEST(TextMutants, AreRefusedWithAPlaceOrPrintAndParseAgain) {
  const std::string golden = golden_text("v1_every_table.yaml");
  const std::string pieces[] = {
      "\n", " ",  ":", "|",  "[", "]",  "{",   "}", ",", "\"", "-", "0", "99999999999999999999",
      "v1", "t0", "x", "$0", "#", "&a", "\xff"};
  uint64_t state = 7, loaded = 0;
  for (uint64_t mutant = 0; mutant < testing::swept(3000); ++mutant) {
    std::string text = golden;
    const size_t at = next_random(state) % text.size();
    switch (next_random(state) % 4) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.erase(at, 1 + next_random(state) % 8);
        break;
      case 2:
        text.insert(at, pieces[next_random(state) % std::size(pieces)]);
        break;
      default:
        text[at] = static_cast<char>(next_random(state));
        break;
    }
    const Result<Schedule> schedule = parse_text(text, "s.yaml");
    if (!schedule) {
      ASSERT_FALSE(schedule.error().message.empty());
      continue;
    }
    ++loaded;
    const std::string printed = print_text(*schedule);
    const Result<Schedule> again = parse_text(printed);
    ASSERT_TRUE(again.ok()) << again.error().to_string() << "\n" << printed;
    ASSERT_TRUE(same_tables(*schedule, *again));
  }
  EXPECT_GT(loaded, testing::swept(100));
}

}  // namespace
}  // namespace rondo
