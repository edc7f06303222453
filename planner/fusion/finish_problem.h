// What is wrong with a problem, by the list of the file it would be in: the reader turns
// that into a line and column.
#pragma once
#include <optional>
#include <string>

#include "planner/fusion/problem.h"

namespace rondo::fusion {

struct ProblemFault {
  ErrorCode code = ErrorCode::kInvalidGraph;
  const char* key = "";  // of the contest's JSON
  int64_t entry = -1;    // of that list; -1: the value itself
  std::string message;
};

// Fills the derived fields as far as the first fault.
std::optional<ProblemFault> find_fault(Problem& problem);

}  // namespace rondo::fusion
