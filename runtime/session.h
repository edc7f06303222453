// What a Session points to: one base table and everything a replay writes.
//
// This is the only place where operands become pointers: base table + offset.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>
#include "rondo/runtime.h"
#include "runtime/backends/device.h"
#include "runtime/bind.h"
#include "runtime/memory.h"
#include "runtime/program.h"
#include "runtime/replayer.h"
#include "runtime/scalars.h"
#include "runtime/state.h"
#include "runtime/tables.h"

namespace rondo::runtime {

struct SessionData {
  SessionData(std::shared_ptr<const ProgramData> program_)
      : program(std::move(program_)), scalars(program->schedule()) {}
  ~SessionData();  // cancels a submitted replay and waits for it

  std::shared_ptr<const ProgramData> program;  // the member that is replayed
  std::vector<std::byte*> bases;               // arenas, then bindings; null until known
  std::vector<Block> blocks;                   // arenas the runtime owns
  std::vector<Region> arenas;                  // all arenas of the session, for overlap checks
  std::vector<uint8_t> lent;                   // per binding: 1 while a buffer of the host is bound
  std::vector<LentState> lent_states;          // of these, states that lie on the device
  std::vector<DeviceBlock> copies;             // per binding: of such a state, for as long as the session lives
  std::vector<Table> tables;                   // per binding; empty unless it is a table
  ScalarTable scalars;
  std::shared_ptr<StateData> state;  // null when the host binds all state
  // One replay part for each member of the program's file, all made with the session.
  struct Member {
    std::shared_ptr<const ProgramData> program;
    PartTables part;
    std::unique_ptr<Replayer> replayer;
  };
  std::vector<std::unique_ptr<Member>> members;
  Member* selected = nullptr;  // whose program is `program`

  bool ready = false;  // nothing is missing
  bool interrupted = false;
  bool submitted = false;
  std::atomic<bool> cancelled{false};  // the stop flag of a submitted replay
  uint64_t epoch = 0;
  std::atomic<bool> in_flight{false};
};

Result<std::unique_ptr<SessionData>> make_session(const std::shared_ptr<const ProgramData>& program,
                                                  const SessionOptions& options);

}  // namespace rondo::runtime
