#include "tools/contest_lower.h"
#include <algorithm>
#include <filesystem>
#include <ostream>
#include "planner/fusion/evaluate.h"
#include "planner/fusion/graph/contest_graph.h"
#include "planner/fusion/lower/lower_solution.h"
#include "rondo/load.h"
#include "tools/contest_report.h"
#include "tools/describe.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using fusion::Evaluation;
using fusion::Problem;
using fusion::Solution;
using fusion::SubgraphCost;

constexpr int64_t kElementBytes = 4;

std::string stem_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }

std::string default_output(const ContestLowerCommand& command) {
  return stem_of(command.solution) + (command.form == FileForm::kText ? ".rondo.yaml" : ".rondo");
}

uint64_t claimed(const Schedule& schedule, ClaimKind kind, std::string_view arena) {
  for (const Claim& claim : schedule.claims)
    if (claim.kind == static_cast<uint16_t>(kind) && schedule.name(schedule.arenas[claim.a].name) == arena)
      return claim.value;
  return 0;
}

struct Totals {
  int64_t loaded = 0, evicted = 0, working_set = 0;  // elements; of all, and the largest
};
Totals totals_of(const Evaluation& evaluation) {
  Totals totals;
  for (const SubgraphCost& cost : evaluation.subgraphs) {
    totals.loaded += cost.loaded;
    totals.evicted += cost.evicted;
    totals.working_set = std::max(totals.working_set, cost.working_set);
  }
  return totals;
}

std::string bytes_of(int64_t elements) { return with_commas(static_cast<uint64_t>(elements * kElementBytes)); }

void print(const Problem& problem, const Solution& solution, const Evaluation& evaluation, const Schedule& schedule,
           std::ostream& out) {
  using enum Table::Align;
  const Totals totals = totals_of(evaluation);
  Table table({"", "", ""}, {kLeft, kRight, kLeft});
  table.add({"latency", latency_text(evaluation.latency),
             counted(problem.operators.size(), "operator") + " in " + counted(solution.subgraphs.size(), "subgraph")});
  table.add({"operations", with_commas(schedule.ops.size()), "kernels and copies, a phase for each subgraph"});
  table.add({"bytes in", bytes_of(totals.loaded), "from slow memory, 4 for an element"});
  table.add({"bytes out", bytes_of(totals.evicted), "to slow memory"});
  table.add(
      {"fast memory", with_commas(claimed(schedule, ClaimKind::kExtentPeak, "fast")),
       "bytes of " + bytes_of(problem.capacity) + "; the largest working set is " + bytes_of(totals.working_set)});
  table.add({"granules", with_commas(claimed(schedule, ClaimKind::kExtentPeak, "granules")),
             "bytes, for what passes from kernel to kernel"});
  out << table.text();
}

Json json_of(const ContestLowerCommand& command, const Solution& solution, const Evaluation& evaluation,
             const Schedule& schedule) {
  Json subgraphs = Json::array();
  for (const SubgraphCost& cost : evaluation.subgraphs)
    subgraphs.add(Json::object()
                      .set("latency", cost.latency)
                      .set("bytes_in", cost.loaded * kElementBytes)
                      .set("bytes_out", cost.evicted * kElementBytes)
                      .set("working_set_bytes", cost.working_set * kElementBytes));
  return Json::object()
      .set("problem", command.problem)
      .set("solution", command.solution)
      .set("latency", evaluation.latency)
      .set("subgraphs", static_cast<uint64_t>(solution.subgraphs.size()))
      .set("operations", static_cast<uint64_t>(schedule.ops.size()))
      .set("fast_bytes", claimed(schedule, ClaimKind::kExtentPeak, "fast"))
      .set("granule_bytes", claimed(schedule, ClaimKind::kExtentPeak, "granules"))
      .set("by_subgraph", subgraphs);
}

}  // namespace

int run_contest_lower(const ContestLowerCommand& command, Console& console) {
  const std::string output = command.output.empty() ? default_output(command) : command.output;
  for (const std::string& input : {command.problem, command.solution})
    for (const std::string& target : {output, command.graph})
      if (!target.empty() && target != "-" && same_file(target, input))
        return console.fail(kUsage, target + " would overwrite the input " + input);
  if (output == "-" && console.json && !command.dry_run)
    return console.fail(kUsage, "-o - and --json both print to stdout; write the schedule to a file");

  const Result<Problem> problem = fusion::load_problem(command.problem);
  if (!problem.ok()) return console.fail(problem.error());
  const Result<Solution> solution = fusion::load_solution(command.solution);
  if (!solution.ok()) return console.fail(solution.error());
  const Result<Evaluation> evaluation = evaluate(*problem, *solution);
  if (!evaluation.ok()) return console.fail(kBad, command.solution + ": " + evaluation.error().message);
  const Result<fusion::Meaning> meaning = fusion::contest_meaning(*problem);
  if (!meaning.ok()) return console.fail(meaning.error());
  fusion::LoweringOptions options;
  options.source = std::filesystem::path(command.problem).filename().string();
  options.max_operations = command.max_operations;
  const Result<Schedule> schedule = lower_solution(*problem, *solution, *meaning, options);
  if (!schedule.ok()) return console.fail(schedule.error());

  const bool text = writes_text(command.form, output);
  const std::string bytes = encode(*schedule, text);
  if (!command.dry_run) {
    if (const Status written = write_output(output, bytes, console); !written.ok())
      return console.fail(written.error());
    if (!command.graph.empty()) {
      const Result<std::string> graph = contest_graph(*problem, stem_of(command.problem));
      if (!graph.ok()) return console.fail(graph.error());
      if (const Status written = write_output(command.graph, *graph, console); !written.ok())
        return console.fail(written.error());
    }
  }
  if (console.json) {
    Json json = json_of(command, *solution, *evaluation, *schedule);
    console.print(json.set("written", command.dry_run ? Json() : Json(output)));
  } else if ((output != "-" || command.dry_run) && console.verbosity >= 0) {
    print(*problem, *solution, *evaluation, *schedule, console.out());
    console.out() << '\n'
                  << (command.dry_run ? "dry run: not written: " : "wrote ") << output << ": "
                  << bytes_text(bytes.size()) << ", " << (text ? "text" : "binary");
    if (!command.graph.empty()) console.out() << (command.dry_run ? ", nor " : ", and ") << command.graph;
    console.out() << '\n';
  }
  return kGood;
}

}  // namespace rondo::cli
