// rondo contest lower PROBLEM SOLUTION: a solution of the fast-memory problem as a schedule
// that verify, show and run take.
#pragma once
#include <cstdint>
#include <string>
#include "tools/commands.h"
#include "tools/console.h"

namespace rondo::cli {

struct ContestLowerCommand {
  std::string problem;
  std::string solution;
  std::string output;  // "": the solution's stem in the working directory; "-": stdout
  FileForm form = FileForm::kByName;
  std::string graph;  // where to write what it computes, as a graph; "" for nowhere
  uint64_t max_operations = uint64_t{1} << 24;
  bool dry_run = false;
};
int run_contest_lower(const ContestLowerCommand& command, Console& console);

}  // namespace rondo::cli
