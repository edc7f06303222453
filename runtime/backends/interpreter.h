// Runs the ranges of a launch on one or more threads, step by step.
//
// Every range is a small machine that never blocks: a step issues its next op (if
// its waits are met and fewer than in_flight are unfinished) or carries an unfinished
// one further. An unfinished copy goes through two steps, as on a copy engine: the
// source is read, which raises its `read` signals, and later the destination is
// written, which raises its `done` signals. Which machine and which op goes on is
// drawn from a seed, so that ops complete in any order the schedule allows; without
// a seed the oldest goes first.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>
#include "rondo/device.h"
#include "runtime/backends/counter_tokens.h"
#include "runtime/backends/device.h"

namespace rondo::runtime {

struct InterpreterOptions {
  uint64_t seed = 0;           // 0: nothing is shuffled
  bool staged_copies = false;  // copies go through memory of the device, in two steps
  uint32_t max_in_flight = 1;
  double ticks_per_cost = 0;  // of Schedule::costs, of one op after another on each engine; 0: no time is kept
  EmulatedFaults* faults = nullptr;
};

class Interpreter {
 public:
  Interpreter(const InterpreterOptions& options, std::shared_ptr<Bell> bell)
      : options_(options), bell_(std::move(bell)) {}

  // Takes memory for launches of such ranges. Throws std::bad_alloc.
  void reserve(const Launch& launch);
  // Sets the machines to the begin of their ranges. One thread, before any `work`.
  void begin(const Launch& launch);
  // Runs the machines that `worker` of `workers` has; returns when they have finished,
  // or when the launch is stopped. Each worker on a thread of its own.
  void work(uint32_t worker, uint32_t workers);
  // After all workers have returned: of a stopped launch, tells the control what is waited for.
  void end();

 private:
  struct Unfinished {
    uint32_t op = kNone;
    bool staged = false;           // the source was read, into `staging`
    uint64_t not_before = 0;       // ticks
    std::byte* staging = nullptr;  // null: the stream has no copy that fits
  };
  // An engine of a lane: when it has served the ops that began so far.
  struct EngineTime {
    uint32_t lane = 0;
    uint8_t engine = 0;
    std::atomic<uint64_t> free{0};
  };
  struct Machine {
    const Stream* stream = nullptr;  // of the schedule
    uint32_t next = 0, end = 0;      // ops
    uint32_t first_slot = 0, slots = 0;
    uint32_t unfinished = 0;     // the first so many slots, oldest first
    EngineTime* time = nullptr;  // null: no time is kept
  };
  enum class Step { kProgress, kLater, kBlocked, kFinished };

  uint32_t slots_of(const Stream& stream) const {
    return std::clamp<uint32_t>(stream.in_flight, 1, options_.max_in_flight);
  }
  Step step(Machine& machine, uint64_t& random);
  bool may_begin(const Op& op) const;
  void begin_op(Machine& machine);
  // While faults say so.
  void keep(uint32_t op_index) const;
  void advance(Machine& machine, uint32_t slot);
  void signal(uint32_t op, bool reads, bool done);
  void run_kernel(const Op& op) const;
  void note_kernels(const Schedule& schedule);
  void note_costs(const Schedule& schedule);
  EngineTime* time_of(const Stream& stream);
  uint64_t serve(Machine& machine, uint32_t op, uint64_t now);
  // The bytes of the destination where the op is a copy in two steps, else 0.
  uint64_t staged_bytes(uint32_t op) const;
  void fill_staging(const Op& op, std::byte* staging) const;
  void empty_staging(const Op& op, const std::byte* staging) const;

  InterpreterOptions options_;
  std::shared_ptr<Bell> bell_;
  Launch launch_;
  uint64_t launches_ = 0;
  std::vector<Machine> machines_;
  std::vector<Unfinished> slots_;
  std::vector<uint64_t> cost_ticks_;  // per op; empty: no time is kept
  std::deque<EngineTime> engines_;
  std::vector<uint8_t> is_copy_;       // per kernel of the schedule
  std::vector<uint64_t> most_staged_;  // per stream: bytes of its largest copy, in whole lines
  std::vector<std::byte> staging_;
};

}  // namespace rondo::runtime
