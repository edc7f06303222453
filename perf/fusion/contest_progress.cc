// The contest's solver over time: for each problem the time to the first valid solution,
// the best latency after 0.1, 1, 2, 5, 10, 30, 60 s, the proven bound and the gap.
//
//     contest_progress [--seconds S] [--threads N] [--seed N] PROBLEM.json... [FAMILY:OPERATORS:SEED...]
//
// prints a Markdown table. A search that meets its bound ends there. The last column is
// the most memory the process has held, so large problems go last.
#include <sys/resource.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>
#include "planner/fusion/bounds/lower_bounds.h"
#include "planner/fusion/generate.h"
#include "planner/fusion/search/solve.h"
#include "tools/search_threads.h"

namespace rondo::fusion {
namespace {

constexpr double kMarks[] = {0.1, 1, 2, 5, 10, 30, 60};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Result<Problem> read_or_generate(const std::string& name) {
  const size_t colon = name.find(':');
  if (colon == std::string::npos) return load_problem(name);
  GenerateOptions options;
  unsigned long long seed = 1;
  unsigned operators = 0;
  bool known = false;
  for (const FamilyName& family : families())
    if (family.name == name.substr(0, colon)) options.family = family.family, known = true;
  if (!known || std::sscanf(name.c_str() + colon, ":%u:%llu", &operators, &seed) < 1)
    return make_error(ErrorCode::kInvalidArgument, "'" + name + "' is neither a file nor FAMILY:OPERATORS:SEED");
  options.operators = operators;
  options.seed = seed;
  return generate(options);
}

std::string latency_text(double latency) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", latency);
  std::string digits = text;
  for (size_t at = digits.find('.'); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

int measure(const std::string& name, double limit, uint64_t seed, const RunAll& run_all) {
  const double start = now();
  const Result<Problem> problem = read_or_generate(name);
  if (!problem.ok()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), problem.error().to_string().c_str());
    return 1;
  }
  LowerBounds bounds = lower_bounds(*problem);
  struct Improvement {
    double seconds, latency;
  };
  std::vector<Improvement> improvements;
  SolveOptions options;
  options.seed = seed;
  options.good_enough = bounds.best();
  options.run_all = run_all;
  options.stop = [&] { return now() - start >= limit; };
  options.improved = [&](const Solution&, const SolveProgress& progress) {
    improvements.push_back({now() - start, progress.latency});
  };
  const Result<Solved> solved = solve(*problem, options);
  if (!solved.ok()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), solved.error().to_string().c_str());
    return 1;
  }
  bounds.exhaustive = solved->least;
  std::printf("| %s | %zu | %.3f s |", std::filesystem::path(name).stem().c_str(), problem->operators.size(),
              improvements.front().seconds);
  for (const double mark : kMarks) {
    if (mark > limit * 1.001) break;
    const Improvement* best = nullptr;
    for (const Improvement& improvement : improvements)
      if (improvement.seconds <= mark) best = &improvement;
    std::printf(" %s |", best != nullptr ? latency_text(best->latency).c_str() : "");
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(" %s (%s) | %.2f %% | %.1f million | %ld MiB |\n", latency_text(bounds.best()).c_str(),
              bounds.best_name(), 100 * (1 - bounds.best() / solved->latency), static_cast<double>(solved->work) / 1e6,
              usage.ru_maxrss / 1024);
  std::fflush(stdout);
  return 0;
}

int run(int argc, char** argv) {
  double limit = 10;
  uint64_t seed = 1;
  uint32_t threads = 2;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--seconds") == 0 && more)
      limit = std::atof(argv[++i]);
    else if (std::strcmp(argv[i], "--threads") == 0 && more)
      threads = static_cast<uint32_t>(std::atoi(argv[++i]));
    else if (std::strcmp(argv[i], "--seed") == 0 && more)
      seed = std::strtoull(argv[++i], nullptr, 10);
    else
      names.push_back(argv[i]);
  }
  if (names.empty() || limit <= 0) {
    std::fprintf(stderr,
                 "contest_progress [--seconds S] [--threads N] [--seed N] PROBLEM.json... FAMILY:OPERATORS:SEED...\n");
    return 2;
  }
  std::string rule = "|---|---|---|";
  std::printf("| problem | operators | first valid |");
  for (const double mark : kMarks)
    if (mark <= limit * 1.001) std::printf(" %g s |", mark), rule += "---|";
  std::printf(" proven least | gap | proposals | memory so far |\n%s---|---|---|---|\n", rule.c_str());
  const RunAll run_all = cli::search_threads(threads);
  int bad = 0;
  for (const std::string& name : names) bad |= measure(name, limit, seed, run_all);
  return bad;
}

}  // namespace
}  // namespace rondo::fusion

int main(int argc, char** argv) { return rondo::fusion::run(argc, argv); }
