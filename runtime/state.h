// What a State points to: memory for every state binding of one program.
#pragma once
#include <atomic>
#include <memory>
#include <vector>
#include "rondo/runtime.h"
#include "runtime/backends/device.h"
#include "runtime/memory.h"
#include "runtime/program.h"

namespace rondo::runtime {

struct StateData {
  std::shared_ptr<const ProgramData> program;
  // One per binding of the schedule; empty unless it is state, and lies there.
  std::vector<Block> blocks;
  std::vector<DeviceBlock> device_blocks;
  // Exclusive to one replay: two sessions that share a state by mistake meet here.
  std::atomic<bool> in_flight{false};
  std::atomic<bool> interrupted{false};

  // Where replays find it: an address of the host, or of the device.
  std::byte* data_of(uint32_t binding) const {
    return device_blocks.empty() ? blocks[binding].data() : device_blocks[binding].data();
  }
};

Result<std::shared_ptr<StateData>> make_state(const std::shared_ptr<const ProgramData>& program);
Status clear_state(StateData& state);

}  // namespace rondo::runtime
