// rondo plan: graph and machine in, schedule out, every figure beside its proven least.
#include "rondo/plan.h"
#include <cmath>
#include <filesystem>
#include <optional>
#include <ostream>
#include "rondo/load.h"
#include "rondo/verify.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/findings.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

std::string default_output(const PlanCommand& command) {
  const std::string stem = std::filesystem::path(command.graphs[0]).stem().string();
  // Not stem.yaml: that is often the graph itself.
  return stem + (command.form == FileForm::kText ? ".rondo.yaml" : ".rondo");
}

std::string scratch_text(const Machine& machine, const PlanOptions& options) {
  const MachineSpace* scratch = machine.space(SpaceKind::kScratch);
  if (options.scratch_bytes == 0 && scratch == nullptr) return "no scratch";
  return bytes_text(options.scratch_bytes != 0 ? options.scratch_bytes : scratch->capacity_bytes) + " scratch";
}

std::string ratio_text(const LowerBound& bound) {
  if (bound.value <= 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f x", bound.achieved / bound.value);
  return text;
}

// "a b c"
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// What the fusion planner does in which order.
std::string parts_text(const PlanSummary& summary) {
  using enum Table::Align;
  Table table({"", "operators", "tiles", "k", "bytes in", "bytes out", "scratch", "computing", "moving", "keeps"},
              {kRight, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight, kLeft});
  for (size_t i = 0; i < summary.parts.size(); ++i) {
    const FusedPart& part = summary.parts[i];
    table.add({std::to_string(i), joined(part.operators),
               std::to_string(part.tile_rows) + " x " + std::to_string(part.tile_columns), std::to_string(part.k),
               with_commas(part.bytes_in), with_commas(part.bytes_out), with_commas(part.scratch_bytes),
               number_text(part.computing), number_text(part.moving), joined(part.kept)});
  }
  return table.text();
}

// Two planners on one graph and machine.
void print_comparison(const PlanSummary& fused, const PlanSummary& tiled, std::ostream& out) {
  using enum Table::Align;
  Table table({"", "fusion", "tile"}, {kLeft, kRight, kRight});
  table.add({"operations", with_commas(fused.ops), with_commas(tiled.ops)});
  table.add({"bytes moved", with_commas(fused.bytes_moved), with_commas(tiled.bytes_moved)});
  table.add({"peak bytes", with_commas(fused.peak_bytes), with_commas(tiled.peak_bytes)});
  if (fused.makespan > 0 || tiled.makespan > 0)
    table.add({"makespan", number_text(fused.makespan), number_text(tiled.makespan)});
  out << '\n' << table.text();
}

void print_summary(const Graph& graph, const Machine& machine, const PlanCommand& command, const PlanSummary& summary,
                   std::ostream& out) {
  using enum Table::Align;
  Table facts({"", "", ""}, {kLeft, kLeft, kLeft});
  facts.add({"graph", graph_signature(graph)});
  facts.add({"", counted(graph.operators.size(), "operator") + ", " + with_commas(summary.flops) + " flops"});
  facts.add({"machine", machine.name + " (" + machine.backend + "), " + scratch_text(machine, command.options)});
  facts.add({"strategy", summary.strategy});
  out << facts.text() << '\n';

  Table counts({"", "", ""}, {kLeft, kRight, kLeft});
  const auto count = [&](const char* what, uint64_t number, std::string note = {}) {
    counts.add({what, with_commas(number), std::move(note)});
  };
  count("operations", summary.ops,
        with_commas(summary.computes) + " compute, " + with_commas(summary.loads) + " load, " +
            with_commas(summary.stores) + " store" +
            (summary.rearranged != 0 ? ", " + with_commas(summary.rearranged) + " copy within memory" : ""));
  if (summary.loads_eliminated != 0)
    count("loads eliminated", summary.loads_eliminated,
          "of " + with_commas(summary.loads + summary.loads_eliminated) + " asked for");
  if (summary.evictions != 0) count("evictions", summary.evictions);
  count("bytes moved", summary.bytes_moved, "by copies");
  count("peak bytes", summary.peak_bytes,
        "live at once in the planned order; the highest address used is " + with_commas(summary.extent_bytes));
  if (summary.live_at_end_bytes != 0) count("live at end", summary.live_at_end_bytes);
  if (summary.makespan > 0)
    counts.add({"makespan", number_text(summary.makespan),
                "one after another: " + number_text(summary.sequential) + " (predicted, in the machine's cost unit)"});
  out << counts.text();

  if (!summary.parts.empty()) out << '\n' << parts_text(summary);

  if (!summary.bounds.empty()) {
    Table bounds({"", "achieved", "least", "ratio", "why no plan can do better"},
                 {kLeft, kRight, kRight, kRight, kLeft});
    for (const LowerBound& bound : summary.bounds) {
      const std::string prefix = bound.what + ": ";
      const std::string method = bound.method.starts_with(prefix) ? bound.method.substr(prefix.size()) : bound.method;
      bounds.add({bound.what, number_text(bound.achieved), number_text(bound.value), ratio_text(bound), method});
    }
    out << '\n' << bounds.text();
  }
}

Json summary_json(const Machine& machine, const std::string& graph, const PlanSummary& summary) {
  Json bounds = Json::array();
  for (const LowerBound& bound : summary.bounds)
    bounds.add(Json::object()
                   .set("what", bound.what)
                   .set("achieved", bound.achieved)
                   .set("least", bound.value)
                   .set("method", bound.method));
  Json json = Json::object();
  json.set("graph", graph).set("machine", machine.name).set("backend", machine.backend);
  json.set("strategy", summary.strategy).set("micro_ops", summary.micro_ops).set("ops", summary.ops);
  json.set("loads", summary.loads).set("loads_eliminated", summary.loads_eliminated);
  json.set("computes", summary.computes).set("stores", summary.stores).set("evictions", summary.evictions);
  json.set("rearranged", summary.rearranged);
  json.set("peak_bytes", summary.peak_bytes).set("extent_bytes", summary.extent_bytes);
  json.set("live_at_end_bytes", summary.live_at_end_bytes).set("flops", summary.flops);
  json.set("bytes_moved", summary.bytes_moved).set("makespan", summary.makespan).set("sequential", summary.sequential);
  json.set("bounds", bounds);
  Json warnings = Json::array();
  for (const std::string& warning : summary.warnings) warnings.add(warning);
  json.set("warnings", warnings);
  if (summary.parts.empty()) return json;
  Json parts = Json::array();
  for (const FusedPart& part : summary.parts) {
    Json operators = Json::array(), kept = Json::array();
    for (const std::string& name : part.operators) operators.add(name);
    for (const std::string& name : part.kept) kept.add(name);
    parts.add(Json::object()
                  .set("operators", operators)
                  .set("tile_rows", part.tile_rows)
                  .set("tile_columns", part.tile_columns)
                  .set("k", part.k)
                  .set("kept", kept)
                  .set("bytes_in", part.bytes_in)
                  .set("bytes_out", part.bytes_out)
                  .set("scratch_bytes", part.scratch_bytes)
                  .set("computing", part.computing)
                  .set("moving", part.moving)
                  .set("cost", part.cost));
  }
  json.set("parts", parts);
  return json;
}

}  // namespace

namespace {

Result<SetPlan> plan_one_fused(const Graph& graph, const Machine& machine, const PlanOptions& options) {
  Result<Plan> plan = plan_fused(graph, machine, options);
  if (!plan.ok()) return plan.error();
  SetPlan set;
  set.schedule = std::move(plan->schedule);
  set.members = {graph.name};
  set.summaries = {std::move(plan->summary)};
  return set;
}

}  // namespace

int run_plan(const PlanCommand& command, Console& console) {
  std::vector<Graph> graphs;
  for (const std::string& path : command.graphs) {
    Result<Graph> graph = load_graph(path);
    if (!graph.ok()) return console.fail(graph.error());
    graphs.push_back(*std::move(graph));
  }
  Result<Machine> machine = command.machine.empty() ? default_machine() : load_machine(command.machine);
  if (!machine.ok()) return console.fail(machine.error());
  const std::string output = command.output.empty() ? default_output(command) : command.output;
  std::vector<std::string> inputs = command.graphs;
  inputs.push_back(command.machine);
  for (const std::string& input : inputs)
    if (output != "-" && same_file(output, input))
      return console.fail(kUsage, "-o " + output + " would overwrite the input " + input);
  if (output == "-" && console.json && !command.dry_run)
    return console.fail(kUsage, "-o - and --json both print to stdout; write the schedule to a file");

  PlanOptions options = command.options;
  // Members of a set are called by their graphs.
  if (options.graph_name.empty() && graphs.size() == 1)
    options.graph_name = std::filesystem::path(command.graphs[0]).filename().string();
  options.progress = [&console](double fraction, const char* what) { return console.progress(fraction, what); };
  const bool fusion = command.planner == Planner::kFusion;
  if (fusion && graphs.size() != 1)
    return console.fail(kUsage, "--planner fusion plans one graph; " + std::to_string(graphs.size()) + " are given");
  if (command.compare && !fusion)
    return console.fail(kUsage, "--compare compares --planner fusion with the tile planner");
  const Result<SetPlan> plan =
      fusion ? plan_one_fused(graphs[0], *machine, options) : plan_set(graphs, *machine, options);
  console.end_progress();
  if (!plan.ok()) return console.fail(plan.error());
  // A planner is not trusted: what does not hold is not written.
  const Report report = verify(plan->schedule).report;
  if (!report.faithful()) {
    if (console.json) console.print(Json::object().set("written", Json()).set("verification", report.summary()));
    return fail_with_findings(plan->schedule, report,
                              "the plan of " + command.graphs[0] + " is not written: " + report.summary(), console);
  }
  std::optional<PlanSummary> tiled;
  if (command.compare) {
    const Result<Plan> other = plan_tiles(graphs[0], *machine, options);
    console.end_progress();
    if (!other.ok()) return console.fail(other.error());
    tiled = other->summary;
  }

  for (const PlanSummary& summary : plan->summaries)
    for (const std::string& warning : summary.warnings) console.note("rondo: warning: " + warning);

  const bool text = writes_text(command.form, output);
  const std::string bytes = encode(plan->schedule, text), digest = digest_of(plan->schedule);
  if (!command.dry_run) {
    if (const Status written = write_output(output, bytes, console); !written.ok())
      return console.fail(written.error());
  }
  if (console.json) {
    Json json = Json::object();
    if (graphs.size() == 1) {
      json = summary_json(*machine, command.graphs[0], plan->summaries[0]);
      if (tiled) json.set("tile_planner", summary_json(*machine, command.graphs[0], *tiled));
    } else {
      Json members = Json::array();
      for (size_t member = 0; member < graphs.size(); ++member)
        members.add(summary_json(*machine, command.graphs[member], plan->summaries[member])
                        .set("member", plan->members[member]));
      json.set("members", members);
    }
    json.set("digest", digest).set("verification", report.summary());
    json.set("written", command.dry_run ? Json() : Json(output)).set("file_bytes", static_cast<uint64_t>(bytes.size()));
    console.print(json);
    return kGood;
  }
  if (output == "-" && !command.dry_run) return kGood;
  if (console.verbosity >= 0) {
    for (size_t member = 0; member < graphs.size(); ++member) {
      if (graphs.size() > 1) console.out() << "member " << plan->members[member] << "\n\n";
      print_summary(graphs[member], *machine, command, plan->summaries[member], console.out());
      if (tiled) print_comparison(plan->summaries[member], *tiled, console.out());
      console.out() << '\n';
    }
    console.out() << (command.dry_run ? "dry run: not written: " : "wrote ") << output << ": "
                  << bytes_text(bytes.size()) << ", " << (text ? "text" : "binary") << ", digest "
                  << digest.substr(0, 12) << '\n';
  }
  return kGood;
}

}  // namespace rondo::cli
