// rondo contest score, rules and generate: what a solution of the fast-memory problem
// costs, by which rules, and new problems.
#pragma once
#include <cstdint>
#include <string>

#include "planner/fusion/generate.h"
#include "tools/console.h"

namespace rondo::cli {

struct ContestScoreCommand {
  std::string problem;
  std::string solution;
  std::string svg;  // file, "" for none
  bool divisible = false;
  bool explain = false;
};
int run_contest_score(const ContestScoreCommand& command, Console& console);

// The rules by which score judges.
int run_contest_rules(Console& console);

struct ContestGenerateCommand {
  std::string problem;  // file; "-": stdout
  fusion::GenerateOptions options;
};
int run_contest_generate(const ContestGenerateCommand& command, Console& console);

}  // namespace rondo::cli
