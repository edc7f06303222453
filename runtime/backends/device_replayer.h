// Replays on a device: what a program keeps there, and the Replayer of its sessions.
//
// On a device with memory of its own lie the arenas (but those of kind host),
// constants and tables, and states where the schedule has a space of kind device
// (rondo/residence.h). Inputs, outputs and other states stay memory of the host, which
// only copy streams touch there; check_reach refuses anything else when a program is made.
#pragma once
#include <memory>
#include <vector>
#include "runtime/backends/device.h"
#include "runtime/backends/device_transfers.h"
#include "runtime/backends/launch_plan.h"
#include "runtime/program.h"
#include "runtime/replayer.h"

namespace rondo::runtime {

// What the programs of a device have beside the host's.
struct DeviceProgram {
  std::shared_ptr<Device> device;
  LaunchPlan launches;              // of the replay part
  std::vector<DeviceBlock> blocks;  // prepared arenas, and constants that replays read
  // Of all members of a file; null where no state lies on the device.
  std::shared_ptr<DeviceTransfers> transfers;
};

// The device that `options` ask for; null without one. kUnavailable names the backends there are.
Result<std::shared_ptr<Device>> make_device(const DeviceOptions& options);

// Whether the arena lies on the device of the program.
bool lies_on_device(const ProgramData& program, uint32_t arena);

// Whether states of the program do.
bool states_lie_on_device(const ProgramData& program);

// kInvalidArgument where the host lends memory for an arena that lies on the device.
Status check_lent_to_host(const ProgramData& program, const std::vector<SuppliedArena>& supplied);

// kUnavailable, naming the op: a compute stream touches memory of the host; a prepared
// arena lies in scratch, which does not outlive a launch.
Status check_reach(const ProgramData& program);

// Copies the constants whose addresses are in `bases` to the device and replays the
// prepare part there. `bases` has the host arenas that prepare uses; afterwards also
// the device's addresses of constants and prepared arenas.
Status prepare_on_device(ProgramData& program, std::vector<std::byte*>& bases);

// How replays reach the device: fills program.device->launches and program.way.
Status plan_device_launches(ProgramData& program);

// A track of the recording is a stream, a record an op by its index.
RecordingLayout recording_of_streams(const VerifiedSchedule& verified);

// For a session of a program of a device; arenas on the device are the replayer's.
Result<std::unique_ptr<Replayer>> make_device_replayer(const ProgramData& program, const PartTables& tables);

}  // namespace rondo::runtime
