#include "planner/phase_checker/check.h"
#include <algorithm>
#include "planner/phase_checker/check_resources.h"
#include "planner/phase_checker/check_schedule.h"
#include "planner/phase_checker/check_slots.h"
#include "planner/phase_checker/compare_values.h"
#include "planner/phase_checker/simulate_residual.h"

namespace rondo::phase_checker {
namespace {

Verdict as_verdict(bool accepts) { return accepts ? Verdict::kAccepts : Verdict::kRefutes; }

void check_placed(const Graph& graph, const Certificate& certificate, const CheckOptions& options, Findings& findings,
                  Report& report) {
  check_schedule(graph, certificate, options, findings);
  const Lifetimes lives = derive_lifetimes(graph, certificate);
  const bool sound = check_slots(graph, certificate, lives, findings);
  report.measures = check_resources(graph, certificate, lives, findings);
  report.measured = true;

  const Comparison values = compare_values(graph, certificate, options.seeds);
  report.values = options.seeds == 0 ? Verdict::kNotReached : as_verdict(values.agrees);
  if (!values.agrees)
    findings.add(Obligation::kValuesAgree, values.why + " (seed " + std::to_string(values.seed) + ")");

  // An op in a phase that is not of its kind has no meaning to simulate.
  if (findings.count(Obligation::kPhaseFitsType) != 0) return;
  report.intervals = as_verdict(sound && findings.count(Obligation::kProducersFirst) == 0);
  const Simulation simulation = simulate_residual(graph, certificate);
  report.simulation = as_verdict(simulation.accepts);
  if (!simulation.accepts) findings.add(Obligation::kSimulationAccepts, simulation.why);
  if (report.intervals != report.simulation)
    findings.add(Obligation::kVerdictsAgree, std::string("the simulation ") +
                                                 (simulation.accepts ? "accepts" : "refutes") +
                                                 " what the obligations " + (simulation.accepts ? "refute" : "accept") +
                                                 ": one of them is wrong, please report it");
}

}  // namespace

Report check(const Graph& graph, const Certificate& certificate, const CheckOptions& options) {
  Report report;
  Findings findings(options.findings_per_obligation);
  if (check_placement(graph, certificate, findings)) check_placed(graph, certificate, options, findings, report);
  report.findings_dropped = findings.dropped();
  report.findings = findings.take();
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.obligation < b.obligation; });
  return report;
}

}  // namespace rondo::phase_checker
