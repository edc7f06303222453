// `verify` against the oracle, on random small schedules, in both directions.
//
// Options: --per_class=N (default 100000), --seed=N. The ctest entry runs the default.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include "rondo/load.h"
#include "rondo/verify.h"
#include "tests/verify/oracle/random_schedule.h"
#include "tests/verify/oracle/reachable_states.h"

namespace rondo {
namespace {

using oracle::Leaning;
using oracle::Verdict;

uint64_t option(std::string_view name, uint64_t otherwise) {
  for (const std::string& argument : testing::internal::GetArgvs()) {
    std::string prefix = "--" + std::string(name) + "=";
    if (argument.rfind(prefix, 0) == 0) return std::strtoull(argument.c_str() + prefix.size(), nullptr, 10);
  }
  return otherwise;
}

std::set<std::string> safe_rules_of(const Report& report) {
  std::set<std::string> rules;
  for (const Finding& finding : report.findings)
    if (finding.level == Level::kSafe) rules.insert(std::string(finding.rule));
  return rules;
}

std::string describe(const Schedule& schedule, const Verdict& verdict, const Report& report) {
  std::string text = "oracle:";
  if (verdict.hang) text += " hang";
  if (verdict.race) text += " race";
  if (verdict.undefined_read) text += " undefined-read";
  if (verdict.undefined_output) text += " undefined-output";
  if (verdict.unordered_signallers) text += " unordered-signallers";
  if (verdict.clean()) text += " clean";
  text += "\nverify:";
  for (const Finding& finding : report.findings) text += "\n  " + std::string(finding.rule) + " " + finding.message;
  return text + "\n" + print_text(schedule);
}

// The first rule on which the two disagree, or "". Rules are compared as far as they
// are decided: after a hang no run reaches the end; after a race the bytes read differ
// from run to run.
std::string disagreement(const Verdict& verdict, const std::set<std::string>& rules) {
  std::set<std::string> left = rules;
  auto differs = [&](const char* rule, bool by_oracle) { return (left.erase(rule) != 0) != by_oracle; };
  if (differs("H08", verdict.hang)) return "H08";
  if (!verdict.hang && differs("T01", verdict.unordered_signallers)) return "T01";
  if (verdict.hang || verdict.unordered_signallers) {
    for (const char* rule : {"T01", "H01", "M04", "O01"}) left.erase(rule);
  } else {
    if (differs("H01", verdict.race)) return "H01";
    if (verdict.race) {
      for (const char* rule : {"M04", "O01"}) left.erase(rule);
    } else {
      if (differs("M04", verdict.undefined_read)) return "M04";
      if (!verdict.undefined_read && differs("O01", verdict.undefined_output)) return "O01";
      left.erase("O01");
    }
  }
  return left.empty() ? "" : *left.begin();
}

TEST(Verify, AgreesWithEveryReachableStateOfRandomSchedules) {
  const uint64_t per_class = option("per_class", 100000);
  std::mt19937_64 random(option("seed", 20240501));
  uint64_t clean = 0, race = 0, hang = 0, undefined = 0, unordered = 0, too_large = 0, states = 0, drawn = 0;
  uint64_t disagreements = 0;
  while (clean < per_class || race < per_class || hang < per_class || undefined < per_class || unordered < 1000) {
    // Draw towards the class that is furthest behind.
    Leaning leaning = Leaning::kClean;
    uint64_t least = clean;
    if (race < least) least = race, leaning = Leaning::kRace;
    if (hang < least) least = hang, leaning = Leaning::kHang;
    if (undefined < least) leaning = Leaning::kUndefined;
    Schedule schedule = oracle::random_schedule(random, leaning);
    ASSERT_LT(++drawn, 40 * per_class + 1000000) << "the generator does not reach every class";
    if (!oracle::fits(schedule)) {
      ++too_large;
      continue;
    }
    Verdict verdict = oracle::explore(schedule);
    states += verdict.states;
    if (verdict.hang) {
      ++hang;
    } else if (verdict.unordered_signallers) {
      ++unordered;
    } else if (verdict.race) {
      ++race;
    } else if (verdict.undefined_read || verdict.undefined_output) {
      ++undefined;
    } else {
      ++clean;
    }
    Verification verification = verify(schedule);
    std::string rule = disagreement(verdict, safe_rules_of(verification.report));
    if (rule.empty() && verification.schedule.has_value() != verification.report.safe) rule = "safe without a schedule";
    // The same with cells that last for a few operands only.
    const auto era = static_cast<uint32_t>(1 + drawn % 4);
    const Verification in_eras = verify(schedule, {.era_operands = era, .always_in_eras = true});
    if (rule.empty()) rule = disagreement(verdict, safe_rules_of(in_eras.report));
    if (rule.empty() && in_eras.schedule.has_value() != verification.schedule.has_value()) rule = "eras";
    if (!rule.empty()) {
      ADD_FAILURE() << "disagreement on " << rule << " at schedule " << drawn << "\n"
                    << describe(schedule, verdict, verification.report);
      if (++disagreements == 5) break;
    }
  }
  std::printf(
      "oracle: %llu clean, %llu race, %llu hang, %llu undefined, %llu with unordered signallers; "
      "%llu states; %llu disagreements\n",
      static_cast<unsigned long long>(clean), static_cast<unsigned long long>(race),
      static_cast<unsigned long long>(hang), static_cast<unsigned long long>(undefined),
      static_cast<unsigned long long>(unordered), static_cast<unsigned long long>(states),
      static_cast<unsigned long long>(disagreements));
  RecordProperty("disagreements", static_cast<int>(disagreements));
}

}  // namespace
}  // namespace rondo
