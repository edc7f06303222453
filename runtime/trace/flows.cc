#include "runtime/trace/flows.h"

namespace rondo::runtime {

std::vector<Flow> flows_of(const Schedule& schedule, const std::vector<uint32_t>& order) {
  struct Signal {
    uint32_t from = 0;
    bool awaited = false;
  };
  std::vector<std::vector<Signal>> sent(schedule.tokens.size());  // per token, in the order of its counts
  std::vector<Flow> flows;
  for (uint32_t position = 0; position < order.size(); ++position) {
    const Op& op = schedule.ops[order[position]];
    for (const Wait& wait : op.waits) {
      if (wait.token == kNone || wait.count == 0 || wait.count > sent[wait.token].size()) continue;
      Signal& last = sent[wait.token][wait.count - 1];
      if (!last.awaited) flows.push_back({last.from, position});
      last.awaited = true;
    }
    for (const uint32_t token : op.signals)
      if (token != kNone) sent[token].push_back({position, false});
  }
  return flows;
}

}  // namespace rondo::runtime
