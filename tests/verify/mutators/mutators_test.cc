// Mutants of real planner output: each is refused by the rule it was made to break,
// or shown to be harmless by a run that does not involve the verifier.
//
// Options: --sites=N (default 60): changes tried per mutator and schedule; 0 tries all.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include "rondo/plan.h"
#include "rondo/verify.h"
#include "tests/verify/mutators/mutators.h"
#include "tests/verify/mutators/pipeline.h"
#include "tests/verify/mutators/reference_run.h"

namespace rondo {
namespace {

struct Base {
  std::string name;
  Schedule schedule;
  ReferenceRun reference;
};

// The MLP of three layers with 27 distinct tiles, in a scratch of 13.
Schedule planned(const char* machine) {
  const std::string library = RONDO_SOURCE_DIR "/schedules/library/";
  Result<Graph> graph = load_graph(library + "mlp.yaml");
  Result<Machine> described = load_machine(library + "machines/" + machine + ".yaml");
  PlanOptions options;
  options.staging = Staging::kStaged;
  options.scratch_bytes = 53248;
  if (!graph || !described) return {};
  Result<Plan> plan = plan_tiles(*graph, *described, options);
  return plan ? plan->schedule : Schedule{};
}

std::vector<Base> bases() {
  std::vector<Base> list;
  list.push_back({"MLP, copy and compute queue", planned("tile-accelerator"), {}});
  list.push_back({"MLP, one queue", planned("host-cpu"), {}});
  list.push_back({"pipeline of three streams", tiled_product({.m = 5, .k = 11, .n = 8, .tile = 4}), {}});
  for (Base& base : list) base.reference = reference_run(base.schedule);
  return list;
}

struct Tally {
  uint32_t mutants = 0, by_rule = 0, equivalent = 0, unexplained = 0;
};

bool has_rule(const Report& report, const std::string& rule) {
  if (rule == "*") return !report.findings.empty();
  for (const Finding& finding : report.findings)
    if (finding.rule == rule) return true;
  return false;
}

std::string rules_of(const Report& report) {
  std::set<std::string> rules;
  for (const Finding& finding : report.findings) rules.insert(std::string(finding.rule));
  std::string text;
  for (const std::string& rule : rules) text += rule + " ";
  return text.empty() ? "none" : text;
}

uint64_t option(const std::string& name, uint64_t otherwise) {
  for (const std::string& argument : testing::internal::GetArgvs())
    if (argument.rfind("--" + name + "=", 0) == 0)
      return std::strtoull(argument.c_str() + name.size() + 3, nullptr, 10);
  return otherwise;
}

TEST(Mutants, OfGoodSchedulesAreRefusedByTheRuleTheyBreak) {
  std::vector<Base> good = bases();
  for (const Base& base : good) {
    SCOPED_TRACE(base.name);
    Report report = verify(base.schedule).report;
    ASSERT_TRUE(report.faithful()) << report.summary() << rules_of(report);
    ASSERT_TRUE(base.reference.sound());
  }
  const uint64_t sites = option("sites", 60);
  uint32_t mutants = 0, equivalent = 0, unexplained = 0;
  std::set<std::string> targeted;
  for (const Mutator& mutator : mutators()) {
    Tally tally;
    for (const Base& base : good) {
      std::vector<Change> changes = mutator.changes(base.schedule);
      size_t stride = sites == 0 || changes.size() <= sites ? 1 : changes.size() / sites;
      for (size_t i = 0; i < changes.size(); i += stride) {
        Schedule mutant = base.schedule;
        changes[i].apply(mutant);
        Report report = verify(mutant, {.findings_per_rule = 1000}).report;
        ++tally.mutants;
        const Report in_eras =
            verify(mutant, {.findings_per_rule = 1000, .era_operands = 3, .always_in_eras = true}).report;
        EXPECT_EQ(rules_of(in_eras), rules_of(report))
            << mutator.rule << " '" << mutator.name << "' on " << base.name << ", " << changes[i].where << ", in eras";
        if (has_rule(report, mutator.rule)) {
          ++tally.by_rule;
          continue;
        }
        // Accepted, or refused for another reason only: then the rule must have had no
        // reason, because the mutant computes the same without a race.
        if (!mutator.labels_only && report.safe) {
          ReferenceRun reference = reference_run(mutant);
          if (reference.sound() && reference.outputs == base.reference.outputs) {
            ++tally.equivalent;
            continue;
          }
        }
        ++tally.unexplained;
        ADD_FAILURE() << mutator.rule << " '" << mutator.name << "' on " << base.name << ", " << changes[i].where
                      << ": refused by " << rules_of(report)
                      << (report.findings.empty() ? "" : report.findings[0].message);
      }
    }
    std::printf("%-4s %-36s %5u mutants  %5u refused by it  %4u equivalent  %u unexplained\n", mutator.rule,
                mutator.name, tally.mutants, tally.by_rule, tally.equivalent, tally.unexplained);
    EXPECT_GT(tally.by_rule, 0u) << mutator.name;
    mutants += tally.mutants;
    equivalent += tally.equivalent;
    unexplained += tally.unexplained;
    targeted.insert(mutator.rule);
  }
  std::printf("mutants: %u, shown equivalent: %u, survivors unexplained: %u\n", mutants, equivalent, unexplained);
  for (const RuleInfo& rule : verifier_rules())
    EXPECT_TRUE(targeted.count(std::string(rule.code))) << "no mutator for " << rule.code;
  EXPECT_EQ(unexplained, 0u);
}

}  // namespace
}  // namespace rondo
