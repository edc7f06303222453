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

// Whether what is proven of `bound`'s mode and layers holds for `certificate`: a schedule of
// fewer layers is one of more, a delayed one is a mixed one, and that is a fused one.
bool is_about(const ProvenBound& bound, const Certificate& certificate) {
  const auto freedom = [](Mode mode) { return mode == Mode::kFused ? 0 : mode == Mode::kMixed ? 1 : 2; };
  return (bound.mode == Mode::kStrict) == (certificate.mode == Mode::kStrict) &&
         freedom(bound.mode) <= freedom(certificate.mode) && certificate.layers <= bound.layers;
}

void compare_bound(const Graph& graph, const Certificate& certificate, const ProvenBound& bound, Findings& findings,
                   Report& report) {
  const bool strict = graph.machine == Machine::kStrict;
  const int64_t columns = strict ? report.measures.width : report.measures.d_model;
  const std::string has = std::to_string(columns) + (strict ? " slots" : " columns");
  if (!is_about(bound, certificate))
    return findings.add(Obligation::kBoundIsProven, std::string("the proof is about ") + std::to_string(bound.layers) +
                                                        " layers and mode " + name_of(bound.mode) +
                                                        " and says nothing of this schedule");
  if (bound.columns > columns)
    findings.add(Obligation::kBoundIsProven, "the proof says that no schedule has fewer than " +
                                                 std::to_string(bound.columns) + ", this one has " + has +
                                                 ": one of them is wrong, please report it");
  if (bound.columns < columns && certificate.status == "optimal")
    findings.add(Obligation::kBoundIsProven, "status says optimal, but the proof reaches " +
                                                 std::to_string(bound.columns) + " and this has " + has);
  report.proven_optimal = bound.columns == columns;
}

void check_placed(const Graph& graph, const Certificate& certificate, const CheckOptions& options, Findings& findings,
                  Report& report) {
  check_schedule(graph, certificate, options, findings);
  const Lifetimes lives = derive_lifetimes(graph, certificate);
  const bool sound = check_slots(graph, certificate, lives, findings);
  report.measures = check_resources(graph, certificate, lives, findings);
  report.measured = true;
  if (options.bound) compare_bound(graph, certificate, *options.bound, findings, report);

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
