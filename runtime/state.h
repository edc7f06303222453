// What a State points to: memory for every state binding of one program.
#pragma once
#include <atomic>
#include <memory>
#include <vector>
#include "rondo/runtime.h"
#include "runtime/memory.h"
#include "runtime/program.h"

namespace rondo::runtime {

struct StateData {
  std::shared_ptr<const ProgramData> program;
  std::vector<Block> blocks;  // one per binding of the schedule; empty unless it is state
  // Exclusive to one replay: two sessions that share a state by mistake meet here.
  std::atomic<bool> in_flight{false};
  std::atomic<bool> interrupted{false};
};

Result<std::shared_ptr<StateData>> make_state(const std::shared_ptr<const ProgramData>& program);
Status clear_state(StateData& state);

}  // namespace rondo::runtime
