// Every file of accept/ and reject/, against what its first lines expect.
//
//   # expect: M05 M06          the rules that refuse it ("faithful" or "safe": none does)
//   # One sentence.
//   # M05 op 2 (...) reads ... the exact findings of the faithful level, in order, or
//   # refused: file:3:8: ...   the exact error, where it is no schedule at all (F rules)
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>
#include "rondo/load.h"
#include "rondo/verify.h"

namespace rondo {
namespace {

struct Fixture {
  std::string name;  // without folder
  std::string text;
  std::set<std::string> expected;     // words after "expect:"
  std::vector<std::string> findings;  // the lines after the sentence
};

std::set<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::set<std::string> words;
  for (std::string word; stream >> word;) words.insert(word);
  return words;
}

std::vector<Fixture> fixtures(const char* folder) {
  std::vector<Fixture> list;
  std::filesystem::path path = std::filesystem::path(RONDO_SOURCE_DIR) / "tests/verify/corpus" / folder;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    Fixture fixture;
    fixture.name = entry.path().filename().string();
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    fixture.text = text.str();
    std::string line;
    for (int number = 1; std::getline(text, line) && line.rfind("# ", 0) == 0; ++number) {
      if (number == 1 && line.rfind("# expect: ", 0) == 0) fixture.expected = words_of(line.substr(10));
      if (number > 2) fixture.findings.push_back(line.substr(2));
    }
    list.push_back(std::move(fixture));
  }
  std::sort(list.begin(), list.end(), [](const Fixture& a, const Fixture& b) { return a.name < b.name; });
  return list;
}

struct Outcome {
  std::set<std::string> rules;
  std::vector<std::string> findings;
  bool parsed = false;
  bool admitted = false;  // verify gave a schedule
  Report report;
};

Outcome outcome_of(const Fixture& fixture) {
  Outcome outcome;
  Result<Schedule> schedule = parse_text(fixture.text, fixture.name);
  if (!schedule) {
    outcome.findings.push_back("refused: " + schedule.error().to_string());
    return outcome;
  }
  outcome.parsed = true;
  Verification verification = verify(std::move(*schedule));
  outcome.admitted = verification.schedule.has_value();
  outcome.report = verification.report;
  for (const Finding& finding : outcome.report.findings) {
    outcome.rules.insert(std::string(finding.rule));
    if (finding.level == Level::kFaithful)
      outcome.findings.push_back(std::string(finding.rule) + " " + finding.message);
  }
  return outcome;
}

TEST(RejectCorpus, IsRefusedByTheRulesItNames) {
  std::vector<Fixture> list = fixtures("reject");
  ASSERT_GE(list.size(), 48u);
  for (const Fixture& fixture : list) {
    SCOPED_TRACE(fixture.name);
    Outcome outcome = outcome_of(fixture);
    EXPECT_FALSE(outcome.admitted);
    if (outcome.parsed) {
      EXPECT_EQ(outcome.rules, fixture.expected);
    } else {
      ASSERT_EQ(fixture.expected.size(), 1u);
      EXPECT_EQ(fixture.expected.begin()->front(), 'F') << "a reader refuses what the F rules are about";
    }
    EXPECT_EQ(outcome.findings, fixture.findings);
  }
}

TEST(RejectCorpus, HoldsAFileForEveryRule) {
  std::set<std::string> covered;
  for (const Fixture& fixture : fixtures("reject")) {
    std::string code = fixture.name.substr(0, 3);
    std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_TRUE(fixture.expected.count(code)) << fixture.name << " is named after a rule that it does not expect";
    covered.insert(code);
  }
  std::set<std::string> rules;
  for (const RuleInfo& rule : verifier_rules()) rules.insert(std::string(rule.code));
  EXPECT_EQ(covered, rules);
}

TEST(AcceptCorpus, IsAcceptedAtTheLevelItNames) {
  std::vector<Fixture> list = fixtures("accept");
  ASSERT_GE(list.size(), 13u);
  for (const Fixture& fixture : list) {
    SCOPED_TRACE(fixture.name);
    Outcome outcome = outcome_of(fixture);
    EXPECT_TRUE(outcome.admitted);
    EXPECT_EQ(outcome.rules, std::set<std::string>());
    std::set<std::string> level = {outcome.report.faithful() ? "faithful" : outcome.report.safe ? "safe" : "refused"};
    EXPECT_EQ(level, fixture.expected);
  }
}

TEST(Corpus, IsCanonicalText) {
  for (const char* folder : {"accept", "reject"}) {
    for (const Fixture& fixture : fixtures(folder)) {
      Result<Schedule> schedule = parse_text(fixture.text, fixture.name);
      if (!schedule) continue;
      SCOPED_TRACE(fixture.name);
      size_t body = fixture.text.find("rondo: 1");
      ASSERT_NE(body, std::string::npos);
      EXPECT_EQ(print_text(*schedule), fixture.text.substr(body));
    }
  }
}

}  // namespace
}  // namespace rondo
