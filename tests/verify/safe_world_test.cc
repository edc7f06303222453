#include "tests/verify/safe_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include "rondo/contracts.h"

namespace rondo {

std::string World::text(const std::vector<StreamText>& streams) const {
  std::string text = "rondo: 1\ntarget: {backend: " + backend + ", lanes: " + lanes + "}\nspaces:\n" + spaces;
  const auto add = [&](const std::string& key, const std::string& body) {
    if (!body.empty()) text += key + "\n" + body;
  };
  add("groups:", groups);
  add("arenas:", arenas);
  add("bindings:", bindings);
  add("scalars:", scalars);
  text += "kernels:\n";
  for (const Contract& contract : kContracts) text += "  - {name: " + std::string(contract.name) + "}\n";
  text += "phases:\n  - p\n" + more_phases;
  add("cuts:", cuts);
  add("tokens: |", tokens);
  add("views: |", views);
  text += "streams:\n";
  for (const StreamText& stream : streams) {
    std::string fields = stream.fields;
    for (size_t at; (at = fields.find(", ")) != std::string::npos;) fields.replace(at, 2, "\n    ");
    if (fields.find("lane:") == std::string::npos) fields += "\n    lane: 0";
    text += "  - " + fields + "\n    ops: |\n";
    std::string ops = stream.ops + "\n";
    for (size_t at = 0; at < ops.size();) {
      const size_t end = ops.find('\n', at);
      const size_t first = ops.find_first_not_of(' ', at);
      if (first < end) {
        const std::string op = ops.substr(first, end - first);
        text += "      " + op + (op.find(" phase=") == std::string::npos ? " phase=p\n" : "\n");
      }
      at = end + 1;
    }
  }
  return text;
}

Verification World::verification(const std::vector<StreamText>& streams, const VerifyOptions& options) const {
  Result<Schedule> schedule = parse_text(text(streams), "world.yaml");
  if (!schedule.ok()) {
    Verification failed;
    failed.report.findings.push_back({"parse:", Level::kSafe, {kNone, kNone, kNone}, 0, schedule.error().to_string()});
    return failed;
  }
  return verify(std::move(schedule).value(), options);
}

std::vector<std::string> World::findings(const std::vector<StreamText>& streams, const VerifyOptions& options) const {
  return lines_of(verification(streams, options).report);
}

std::vector<std::string> lines_of(const Report& report) {
  static const std::regex kLine(", line [0-9]+");
  std::vector<std::string> lines;
  for (const Finding& finding : report.findings)
    lines.push_back(std::string(finding.rule) + " " + std::regex_replace(finding.message, kLine, ""));
  return lines;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(World, IsSafeWithOneCopy) {
  const Verification verification = World().verification({{"name: s", "copy src=x+0:v0 dst=y+0:v0"}});
  EXPECT_THAT(lines_of(verification.report), IsEmpty());
  ASSERT_TRUE(verification.schedule.has_value());
  EXPECT_TRUE(verification.report.safe);
  EXPECT_EQ(verification.report.digest.size(), 64u);
  EXPECT_EQ(verification.report.summary(),
            "safe: yes \u00b7 values: none carried \u00b7 claims: none carried \u00b7 graph: not compared");
  EXPECT_THAT(verification.schedule->order(Part::kReplay), ElementsAre(0u));
}

TEST(Findings, NameOpStreamAndLine) {
  const Verification verification = World().verification({{"name: s", "copy src=x+4:v0 dst=y+0:v0"}});
  ASSERT_EQ(verification.report.findings.size(), 1u);
  const Finding& finding = verification.report.findings[0];
  EXPECT_EQ(finding.rule, "M01");
  EXPECT_EQ(finding.level, Level::kSafe);
  EXPECT_EQ(finding.ops[0], 0u);
  EXPECT_GT(finding.line, 40u);
  EXPECT_EQ(finding.message, "op 0 (stream s, line " + std::to_string(finding.line) +
                                 "): operand 0 (src) starts at byte 4 and reaches byte 68 of input 'x', which has 64");
  EXPECT_FALSE(verification.schedule.has_value());
  EXPECT_EQ(verification.report.summary(),
            "safe: no \u00b7 values: none carried \u00b7 claims: not checked \u00b7 graph: not compared");
}

TEST(Findings, AreCappedByRuleAndCounted) {
  VerifyOptions options;
  options.findings_per_rule = 2;
  const Verification verification = World().verification({{"name: s", R"(copy src=x+4:v0 dst=y+0:v0
                                                                         copy src=x+8:v0 dst=y+0:v0
                                                                         copy src=x+12:v0 dst=y+0:v0)"}},
                                                         options);
  EXPECT_EQ(verification.report.findings.size(), 2u);
  EXPECT_EQ(verification.report.findings_dropped, 1u);
}

TEST(Findings, ComeInTheOrderOfTheRuleListThenOfOps) {
  EXPECT_THAT(
      World().findings({{"name: s", R"(copy src=a+0:v0 dst=y+0:v0
                                               copy src=x+4:v0 dst=y+0:v0
                                               copy src=x+8:v0 dst=y+0:v0)"}}),
      ElementsAre(
          "M01 op 1 (stream s): operand 0 (src) starts at byte 4 and reaches byte 68 of input 'x', which has 64",
          "M01 op 2 (stream s): operand 0 (src) starts at byte 8 and reaches byte 72 of input 'x', which has 64",
          "M04 op 0 (stream s): operand 0 (src) reads bytes [0, 64) of arena 'a', which nothing has written"));
}

}  // namespace
}  // namespace rondo
