// What a Program points to: immutable once prepare has returned it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "rondo/runtime.h"
#include "runtime/bind.h"
#include "runtime/memory.h"
#include "runtime/part_tables.h"
#include "runtime/trace/recording.h"
#include "runtime/workers/dealing.h"

namespace rondo::runtime {

struct DeviceProgram;  // runtime/backends/device_replayer.h

struct ProgramSet;

struct ProgramData {
  explicit ProgramData(VerifiedSchedule schedule);
  ~ProgramData();

  std::shared_ptr<Core> core;
  VerifiedSchedule verified;
  Requirements needs;
  uint32_t serial = 0;              // tells handles and states of one program from those of another
  uint32_t replay_serial = 0;       // the same of traces, which are of one member
  const ProgramSet* set = nullptr;  // null: the file holds one schedule
  InstructionSet instruction_set = InstructionSet::kReference;
  std::vector<ResolvedKernel> kernels;  // beside Schedule::kernels
  std::vector<std::string> kernel_names;

  // The base table as far as the program knows it: prepared arenas and constants
  // that replays read. Null where a session fills in.
  std::vector<std::byte*> bases;
  std::vector<Region> regions;  // of the same, for overlap checks
  std::vector<Block> blocks;    // of the same, where the runtime owns them

  std::unique_ptr<DeviceProgram> device;  // null: replays run on the host
  ReplayWay way;

  // How the lanes of the replay part are dealt; nothing where the caller replays alone.
  std::optional<Dealing> dealing;
  RecordingLayout recording;  // of the replay part

  const Schedule& schedule() const { return verified.schedule(); }
  uint32_t base_of(uint32_t binding) const { return static_cast<uint32_t>(schedule().arenas.size()) + binding; }
};

// The members of a file as programs. Each has the base table of `file`, which owns
// what was prepared; whoever holds a member holds the set.
struct ProgramSet {
  std::shared_ptr<ProgramData> file;
  std::vector<std::unique_ptr<ProgramData>> members;
};

// Table pointers for one part; bases and scalars are the caller's.
PartTables tables_of(const ProgramData& program, Part part);

}  // namespace rondo::runtime
