// Small changes to a good schedule, each made to break one rule of the verifier.
#pragma once
#include <functional>
#include <string>
#include <vector>
#include "rondo/schedule.h"

namespace rondo {

struct Change {
  std::string where;  // "op 12", for messages
  std::function<void(Schedule&)> apply;
};

using Changes = std::vector<Change>;

struct Mutator {
  const char* rule;  // what its mutants must be refused by; "*": by any rule
  const char* name;
  // Changes only what operands are said to hold: what the schedule computes is no excuse.
  bool labels_only;
  Changes (*changes)(const Schedule& schedule);
};

// At least one for every rule of the list.
const std::vector<Mutator>& mutators();

}  // namespace rondo
