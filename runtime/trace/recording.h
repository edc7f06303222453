// What a replay writes while it is traced: two stamps an op, and who ran it.
//
// Every op of the part has one record. Records that one thread writes lie next to
// one another (a *track*: the part of a worker, a queue of a device), so that
// recording threads share no cache line. The layout is fixed when a program is made;
// TraceBuffer makes room by it, executors write by it, readers put records back into
// the order of VerifiedSchedule::order.
#pragma once
#include <cstdint>
#include <vector>

namespace rondo::runtime {

// In ticks of trace/ticks.h. Both 0: the op did not run.
struct OpStamps {
  uint64_t begin = 0;  // its waits were met
  uint64_t end = 0;    // it had completed; its signals come after
};

struct RecordingLayout {
  // By position in the canonical order; empty: record = position, all on track 0.
  std::vector<uint32_t> record_of;
  std::vector<uint32_t> track_of;
  uint64_t record_count = 0;  // gaps between tracks included
  uint32_t track_count = 1;
};

// Room for one replay. The executor writes every record, zeros for ops it did not run.
struct Recording {
  OpStamps* stamps = nullptr;   // record_count
  uint32_t* workers = nullptr;  // per track: which worker ran it; 0 is the calling thread
};

}  // namespace rondo::runtime
