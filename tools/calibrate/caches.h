// The caches and the name of this machine's processor, as the system tells them.
#pragma once
#include <string>
#include <vector>
#include "rondo/machine.h"

namespace rondo::calibrate {

// Data and unified caches of the first CPU under `root` (a copy of /sys/devices/system/cpu,
// for tests), smallest first: "l1", "l2", ... Empty where the system does not tell.
std::vector<MachineCache> find_caches(const std::string& root = "/sys/devices/system/cpu");

// "AMD EPYC 9B14"; "unknown" where the system does not tell.
std::string cpu_model();

}  // namespace rondo::calibrate
