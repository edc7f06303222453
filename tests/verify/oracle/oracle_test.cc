// `verify` against the oracle, on random small schedules, in both directions.
//
// Options: --per_class=N (default 30000), --moving=N (default 10000: schedules with scalars and
// groups), --seed=N. The ctest entry runs the default.
#include <gtest/gtest.h>

#include <algorithm>
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
  const uint64_t per_class = option("per_class", 30000);
  std::mt19937_64 random(option("seed", 20240501));
  uint64_t clean = 0, race = 0, hang = 0, undefined = 0, unordered = 0, too_large = 0, states = 0, drawn = 0;
  uint64_t disagreements = 0;
  // One schedule in hundreds has them: as many as of the others would be most of the work.
  const uint64_t per_unordered = std::max<uint64_t>(per_class / 100, 1);
  while (clean < per_class || race < per_class || hang < per_class || undefined < per_class ||
         unordered < per_unordered) {
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

// ---- Scalars and groups ----------------------------------------------------------------

// The first rule that contradicts what can happen, or "". With scalars the verifier may refuse
// more than can happen: it takes every bound and offset for anything in its range, and what
// is defined for what is in every case. It may not accept more than is right for each
// value, nor refuse what is right even then.
std::string contradiction(const Verdict& some, const Verdict& worst, const std::set<std::string>& rules) {
  std::set<std::string> left = rules;
  std::string wrong;
  const auto decide = [&](const char* rule, bool happens, bool may_happen) {
    const bool found = left.erase(rule) != 0;
    if (!wrong.empty()) return found;
    if (happens && !found) wrong = std::string(rule) + " is missed";
    if (found && !may_happen) wrong = std::string(rule) + " is found where nothing is wrong";
    return found;
  };
  decide("L01", some.trespass, some.trespass);
  bool decided = !decide("H08", some.hang, some.hang);
  if (decided) decided = !decide("T01", some.unordered_signallers, some.unordered_signallers);
  if (decided) decided = !decide("H01", some.race, worst.race);
  if (decided) decided = !decide("M04", some.undefined_read, worst.undefined_read);
  if (decided) decide("O01", some.undefined_output, worst.undefined_output);
  if (!wrong.empty()) return wrong;
  for (const char* rule : {"T01", "H01", "M04", "O01"}) left.erase(rule);
  return left.empty() ? "" : *left.begin() + " is found";
}

// One thing otherwise: a wait or a signal dropped, a stream on another lane, a bound or an
// offset one further. False where there was nothing to change.
bool plant_fault(std::mt19937_64& random, Schedule& schedule) {
  const auto pick = [&](size_t below) { return static_cast<size_t>(random() % below); };
  if (schedule.ops.empty() || schedule.views.empty()) return false;
  Op& op = schedule.ops[pick(schedule.ops.size())];
  switch (pick(4)) {
    case 0:
      if (op.waits[0].token == kNone) return false;
      op.waits[0] = op.waits[1];
      op.waits[1] = {};
      return true;
    case 1:
      if (op.waits[0].token == kNone || op.waits[0].count < 2) return false;
      if (schedule.tokens[op.waits[0].token].join != 0) return false;  // a static rule asks for all of them
      --op.waits[0].count;
      return true;
    case 2: {
      if (schedule.groups.empty()) return false;
      Stream& stream = schedule.streams[pick(schedule.streams.size())];
      stream.lane = (stream.lane + 1) % schedule.lane_count;
      return true;
    }
    default: {
      View& view = schedule.views[pick(schedule.views.size())];
      if (view.scalar == kNone || view.offset_step_bytes == 0) return false;
      // The range of the offset stays what it was or shrinks, so it stays in bounds.
      if (view.offset_bias == 0) return false;
      --view.offset_bias;
      return view.offset_scale * schedule.scalars[view.scalar].max + view.offset_bias < view.offset_modulus - 1;
    }
  }
}

struct Judged {
  Verdict some, worst;  // for some values of the scalars; for any at all
  std::string wrong;
  Verification verification;
};

Judged judge(const Schedule& schedule, uint64_t& states) {
  Judged judged;
  for (const oracle::Setting& setting : oracle::settings_of(schedule)) {
    const Verdict one = oracle::explore(schedule, setting);
    states += one.states;
    judged.some.hang |= one.hang;
    judged.some.race |= one.race;
    judged.some.undefined_read |= one.undefined_read;
    judged.some.undefined_output |= one.undefined_output;
    judged.some.unordered_signallers |= one.unordered_signallers;
    judged.some.trespass |= one.trespass;
  }
  judged.worst = oracle::explore(schedule, {oracle::Setting::Kind::kAnything, {}});
  judged.verification = verify(schedule);
  judged.wrong = contradiction(judged.some, judged.worst, safe_rules_of(judged.verification.report));
  return judged;
}

TEST(Verify, IsNeverMoreLenientThanSomeValueOfScalarsNorStricterThanAnyWithGroupsToo) {
  const uint64_t wanted = std::min(option("moving", 10000), option("per_class", 30000));
  std::mt19937_64 random(option("seed", 20240501) + 1);
  uint64_t judged = 0, safe = 0, refused = 0, in_doubt = 0, trespassing = 0, planted = 0, caught = 0, states = 0;
  for (uint64_t drawn = 0; judged < wanted; ++drawn) {
    ASSERT_LT(drawn, 40 * wanted);
    const auto leaning = static_cast<Leaning>(drawn % 4);
    Schedule schedule = oracle::random_schedule(random, leaning, {.scalars = drawn % 8 != 0, .groups = drawn % 3 != 0});
    if (!oracle::fits(schedule)) continue;
    ++judged;
    const Judged one = judge(schedule, states);
    ASSERT_EQ(one.wrong, "") << "schedule " << drawn << "\n" << describe(schedule, one.some, one.verification.report);
    const bool accepted = one.verification.schedule.has_value();
    safe += accepted;
    refused += !one.some.clean();
    in_doubt += !accepted && one.some.clean() && !one.some.unordered_signallers;
    trespassing += one.some.trespass;
    if (!accepted || !plant_fault(random, schedule)) continue;
    const Judged other = judge(schedule, states);
    // A box that was moved may meet another of its op, which a static rule refuses.
    if (safe_rules_of(other.verification.report).contains("A01")) continue;
    ASSERT_EQ(other.wrong, "") << "schedule " << drawn << " with a fault\n"
                               << describe(schedule, other.some, other.verification.report);
    ++planted;
    caught += !other.some.clean();
  }
  std::printf(
      "oracle with scalars, groups: %llu schedules, %llu safe, %llu unsafe for some value, %llu refused though "
      "right for each, %llu on lanes of others; %llu planted faults, %llu of them unsafe and refused; %llu states\n",
      static_cast<unsigned long long>(judged), static_cast<unsigned long long>(safe),
      static_cast<unsigned long long>(refused), static_cast<unsigned long long>(in_doubt),
      static_cast<unsigned long long>(trespassing), static_cast<unsigned long long>(planted),
      static_cast<unsigned long long>(caught), static_cast<unsigned long long>(states));
  EXPECT_GT(safe, judged / 8);
  EXPECT_GT(refused, judged / 4);
  EXPECT_GT(trespassing, judged / 200);
  EXPECT_GT(caught, planted / 10);
}

}  // namespace
}  // namespace rondo
