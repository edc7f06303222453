// What a replay did and when: recorded without disturbing it, read afterwards.
//
//   Result<TraceBuffer> trace = TraceBuffer::make(program, 100);
//   session.replay(*trace);                                  // any number of times
//   Result<std::string> file = perfetto_trace(program, *trace);  // contents of a .pftrace
//
// Recording costs one time stamp an op, two where it waits for another worker
// (docs/observation.md has the figures), and allocates nothing. A session that replays without a buffer
// runs the loop without stamps. Thread safety: a buffer belongs to one thread at a
// time, like the session that writes it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "rondo/result.h"
#include "rondo/runtime.h"

namespace rondo {

// When one op of a recorded replay ran, in nanoseconds of CLOCK_BOOTTIME. An op
// begins when its waits are met; its signals come after its end. Ops of one stream
// overlap only where in_flight lets them; along a worker none do.
struct OpTimes {
  uint64_t begin_ns = 0;
  uint64_t end_ns = 0;
  uint32_t worker = kNone;  // who ran it: 0 is the thread that called replay; kNone: it did not run

  bool ran() const { return worker != kNone; }
};

// One recorded replay.
struct ReplayTimes {
  uint64_t number = 0;    // counts the replays recorded since the buffer was made, from 0
  bool complete = false;  // false: it ended early
  uint64_t begin_ns = 0;  // of the whole, around all ops
  uint64_t end_ns = 0;
  std::vector<OpTimes> ops;      // beside VerifiedSchedule::order
  std::vector<int64_t> scalars;  // their values in it, beside Schedule::scalars
};

class TraceBuffer {
 public:
  // Room for the last `replays` replays of sessions of `program`, taken at once: 16
  // bytes an op and replay. kDoesNotFit: no memory; kInvalidArgument: no replays.
  static Result<TraceBuffer> make(const Program& program, uint64_t replays = 1);
  TraceBuffer(TraceBuffer&&) noexcept;
  TraceBuffer& operator=(TraceBuffer&&) noexcept;
  ~TraceBuffer();

  uint64_t capacity() const;     // replays it has room for
  uint64_t recorded() const;     // replays it holds
  uint64_t overwritten() const;  // replays it held and gave up for later ones

  // The replays it holds, oldest first. Takes up to 10 ms more when the buffer is
  // younger than that: the clock of the stamps is calibrated over its life.
  Result<std::vector<ReplayTimes>> replays() const;

 private:
  struct Data;
  explicit TraceBuffer(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
  friend struct TraceRecorder;  // runtime/trace/trace_recorder.h
};

struct PerfettoOptions {
  std::string process = "rondo";  // what the process track is called
};

// The recorded replays as a native Perfetto trace, the bytes of a .pftrace file:
// a track per stream with a slice per op, replays and phases, a flow from each
// signalling op to the first op that waits for it, and counters. `trace` must have
// been made for `program`, else kInvalidArgument.
Result<std::string> perfetto_trace(const Program& program, const TraceBuffer& trace,
                                   const PerfettoOptions& options = {});

}  // namespace rondo
