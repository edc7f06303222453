// Every set of operators that can be a subgraph, where there are not too many.
//
// Sets grow from consumers to producers, so that what each member is asked for is final
// when it comes in: a set that breaks R3, R6, R10 or R11 then does so for good and none
// grows from it. Sets whose parts no later member can connect are dropped as well. On
// graphs like the contest's residual and feed-forward blocks some 50 to 500 sets are left
// of millions.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>
#include "planner/fusion/cost/network.h"
#include "planner/fusion/search/operator_set.h"

namespace rondo::fusion {

struct GroupList {
  std::vector<OperatorSet> sets;  // each once
  bool complete = false;          // false: more than `most` sets to look at, 65 operators or more, or stopped
  uint64_t looked_at = 0;
};

GroupList list_groups(const Network& net, uint64_t most, const std::function<bool()>& stop = {});

}  // namespace rondo::fusion
