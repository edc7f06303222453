#include <algorithm>
#include <cstdio>
#include <ostream>

#include "planner/phase/costs.h"
#include "tools/phase_picture.h"
#include "tools/phase_plan.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using phase::AnyGraph;
using phase::PhasePlan;
using phase::PhaseSchedule;

struct Compared {
  std::string file;
  AnyGraph graph;
  std::vector<PhasePlan> plans;
  bool strict() const { return std::holds_alternative<phase::SlotGraph>(graph); }
  const std::string& name() const { return plans.front().schedule.graph; }
};

std::string mode_text(const PhasePlan& plan) { return plan.method == "no-reuse" ? "-" : name_of(plan.schedule.mode); }

void print_table(const Compared& compared, Console& console) {
  using enum Table::Align;
  console.out() << compared.name() << ":\n";
  if (compared.strict()) {
    Table table({"method", "layers", "slots", "subtractions", "status", "time"},
                {kLeft, kRight, kRight, kRight, kLeft, kLeft});
    for (const PhasePlan& plan : compared.plans)
      table.add({plan.method, with_commas(plan.schedule.layers), with_commas(plan.schedule.width),
                 with_commas(erasures(plan.schedule)), status_of(plan), time_text(plan.seconds * 1e9)});
    console.out() << table.text();
    return;
  }
  Table table(
      {"mode", "method", "layers", "slots", "d_model", "heads", "d_ffn", "flops/token", "erasures", "status", "time"},
      {kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kLeft, kLeft});
  for (const PhasePlan& plan : compared.plans) {
    const PhaseSchedule& schedule = plan.schedule;
    table.add({mode_text(plan), plan.method, with_commas(schedule.layers), with_commas(schedule.width),
               with_commas(d_model_of(schedule)), with_commas(schedule.heads), with_commas(schedule.d_ffn),
               with_commas(flops_per_token(schedule)), with_commas(erasures(schedule)), status_of(plan),
               time_text(plan.seconds * 1e9)});
  }
  console.out() << table.text();
}

// A name in CSV: quoted where it must be.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void print_csv(const std::vector<Compared>& all, Console& console) {
  console.out()
      << "graph,mode,method,layers,slots,d_model,heads,d_ffn,flops_per_token,parameters,erasures,bound,status,"
         "seconds\n";
  for (const Compared& compared : all)
    for (const PhasePlan& plan : compared.plans) {
      const PhaseSchedule& schedule = plan.schedule;
      char seconds[32];
      std::snprintf(seconds, sizeof seconds, "%.6f", plan.seconds);
      // The strict machine has slots and nothing else; what is unknown is empty.
      const auto layered = [&](uint64_t number) { return compared.strict() ? std::string() : std::to_string(number); };
      console.out() << field(compared.name()) << ',' << (plan.method == "no-reuse" ? "" : name_of(schedule.mode)) << ','
                    << plan.method << ',' << schedule.layers << ',' << schedule.width << ','
                    << layered(d_model_of(schedule)) << ',' << layered(schedule.heads) << ',' << layered(schedule.d_ffn)
                    << ',' << layered(flops_per_token(schedule)) << ',' << layered(parameters(schedule)) << ','
                    << erasures(schedule) << ',' << (plan.bound == 0 ? "" : std::to_string(plan.bound)) << ','
                    << (status_of(plan) == "-" ? "" : field(status_of(plan))) << ',' << seconds << '\n';
    }
}

void print_json(const std::vector<Compared>& all, Console& console) {
  Json graphs = Json::array();
  for (const Compared& compared : all) {
    Json rows = Json::array();
    for (const PhasePlan& plan : compared.plans) {
      const PhaseSchedule& schedule = plan.schedule;
      Json row = Json::object();
      row.set("method", plan.method).set("layers", schedule.layers).set("slots", schedule.width);
      if (plan.method != "no-reuse") row.set("mode", name_of(schedule.mode));
      if (!compared.strict()) {
        row.set("d_model", d_model_of(schedule)).set("heads", schedule.heads).set("d_ffn", schedule.d_ffn);
        row.set("flops_per_token", flops_per_token(schedule)).set("parameters", parameters(schedule));
      }
      row.set("erasures", erasures(schedule)).set("seconds", plan.seconds);
      if (plan.bound != 0)
        row.set("bound", plan.bound).set("bound_from", plan.bound_from).set("status", status_of(plan));
      rows.add(row);
    }
    graphs.add(Json::object().set("file", compared.file).set("graph", compared.name()).set("methods", rows));
  }
  console.print(Json::object().set("graphs", graphs));
}

// The first baseline that reuses slots, and the narrowest schedule.
std::vector<const PhasePlan*> shown(const Compared& compared) {
  const PhasePlan* first = &compared.plans.front();
  for (const PhasePlan& plan : compared.plans)
    if (plan.method != "no-reuse") {
      first = &plan;
      break;
    }
  const auto best = std::min_element(
      compared.plans.begin(), compared.plans.end(),
      [](const PhasePlan& a, const PhasePlan& b) { return columns_of(a.schedule) < columns_of(b.schedule); });
  return {first, &*best};
}

}  // namespace

int run_phase_compare(const PhaseCompareCommand& command, Console& console) {
  if (!command.svg.empty() && command.graphs.size() != 1)
    return console.fail(kUsage, "--svg draws one graph; there are " + std::to_string(command.graphs.size()));
  std::vector<Compared> all;
  for (const std::string& file : command.graphs) {
    if (!command.svg.empty() && command.svg != "-" && same_file(file, command.svg))
      return console.fail(kUsage, command.svg + " would overwrite the graph");
    Result<AnyGraph> graph = phase::load_graph(file);
    if (!graph.ok()) return console.fail(graph.error());
    phase::PlanPhasesOptions options = command.options;
    options.progress = [&](const phase::PhaseProgress& progress) { return show_progress(console, progress); };
    std::vector<phase::Mode> modes = command.modes;
    if (modes.empty()) modes = {phase::Mode::kDelayed, phase::Mode::kFused};
    Result<std::vector<PhasePlan>> plans = compare_methods(*graph, modes, options);
    console.end_progress();
    if (!plans.ok()) {
      Error error = plans.error();
      if (error.place.file.empty()) error.place.file = file;
      return console.fail(error);
    }
    all.push_back({file, *std::move(graph), *std::move(plans)});
    if (console.interrupted()) break;
  }
  if (!command.svg.empty())
    if (Status status = write_output(command.svg, phase_picture(all.front().graph, shown(all.front())), console);
        !status.ok())
      return console.fail(status.error());
  if (console.json || command.form == TableForm::kJson) {
    print_json(all, console);
  } else if (command.form == TableForm::kCsv) {
    print_csv(all, console);
  } else {
    for (const Compared& compared : all) print_table(compared, console);
  }
  return console.interrupted() ? kInterrupted : kGood;
}

}  // namespace rondo::cli
