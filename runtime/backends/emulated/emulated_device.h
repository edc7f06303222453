// A device on threads of the host, harsher than hardware where a schedule may not
// rely on it: memory of its own that faults when the host touches it, copies that
// complete out of order, sources free before results are visible, scratch that does
// not outlive a launch. For tests, for planning without the hardware, and as the
// pattern for devices that have it.
#pragma once
#include "rondo/device.h"
#include "runtime/backends/device.h"

namespace rondo::runtime {

// nullptr when out of memory.
std::shared_ptr<Device> make_emulated_device(const EmulatedDeviceOptions& options = {});

}  // namespace rondo::runtime
