#include "tools/contest_solve.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ostream>
#include <thread>
#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/evaluate.h"
#include "planner/fusion/search/solve.h"
#include "tools/contest_report.h"
#include "tools/schedule_file.h"
#include "tools/search_threads.h"
#include "tools/table.h"

namespace rondo::cli {
namespace {

using fusion::Evaluation;
using fusion::Problem;
using fusion::Solution;

constexpr double kDefaultTimeLimit = 10;
// Of the time limit: what is left is for the last file and the end of the process.
constexpr double kShareOfTime = 0.95;
// An improvement is on disk this long after it was found, or at once where the last file
// is older: the first milliseconds bring dozens.
constexpr double kLeastSecondsBetweenFiles = 0.02;

class Clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

int run_contest_solve(const ContestSolveCommand& command, Console& console) {
  const Clock clock;
  if (command.solution != "-" && same_file(command.problem, command.solution))
    return console.fail(kUsage, command.solution + " would overwrite the problem");
  if (command.solution == "-" && (console.json || command.explain))
    return console.fail(kUsage, "the solution and the report would both go to stdout; write the solution to a file");
  const Result<Problem> problem = fusion::load_problem(command.problem);
  if (!problem.ok()) return console.fail(problem.error());
  fusion::LowerBounds bounds = fusion::lower_bounds(*problem);

  const double limit = kShareOfTime * command.time_limit_s.value_or(command.work != 0 ? 1e18 : kDefaultTimeLimit);
  fusion::SolveOptions options;
  options.seed = command.seed;
  options.work = command.work;
  options.divisible = command.divisible;
  options.good_enough = bounds.best();
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
    console.progress(
        std::max(clock.seconds() / limit, by_work),
        "best " + latency_text(progress.latency) + ", least " + latency_text(std::max(bounds.best(), progress.least)));
  };
  const Result<fusion::Solved> solved = fusion::solve(*problem, options);
  console.end_progress();
  if (!solved.ok()) return console.fail(solved.error());
  if (unwritten || last_file < 0) write(solved->solution);
  if (!written.ok()) return console.fail(written.error());

  bounds.exhaustive = solved->least;
  const double least = bounds.best(), gap = gap_of(least, solved->latency);
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
      console.out() << subgraph_table(*problem, solved->solution, *evaluation) << '\n';
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
