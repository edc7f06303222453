// One schedule replayed on the host and on the emulated device with equal data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include "rondo/runtime.h"
#include "rondo/schedule.h"

namespace rondo::testing {

struct TwiceReplayed {
  std::string failure;     // empty, or what the first refusal said
  std::string difference;  // empty where outputs and state agree bit by bit
  ReplayWay way;
  bool unfaithful = false;  // safe, and not what its values say: replayed without them
  uint64_t ops = 0;
  std::map<std::string, std::vector<std::byte>> content = {};  // of outputs and states, on the device
};

// Every binding gets numbers drawn from `seed`, whose parity says whether states are
// bound or the session's own; `replays` are made one after the other
// in one session of each side, and outputs and state compared after the last.
TwiceReplayed replay_twice(Schedule schedule, const DeviceOptions& device, uint64_t seed, uint32_t replays = 2);

}  // namespace rondo::testing
