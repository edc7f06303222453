// The seam between a session and whatever carries out its replays: the calling
// thread alone, workers, or a device.
//
// A session owns one Replayer for each part it replays. Checking bindings, marking
// the session as in use, shaping views by scalars and counting epochs are the
// session's; a Replayer runs ops and says how that ended.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include "rondo/result.h"
#include "runtime/part_tables.h"
#include "runtime/trace/recording.h"

namespace rondo::runtime {

struct ProgramData;

// A state that lies on a device, bound to memory of the host: brought there before the
// replay and back after it.
struct LentState {
  uint32_t binding = 0;
  std::byte* host = nullptr;
  std::byte* device = nullptr;
  uint64_t bytes = 0;
};

// One replay. What it points to lives until the replay has ended.
struct ReplayCall {
  const std::atomic<bool>* stop = nullptr;  // looked at before every op when not null
  Recording recording;                      // where stamps go; null without a trace
  std::span<const LentState> lent;
};

class Replayer {
 public:
  // No replay is in flight. Returns when nothing refers to the session's memory.
  virtual ~Replayer() = default;

  // Runs every op of the part and returns when all have completed and nothing touches
  // memory of the host any more. An error ends the replay early: kCancelled when
  // `stop` was seen, others for faults; the session then needs `restart`. Allocates
  // nothing unless it fails.
  virtual Status replay(const ReplayCall& call) = 0;

  // The same without blocking: `start`, `finished` until it is true, `finish` (which
  // blocks where it must) for the result. Each replay that was started is finished.
  // kUnavailable: nothing but the calling thread could run it.
  virtual Status start(const ReplayCall& call);
  virtual bool finished() { return true; }
  virtual Status finish() { return {}; }
  // Whether a replay ended with something that may still touch memory of the session;
  // the destructor waits for that.
  virtual bool lost() const { return false; }
};

// The replayer that the program's runtime and backend ask for. `tables` is the
// session's and outlives the replayer; bases, views and view offsets may change
// between replays.
Result<std::unique_ptr<Replayer>> make_replayer(const ProgramData& program, const PartTables& tables);

// "the replay was stopped after 3 of 10 ops"
Error stopped_after(uint64_t done, uint64_t op_count);

}  // namespace rondo::runtime
