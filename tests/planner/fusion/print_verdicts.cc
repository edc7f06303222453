// Random problems and solutions with our verdicts, one JSON document a line, for another
// evaluator to judge: see compare_evaluators.py.
//   print_verdicts SEED COUNT [PROBLEM.json...]
// {"problem": {...}} opens a problem; {"solution": {...}, "divisible": b, "rule": "R9"} or
// {..., "latency": l, "subgraphs": [[latency, working set, tiles, k-steps], ...]} follow.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "planner/fusion/evaluate.h"
#include "planner/fusion/generate.h"
#include "tests/planner/fusion/random_solution.h"

using namespace rondo;
using namespace rondo::fusion;

namespace {

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string digits_of(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

void print_solution_line(const Problem& problem, const Solution& solution, bool divisible) {
  std::string line = "{\"solution\": " + print_solution(problem, solution);
  line += ", \"divisible\": " + std::string(divisible ? "true" : "false");
  const Result<Evaluation> evaluation = evaluate(problem, solution, {divisible});
  if (!evaluation.ok()) {
    const std::string& message = evaluation.error().message;
    line += ", \"rule\": \"" + message.substr(0, message.find(':')) + "\"}";
  } else {
    line += ", \"latency\": " + digits_of(evaluation->latency) + ", \"subgraphs\": [";
    for (size_t i = 0; i < evaluation->subgraphs.size(); ++i) {
      const SubgraphCost& cost = evaluation->subgraphs[i];
      line += (i == 0 ? "[" : ", [") + digits_of(cost.latency) + ", " + std::to_string(cost.working_set) + ", " +
              std::to_string(cost.tiles) + ", " + std::to_string(cost.k_steps) + "]";
    }
    line += "]}";
  }
  std::puts(on_one_line(line).c_str());
}

Result<Problem> make_problem(std::mt19937_64& random, const std::vector<std::string>& files, int turn) {
  if (!files.empty() && turn % 2 == 0) return load_problem(files[static_cast<size_t>(turn / 2) % files.size()]);
  constexpr int64_t kNatives[] = {4, 8, 16, 16, 32, 128};
  GenerateOptions options;
  options.seed = random();
  options.operators = static_cast<uint32_t>(1 + random() % 24);
  options.family = families()[random() % families().size()].family;
  options.native = kNatives[random() % 6];
  options.ragged = random() % 2 == 0;
  return generate(options);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  std::mt19937_64 random(std::strtoull(arguments[1], nullptr, 10));
  const int wanted = std::atoi(arguments[2]);
  const std::vector<std::string> files(arguments + 3, arguments + count);
  constexpr int kSolutionsEach = 20;
  for (int made = 0, turn = 0; made < wanted; ++turn) {
    const Result<Problem> problem = make_problem(random, files, turn);
    if (!problem.ok()) {
      std::fprintf(stderr, "%s\n", problem.error().to_string().c_str());
      return 1;
    }
    std::puts(on_one_line("{\"problem\": " + print_problem(*problem) + "}").c_str());
    for (int i = 0; i < kSolutionsEach && made < wanted; ++i, ++made) {
      Solution solution = random_solution(*problem, random, i % 4 == 0 ? 1024 : 64);
      for (uint64_t faults = random() % 2 * (1 + random() % 2); faults > 0; --faults)
        plant_fault(*problem, random, solution);
      print_solution_line(*problem, solution, random() % 8 == 0);
    }
  }
  return 0;
}
