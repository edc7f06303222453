// rondo contest solve IN OUT: the fast-memory scheduling problem, as well as time allows.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include "tools/console.h"

namespace rondo::cli {

struct ContestSolveCommand {
  std::string problem;
  std::string solution;  // file, replaced at every improvement; "-": stdout, at the end
  std::optional<double>
      time_limit_s;   // of the whole command; the search ends at 95 %. Default: 10, none with a work limit
  uint64_t work = 0;  // proposals; 0: no limit
  uint64_t seed = 1;
  uint32_t threads = 0;  // 0: as many as the machine has
  bool divisible = false;
  bool explain = false;
};
int run_contest_solve(const ContestSolveCommand& command, Console& console);

}  // namespace rondo::cli
