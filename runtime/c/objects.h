// What the handles of the C interface point to. Each holds a C++ object that shares
// what it was made from, which is why handles may be destroyed in any order.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>
#include "rondo/rondo.h"
#include "rondo/runtime.h"
#include "rondo/trace.h"
#include "rondo/verify.h"

struct rondo_schedule {
  explicit rondo_schedule(rondo::VerifiedSchedule verified_)
      : verified(std::move(verified_)), needs(rondo::requirements_of(verified)) {}
  rondo::VerifiedSchedule verified;
  rondo::Requirements needs;
};

struct rondo_runtime {
  rondo::Runtime runtime;
};

struct rondo_program {
  rondo::Program program;
};

struct rondo_state {
  rondo::State state;
};

struct rondo_session {
  rondo::Session session;
};

struct rondo_stop {
  std::atomic<bool> requested{false};
};

struct rondo_trace {
  rondo::Program program;  // whose names the written trace bears
  rondo::TraceBuffer buffer;
};

namespace rondo::c {

// Memory for arenas as the C++ runtime takes it; the entries are checked there.
Result<std::vector<SuppliedArena>> read_arenas(const rondo_supplied_arena* arenas, uint64_t count);
// kInvalidArgument for a number that is no element type.
Result<DType> read_dtype(uint32_t number);

// Handles of the C interface are numbers: index and program in one. Programs count
// from 1, so 0 is no handle.
constexpr uint64_t pack_handle(uint32_t index, uint32_t program) { return uint64_t{program} << 32 | index; }
constexpr uint32_t handle_index(uint64_t handle) { return static_cast<uint32_t>(handle); }
constexpr uint32_t handle_program(uint64_t handle) { return static_cast<uint32_t>(handle >> 32); }

}  // namespace rondo::c
