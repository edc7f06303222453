#include "tools/contest.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <ostream>
#include <string_view>

#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/rules.h"
#include "planner/fusion/search/exhaust.h"
#include "tools/contest_report.h"
#include "tools/contest_svg.h"
#include "tools/schedule_file.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using fusion::Evaluation;
using fusion::LowerBounds;
using fusion::Problem;
using fusion::Solution;
using fusion::SubgraphCost;

// Of the exhaustive search for a bound: a second at most, mostly none.
constexpr uint64_t kExhaustiveSteps = 1'000'000;

struct NamedBound {
  const char* name;
  double value;
  const char* what;
};
std::vector<NamedBound> named(const LowerBounds& bounds) {
  return {{"compute", bounds.compute, "every native tile of every operator once"},
          {"traffic", bounds.traffic, "every input and output once"},
          {"reload", bounds.reload, "what no tiling, grouping or retention avoids moving again"},
          {"parts", bounds.parts, "compute or traffic of each part that no subgraph mixes with another"},
          {"exhaustive", bounds.exhaustive, "every solution looked at, cheapest first, as far as that went"}};
}

// Files may say what their subgraphs cost; the first that is wrong by more than the
// contest's one decimal hides.
std::string wrong_claim(const Solution& solution, const Evaluation& evaluation) {
  for (size_t at = 0; at < solution.claimed.size(); ++at) {
    const double computed = evaluation.subgraphs[at].latency;
    if (std::abs(solution.claimed[at] - computed) <= 0.1 + 1e-6 * std::max(1.0, computed)) continue;
    return "the file says that subgraph " + std::to_string(at) + " takes " + latency_text(solution.claimed[at]) +
           "; it takes " + latency_text(computed);
  }
  return {};
}

Json ids_json(const std::vector<uint32_t>& ids) {
  Json json = Json::array();
  for (uint32_t id : ids) json.add(id);
  return json;
}

Json score_json(const ContestScoreCommand& command, const Problem& problem, const Solution& solution,
                const Evaluation& evaluation, const LowerBounds& bounds) {
  Json lower = Json::object();
  for (const NamedBound& bound : named(bounds))
    lower.set(bound.name,
              Json::object().set("latency", bound.value).set("gap", gap_of(bound.value, evaluation.latency)));
  Json subgraphs = Json::array();
  for (size_t at = 0; at < solution.subgraphs.size(); ++at) {
    const fusion::Subgraph& subgraph = solution.subgraphs[at];
    const SubgraphCost& cost = evaluation.subgraphs[at];
    subgraphs.add(Json::object()
                      .set("operators", ids_json(subgraph.operators))
                      .set("granularity", Json::array().add(subgraph.w).add(subgraph.h).add(subgraph.k))
                      .set("retained", ids_json(subgraph.retained))
                      .set("latency", cost.latency)
                      .set("compute", cost.compute)
                      .set("memory", cost.memory)
                      .set("bound_by", cost.compute >= cost.memory ? "compute" : "memory")
                      .set("working_set", cost.working_set)
                      .set("loaded", cost.loaded)
                      .set("evicted", cost.evicted)
                      .set("tiles", cost.tiles)
                      .set("k_steps", cost.k_steps));
  }
  return Json::object()
      .set("problem", command.problem)
      .set("solution", command.solution)
      .set("valid", true)
      .set("latency", evaluation.latency)
      .set("capacity", problem.capacity)
      .set("least_latency", bounds.best())
      .set("least_latency_by", bounds.best_name())
      .set("gap", gap_of(bounds.best(), evaluation.latency))
      .set("bounds", lower)
      .set("subgraphs", subgraphs);
}

Error in_file(Error error, const std::string& file) {
  if (error.place.file.empty()) error.place.file = file;
  return error;
}

}  // namespace

int run_contest_score(const ContestScoreCommand& command, Console& console) {
  for (const std::string* read : {&command.problem, &command.solution})
    if (!command.svg.empty() && command.svg != "-" && same_file(*read, command.svg))
      return console.fail(kUsage, command.svg + " would overwrite what is read");
  if (command.svg == "-" && console.json)
    return console.fail(kUsage, "the picture and the report would both go to stdout; write the picture to a file");
  const Result<Problem> problem = fusion::load_problem(command.problem);
  if (!problem.ok()) return console.fail(problem.error());
  const Result<Solution> solution = fusion::load_solution(command.solution);
  if (!solution.ok()) return console.fail(solution.error());
  const fusion::EvaluateOptions options{command.divisible};
  const Result<Evaluation> evaluation = evaluate(*problem, *solution, options);
  if (!evaluation.ok()) return console.fail(in_file(evaluation.error(), command.solution));
  LowerBounds bounds = lower_bounds(*problem);
  bounds.exhaustive = fusion::exhaustive_bound(*problem, evaluation->latency, kExhaustiveSteps);

  if (!command.svg.empty()) {
    const std::string title = std::filesystem::path(command.problem).filename().string() + " as scheduled by " +
                              std::filesystem::path(command.solution).filename().string();
    const Status written =
        write_output(command.svg, contest_svg(*problem, *solution, *evaluation, bounds, title), console);
    if (!written.ok()) return console.fail(written.error());
    if (command.svg == "-") return kGood;
  }
  if (const std::string wrong = wrong_claim(*solution, *evaluation); !wrong.empty()) console.note(wrong);
  if (console.json) {
    console.print(score_json(command, *problem, *solution, *evaluation, bounds));
    return kGood;
  }
  if (console.verbosity >= 0) {
    console.out() << subgraph_table(*problem, *solution, *evaluation) << '\n';
    if (command.explain) console.out() << granularity_reasons(*problem, *solution, options) << '\n';
  }
  console.out() << "latency " << latency_text(evaluation->latency) << "; no schedule has less than\n";
  using enum Table::Align;
  Table table({"", "", "", ""}, {kLeft, kRight, kLeft, kLeft});
  for (const NamedBound& bound : named(bounds)) {
    if (bound.value == 0 && evaluation->latency != 0) continue;  // not known
    table.add({bound.name, latency_text(bound.value), "gap " + percent_text(gap_of(bound.value, evaluation->latency)),
               bound.what});
  }
  console.out() << table.text();
  return kGood;
}

int run_contest_rules(Console& console) {
  if (console.json) {
    Json rules = Json::array();
    for (const fusion::RuleText& rule : fusion::rules())
      rules.add(Json::object().set("rule", rule.name).set("title", rule.title).set("text", rule.text));
    console.print(Json::object().set("rules", rules));
    return kGood;
  }
  constexpr size_t kColumns = 96;
  constexpr size_t kIndent = 5;
  for (const fusion::RuleText& rule : fusion::rules()) {
    std::string line = rule.name + std::string(kIndent - std::string_view(rule.name).size(), ' ') + rule.title + ":";
    std::string_view words = rule.text;
    while (!words.empty()) {
      const size_t end = std::min(words.find(' '), words.size());
      if (line.size() + 1 + end > kColumns) {
        console.out() << line << '\n';
        line = std::string(kIndent - 1, ' ');
      }
      line += " " + std::string(words.substr(0, end));
      words.remove_prefix(std::min(end + 1, words.size()));
    }
    console.out() << line << '\n';
  }
  return kGood;
}

int run_contest_generate(const ContestGenerateCommand& command, Console& console) {
  const Result<Problem> problem = generate(command.options);
  if (!problem.ok()) return console.fail(problem.error());
  const Status written = write_output(command.problem, print_problem(*problem), console);
  if (!written.ok()) return console.fail(written.error());
  if (command.problem == "-") return kGood;
  if (console.json) {
    console.print(Json::object()
                      .set("problem", command.problem)
                      .set("operators", static_cast<uint64_t>(problem->operators.size()))
                      .set("tensors", static_cast<uint64_t>(problem->tensors.size()))
                      .set("capacity", problem->capacity)
                      .set("bandwidth", problem->bandwidth));
    return kGood;
  }
  if (console.verbosity >= 0)
    console.out() << command.problem << ": " << counted(problem->operators.size(), "operator") << " on "
                  << counted(problem->tensors.size(), "tensor") << ", capacity "
                  << with_commas(static_cast<uint64_t>(problem->capacity)) << ", bandwidth "
                  << with_commas(static_cast<uint64_t>(problem->bandwidth)) << '\n';
  return kGood;
}

}  // namespace rondo::cli
