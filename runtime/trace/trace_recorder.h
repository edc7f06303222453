// The side of a TraceBuffer that a session writes.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>
#include "rondo/trace.h"
#include "runtime/program.h"
#include "runtime/trace/recording.h"
#include "runtime/trace/ticks.h"

namespace rondo {

struct TraceBuffer::Data {
  // One replay; its stamps are the slot of the same number.
  struct Slot {
    uint64_t begin_ticks = 0, end_ticks = 0;
    bool complete = false;
  };
  uint32_t program = 0;   // ProgramData::replay_serial
  uint64_t op_count = 0;  // of the replay part
  runtime::RecordingLayout layout;
  uint64_t capacity = 0;
  uint64_t begun = 0;  // replays ever recorded
  runtime::Moment made;
  std::unique_ptr<runtime::OpStamps[]> stamps;  // `capacity` times layout.record_count
  std::vector<uint32_t> workers;                // `capacity` times layout.track_count
  std::vector<int64_t> scalars;                 // `capacity` times scalar_count
  uint64_t scalar_count = 0;
  std::vector<Slot> slots;
};

struct TraceRecorder {
  static const runtime::ProgramData& data_of(const Program& program) { return *program.data_; }
  static uint32_t serial_of(const Program& program) { return program.data_->replay_serial; }
  static bool is_for(const TraceBuffer& trace, uint32_t program) { return trace.data_->program == program; }
  // Where the next replay, which begins now with these scalars, writes: the slot of the oldest.
  static runtime::Recording begin(TraceBuffer& trace, const std::vector<int64_t>& scalars) {
    TraceBuffer::Data& data = *trace.data_;
    const uint64_t slot = data.begun % data.capacity;
    std::copy_n(scalars.begin(), data.scalar_count,
                data.scalars.begin() + static_cast<ptrdiff_t>(slot * data.scalar_count));
    data.slots[slot].begin_ticks = runtime::now_ticks();
    return {data.stamps.get() + slot * data.layout.record_count, data.workers.data() + slot * data.layout.track_count};
  }
  // That replay has ended.
  static void end(TraceBuffer& trace, bool complete) {
    TraceBuffer::Data& data = *trace.data_;
    TraceBuffer::Data::Slot& slot = data.slots[data.begun % data.capacity];
    slot.end_ticks = runtime::now_ticks();
    slot.complete = complete;
    ++data.begun;
  }
  // Fills `times.ops` from a slot; `latest` is per track, from replay to replay.
  static void read_ops(const TraceBuffer& trace, uint64_t slot, const runtime::TickScale& scale, ReplayTimes& times,
                       std::vector<uint64_t>& latest);
};

}  // namespace rondo
