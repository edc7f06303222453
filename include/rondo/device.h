// What a Runtime is told about a device, and what a Program answers about it.
//
// Backends of this build: "cpu", which every Runtime has, and "emulated", a device on
// threads of the host: docs/backends.md. A schedule names the backend it was planned
// for and is replayed on no other.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include "rondo/view.h"

namespace rondo {

// For tests of what a host does when a device fails: ops, by index, that do. May be
// changed at any time.
struct EmulatedFaults {
  std::atomic<uint32_t> mute_op{kNone};   // completes without its signals
  std::atomic<uint32_t> stall_op{kNone};  // does not complete while this names it
  std::atomic<uint32_t> hold_op{kNone};   // nor before its launch is told to stop
  std::atomic<uint32_t> held_op{kNone};   // told by the device: an op that one of these has kept
};

// The emulated device is harsher than hardware where a schedule may not rely on it.
struct EmulatedDeviceOptions {
  // Lanes that one launch can keep in progress side by side, as many thread blocks
  // as fit on hardware. A launch whose lanes wait for one another needs them all.
  uint32_t max_resident_lanes = 64;
  // Of all arenas, constants and tables at one time; 0: the physical memory of the host.
  uint64_t memory_bytes = 0;
  // Threads of each queue; streams are dealt to them. At least 1.
  uint32_t threads = 2;
  // Draws which stream goes on and which unfinished op completes first; 0: the oldest.
  uint64_t seed = 1;
  // Where it is above 0 and the file carries costs (Schedule::costs), the device takes
  // the time that the file predicts: so many ns for each unit of cost, each engine of a
  // lane serving one op after another. 0: an op is done as soon as its turn comes.
  double ns_per_cost = 0;
  EmulatedFaults* faults = nullptr;  // borrowed as long as the device lives
};

// How a replay reaches the device.
enum class Launching : uint8_t {
  kAuto,        // one launch where all lanes are resident, else one for each cut
  kPersistent,  // one launch runs the whole replay
  kByPhases,    // a launch for the phases between two cuts of the file
};

struct DeviceOptions {
  std::string backend;  // "emulated"; empty: no device, only schedules for the host
  Launching launching = Launching::kAuto;
  EmulatedDeviceOptions emulated;
};

// How the replays of a program are carried out.
struct ReplayWay {
  std::string backend = "cpu";
  Launching launching = Launching::kPersistent;  // of a device; never kAuto
  uint32_t launches = 0;                         // of one replay; 0 on the host
  uint32_t lanes = 1;                            // of the largest launch
  uint32_t resident_lanes = 0;                   // that the device holds; 0 on the host

  // "emulated, one persistent launch of 4 lanes", "emulated, 3 launches by phases of up to 4 lanes"
  std::string text() const;
};

}  // namespace rondo
