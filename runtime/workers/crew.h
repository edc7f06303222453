// The workers of one session: who has taken which share, and how far each has come.
//
// A replay is opened by its number. Workers come, take shares that nobody has taken
// yet, and run their steps; a share is taken once a replay and its steps are run by
// the worker that took it. Progress is one counter a share, written by that worker
// alone, that counts the steps of all replays and is never reset: comparisons are by
// signed difference, so it may wrap. A worker that waits for a share nobody comes for
// takes that share itself; hence whoever is there can always finish.
//
// Thread safety: the public functions belong to the session's thread. Tasks that an
// executor took may call in at any time, also after the replay or the session has
// ended: a Crew lives until the last of them has released it.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include "rondo/executor.h"
#include "rondo/result.h"
#include "runtime/part_tables.h"
#include "runtime/replayer.h"
#include "runtime/workers/dealing.h"

namespace rondo::runtime {

struct CrewOptions {
  uint64_t spin_ns = 0;      // before a worker that waits parks, or takes a share nobody came for
  uint64_t watchdog_ns = 0;  // how long all workers may wait without a step done; 0: for ever
  // Tests only. What progress starts from, and the seed of random delays before steps
  // and signals (0: none).
  uint32_t first_count = 0;
  uint64_t delay_seed = 0;
};

// How a replay of a crew ended. The fault is of the worker that saw it first.
struct CrewEnd {
  enum class Kind : uint8_t { kComplete, kStopped, kHung } kind = Kind::kComplete;
  uint64_t steps_done = 0;
  // Of kHung: the step that waits and the wait it waits for.
  uint32_t share = 0, step = 0;
  StepWait wait;
  uint64_t waited_ns = 0;
};

class Crew {
 public:
  // Made with one reference; the dealing and the tables outlive the last replay.
  static Crew* make(const Dealing& dealing, const PartTables& tables, const CrewOptions& options);
  void release();

  uint32_t share_count() const { return share_count_; }

  // One replay on the calling thread and whoever the executor sends.
  CrewEnd run(const ReplayCall& call, const Executor& executor);
  // The same without the calling thread: `finished` says when it is over (and asks the
  // executor again while shares are left to take); `finish` works along until it is.
  void start(const ReplayCall& call, const Executor& executor);
  bool finished(const Executor& executor);
  CrewEnd finish();

  // Steps of `share` that have completed in the replay that was opened last: exact once it is finished.
  uint32_t steps_done(uint32_t share) const { return lines_[share].steps_done.load(std::memory_order_relaxed); }

 private:
  // What waiting workers read of a share: written where it publishes, no more.
  struct alignas(128) Progress {
    std::atomic<uint32_t> count{0};
    std::atomic<uint32_t> sleepers{0};
  };
  // What its worker writes at every step, and is looked at in long waits only.
  struct alignas(128) Line {
    std::atomic<uint64_t> taken_in{0};    // the number of the last replay it was taken in
    std::atomic<uint32_t> steps_done{0};  // of this replay
    std::atomic<uint32_t> waits{0};       // 1: its worker is in a long wait
  };
  struct Held;
  class Worker;

  Crew(const Dealing& dealing, const PartTables& tables, const CrewOptions& options);
  ~Crew() = default;
  uint64_t open(const ReplayCall& call);
  void call_for_help(const Executor& executor, uint32_t wanted);
  void work(uint64_t replay, uint32_t preferred, bool is_task);
  CrewEnd end_of(uint64_t replay) const;
  bool take(uint32_t share, uint64_t replay);
  uint32_t target(uint32_t share, uint32_t steps, uint64_t replay) const;
  void halt(uint64_t replay, const CrewEnd& why);
  static void run_task(void* crew, uint32_t index);

  const Dealing& dealing_;
  const PartTables& tables_;
  const CrewOptions options_;
  const uint32_t share_count_;
  const uint64_t spin_ticks_, watchdog_ticks_;
  std::unique_ptr<Progress[]> progress_;  // by share
  std::unique_ptr<Line[]> lines_;         // by share

  // Written before a replay is opened, read by whoever has taken a share of it.
  ReplayCall call_;

  alignas(128) std::atomic<uint64_t> opened_{0};  // number of the replay; they count from 1
  alignas(128) std::atomic<uint64_t> halted_{0};  // number of the last replay that was ended early
  CrewEnd end_;                                   // of that replay: written by whoever set halted_
  alignas(128) std::atomic<uint32_t> coming_{0};  // tasks that will look at opened_ again
  std::atomic<uint32_t> references_{1};
  std::atomic<uint64_t> helped_in_{0};     // the last replay a task took a share of
  std::atomic<bool> expects_help_{false};  // worth waiting for before taking one more share
};

}  // namespace rondo::runtime
