// The side of a TraceBuffer that a session writes.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>
#include "rondo/trace.h"
#include "runtime/program.h"
#include "runtime/trace/ticks.h"

namespace rondo {

struct TraceBuffer::Data {
  uint32_t program = 0;   // ProgramData::serial
  uint64_t op_count = 0;  // of the replay part
  uint64_t capacity = 0;
  uint64_t begun = 0;  // replays ever recorded
  runtime::Moment made;
  std::unique_ptr<uint64_t[]> stamps;  // `capacity` slots of op_count + 1
  std::vector<uint64_t> done;          // per slot: ops that ran
};

struct TraceRecorder {
  static uint32_t serial_of(const Program& program) { return program.data_->serial; }
  static bool is_for(const TraceBuffer& trace, uint32_t program) { return trace.data_->program == program; }
  // Where the next replay writes its op_count + 1 stamps: the slot of the oldest.
  static uint64_t* slot(TraceBuffer& trace) {
    TraceBuffer::Data& data = *trace.data_;
    return data.stamps.get() + (data.begun % data.capacity) * (data.op_count + 1);
  }
  // The slot holds the stamps of a replay that ran `ops`.
  static void keep(TraceBuffer& trace, uint64_t ops) {
    TraceBuffer::Data& data = *trace.data_;
    data.done[data.begun % data.capacity] = ops;
    ++data.begun;
  }
};

}  // namespace rondo
