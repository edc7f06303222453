#include "tools/contest_solve.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ostream>
#include <thread>
#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/solve.h"
#include "tools/schedule_file.h"
#include "tools/search_threads.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using fusion::Evaluation;
using fusion::Problem;
using fusion::Solution;
using fusion::SubgraphCost;

constexpr double kDefaultTimeLimit = 10;
// Of the time limit: what is left is for the last file and the end of the process.
constexpr double kShareOfTime = 0.95;
// An improvement is on disk this long after it was found, or at once where the last file
// is older: the first milliseconds bring dozens.
constexpr double kLeastSecondsBetweenFiles = 0.02;

// "10,118,758.4": one decimal, as the contest's own evaluator prints.
std::string latency_text(double latency) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", latency);
  std::string digits = text;
  for (size_t at = digits.find('.'); at > 3; at -= 3)
    if (digits[at - 4] != '-') digits.insert(at - 3, ",");
  return digits;
}

std::string percent_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
  return text;
}

class Clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string list_text(const std::vector<uint32_t>& numbers) {
  std::string text;
  for (size_t at = 0; at < numbers.size();) {
    size_t end = at + 1;  // runs as 3-7
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    text += (text.empty() ? "" : " ") + std::to_string(numbers[at]);
    if (end - at > 2)
      text += "-" + std::to_string(numbers[end - 1]);
    else if (end - at == 2)
      text += " " + std::to_string(numbers[end - 1]);
    at = end;
  }
  return text;
}

std::string explanation(const Problem& problem, const Solution& solution, const Evaluation& evaluation) {
  using enum Table::Align;
  Table table({"", "operators", "[w,h,k]", "order", "tiles", "k-steps", "working set", "compute", "memory", "latency",
               "bound by", "retains"},
              {kRight, kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kLeft, kLeft});
  for (size_t at = 0; at < solution.subgraphs.size(); ++at) {
    const fusion::Subgraph& subgraph = solution.subgraphs[at];
    const SubgraphCost& cost = evaluation.subgraphs[at];
    const std::string granularity =
        "[" + std::to_string(subgraph.w) + "," + std::to_string(subgraph.h) + "," + std::to_string(subgraph.k) + "]";
    // Row-major numbers: a walk along a row goes on with 1.
    const char* order = subgraph.order.empty() ? "raster" : subgraph.order[1] == 1 ? "row snake" : "column snake";
    table.add({std::to_string(at), list_text(subgraph.operators), granularity, order,
               with_commas(static_cast<uint64_t>(cost.tiles)), with_commas(static_cast<uint64_t>(cost.k_steps)),
               percent_text(static_cast<double>(cost.working_set) / static_cast<double>(problem.capacity)),
               latency_text(cost.compute), latency_text(cost.memory), latency_text(cost.latency),
               cost.compute >= cost.memory ? "compute" : "memory", list_text(subgraph.retained)});
  }
  return table.text();
}

}  // namespace

int run_contest_solve(const ContestSolveCommand& command, Console& console) {
  const Clock clock;
  if (command.solution != "-" && same_file(command.problem, command.solution))
    return console.fail(kUsage, command.solution + " would overwrite the problem");
  if (command.solution == "-" && (console.json || command.explain))
    return console.fail(kUsage, "the solution and the report would both go to stdout; write the solution to a file");
  const Result<Problem> problem = fusion::load_problem(command.problem);
  if (!problem.ok()) return console.fail(problem.error());
  const fusion::LowerBounds bounds = fusion::lower_bounds(*problem);
  const double least = bounds.best();

  const double limit = kShareOfTime * command.time_limit_s.value_or(command.work != 0 ? 1e18 : kDefaultTimeLimit);
  fusion::SolveOptions options;
  options.seed = command.seed;
  options.work = command.work;
  options.divisible = command.divisible;
  options.good_enough = least;
  options.stop = [&] { return console.interrupted() || clock.seconds() >= limit; };
  options.run_all =
      search_threads(command.threads != 0 ? command.threads : std::max(1u, std::thread::hardware_concurrency()));

  Status written;
  std::optional<Solution> unwritten;
  double last_file = -1;
  const auto write = [&](const Solution& solution) {
    if (!written.ok()) return;
    written = write_output(command.solution, print_solution(*problem, solution), console);
    last_file = clock.seconds();
    unwritten.reset();
  };
  options.improved = [&](const Solution& solution, const fusion::SolveProgress& progress) {
    char time[32];
    std::snprintf(time, sizeof time, "%8.3f s  ", clock.seconds());
    console.detail(time + latency_text(progress.latency) + "  " + progress.stage);
    unwritten = solution;
    if (command.solution != "-" && (last_file < 0 || clock.seconds() - last_file >= kLeastSecondsBetweenFiles))
      write(solution);
  };
  options.progress = [&](const fusion::SolveProgress& progress) {
    if (command.solution != "-" && unwritten && clock.seconds() - last_file >= kLeastSecondsBetweenFiles)
      write(*unwritten);
    const double by_work =
        command.work == 0 ? 0 : static_cast<double>(progress.work) / static_cast<double>(command.work);
    console.progress(std::max(clock.seconds() / limit, by_work),
                     "best " + latency_text(progress.latency) + ", least " + latency_text(least));
  };
  const Result<fusion::Solved> solved = fusion::solve(*problem, options);
  console.end_progress();
  if (!solved.ok()) return console.fail(solved.error());
  if (unwritten || last_file < 0) write(solved->solution);
  if (!written.ok()) return console.fail(written.error());

  const double gap = solved->latency == 0 ? 0 : 1 - least / solved->latency;
  const double seconds = clock.seconds();
  const bool interrupted = console.interrupted();
  if (console.json) {
    console.print(Json::object()
                      .set("problem", command.problem)
                      .set("solution", command.solution)
                      .set("latency", solved->latency)
                      .set("least_latency", least)
                      .set("least_latency_by", bounds.best_name())
                      .set("gap", gap)
                      .set("subgraphs", static_cast<uint64_t>(solved->solution.subgraphs.size()))
                      .set("proposals", solved->work)
                      .set("groups_priced", solved->groups_priced)
                      .set("rounds", solved->rounds)
                      .set("seconds", seconds)
                      .set("interrupted", interrupted));
  } else if (command.solution != "-" && console.verbosity >= 0) {
    if (command.explain) {
      const Result<Evaluation> evaluation = evaluate(*problem, solved->solution, {command.divisible});
      if (!evaluation.ok()) return console.fail(evaluation.error());
      console.out() << explanation(*problem, solved->solution, *evaluation) << '\n';
    }
    char time[32];
    std::snprintf(time, sizeof time, "%.2f s", seconds);
    console.out() << "latency " << latency_text(solved->latency) << ", no schedule has less than "
                  << latency_text(least) << " (" << bounds.best_name() << "), gap " << percent_text(gap) << '\n'
                  << counted(solved->solution.subgraphs.size(), "subgraph") << " of "
                  << counted(problem->operators.size(), "operator") << ", " << with_commas(solved->work)
                  << " proposals in " << time << ", wrote " << command.solution << '\n';
  }
  return interrupted ? kInterrupted : kGood;
}

}  // namespace rondo::cli
