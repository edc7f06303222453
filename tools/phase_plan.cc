#include "tools/phase_plan.h"

#include <ostream>

#include "planner/phase/costs.h"
#include "planner/phase/windows.h"
#include "tools/phase_picture.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using phase::AnyGraph;
using phase::GateGraph;
using phase::PhasePlan;
using phase::PhaseSchedule;
using phase::SlotGraph;

bool strict(const AnyGraph& graph) { return std::holds_alternative<SlotGraph>(graph); }

// "universal-1: 159 ops, 186 dims"
std::string graph_line(const AnyGraph& graph) {
  if (const auto* gates = std::get_if<GateGraph>(&graph))
    return gates->name + ": " + counted(gates->ops.size(), "op") + ", " + counted(gates->dims.size(), "dim");
  const auto& slots = std::get<SlotGraph>(graph);
  return slots.name + ": " + counted(slots.gates.size(), "gate");
}

std::string bound_text(const PhasePlan& plan) {
  if (columns_of(plan.schedule) <= plan.bound) return "the fewest there are";
  return "at least " + with_commas(plan.bound) + " by " + plan.bound_from;
}

void print_plan(const AnyGraph& graph, const PhasePlan& plan, Console& console) {
  using enum Table::Align;
  const PhaseSchedule& schedule = plan.schedule;
  console.out() << graph_line(graph) << '\n';
  Table table({"", "", ""}, {kLeft, kRight, kLeft});
  table.add({"layers", with_commas(schedule.layers), ""});
  table.add({"slots", with_commas(schedule.width), bound_text(plan)});
  if (!strict(graph)) {
    table.add({"d_model", with_commas(d_model_of(schedule)), ""});
    table.add({"heads", with_commas(schedule.heads), ""});
    table.add({"d_ffn", with_commas(schedule.d_ffn),
               plan.neurons_bound == 0 ? "" : "at least " + with_commas(plan.neurons_bound) + " in these columns"});
    table.add({"flops/token", with_commas(flops_per_token(schedule)),
               "with " + with_commas(phase::kPublishedVocabulary) + " words"});
  }
  table.add({strict(graph) ? "subtractions" : "erasures", with_commas(erasures(schedule)), ""});
  console.out() << table.text();
  console.out() << name_of(schedule.mode) << ", " << status_of(plan) << ", found by " << plan.method << " in "
                << time_text(plan.seconds * 1e9) << '\n';
}

Json plan_json(const std::string& file, const AnyGraph& graph, const PhasePlan& plan) {
  const PhaseSchedule& schedule = plan.schedule;
  Json json = Json::object();
  json.set("file", file).set("graph", schedule.graph).set("mode", name_of(schedule.mode));
  json.set("method", plan.method).set("layers", schedule.layers).set("slots", schedule.width);
  if (!strict(graph)) {
    json.set("d_model", d_model_of(schedule)).set("heads", schedule.heads).set("d_ffn", schedule.d_ffn);
    json.set("flops_per_token", flops_per_token(schedule)).set("parameters", parameters(schedule));
  }
  json.set("erasures", erasures(schedule)).set("bound", plan.bound).set("bound_from", plan.bound_from);
  if (plan.neurons_bound != 0) json.set("d_ffn_bound", plan.neurons_bound);
  return json.set("status", status_of(plan)).set("seconds", plan.seconds);
}

}  // namespace

bool show_progress(Console& console, const phase::PhaseProgress& progress) {
  return !console.progress(progress.fraction, std::string(progress.stage) + ": " + std::to_string(progress.columns) +
                                                  " columns, at least " + std::to_string(progress.bound));
}

int run_phase_plan(const PhasePlanCommand& command, Console& console) {
  if (command.certificate == "-" && console.json)
    return console.fail(kUsage,
                        "the certificate and the report would both go to stdout; write the certificate to a file");
  for (const std::string& output : {command.certificate, command.svg, command.mps, command.proof})
    if (!output.empty() && output != "-" && same_file(command.graph, output))
      return console.fail(kUsage, output + " would overwrite the graph");
  const Result<AnyGraph> graph = phase::load_graph(command.graph);
  if (!graph.ok()) return console.fail(graph.error());
  if (!command.mps.empty()) {
    const Result<std::string> programme = programme_of(*graph, command.options);
    if (!programme.ok()) return console.fail(programme.error());
    if (Status status = write_output(command.mps, *programme, console); !status.ok())
      return console.fail(status.error());
  }
  phase::PlanPhasesOptions options = command.options;
  options.progress = [&](const phase::PhaseProgress& progress) { return show_progress(console, progress); };
  const Result<PhasePlan> plan = plan_phases(*graph, options);
  console.end_progress();
  if (!plan.ok()) return console.fail(plan.error());

  if (!command.certificate.empty())
    if (Status status = write_output(command.certificate, print_certificate(plan->schedule), console); !status.ok())
      return console.fail(status.error());
  if (!command.svg.empty())
    if (Status status = write_output(command.svg, phase_picture(*graph, {&*plan}), console); !status.ok())
      return console.fail(status.error());
  if (!command.proof.empty()) {
    if (plan->certificate.empty())
      console.note("no certificate: the bound " + std::to_string(plan->bound) + " is by " + plan->bound_from);
    else if (Status status = write_output(command.proof, plan->certificate, console); !status.ok())
      return console.fail(status.error());
  }
  if (console.json) {
    console.print(plan_json(command.graph, *graph, *plan));
  } else if (command.certificate != "-" && command.svg != "-") {
    print_plan(*graph, *plan, console);
  }
  return console.interrupted() ? kInterrupted : kGood;
}

}  // namespace rondo::cli
