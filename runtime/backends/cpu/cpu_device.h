// The host as a device: its memory is the host's, its queues are threads, copies
// complete in order. The main path of the runtime does not go through it; it is the
// plain reading of the boundary that other devices are compared with.
#pragma once
#include "runtime/backends/device.h"

namespace rondo::runtime {

struct CpuDeviceOptions {
  uint64_t memory_bytes = uint64_t{1} << 40;
  uint32_t threads = 1;  // of each queue
};

// nullptr when out of memory.
std::shared_ptr<Device> make_cpu_device(const CpuDeviceOptions& options = {});

}  // namespace rondo::runtime
