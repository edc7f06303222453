#include "runtime/workers/crew.h"

#include <algorithm>
#include "runtime/floating_point.h"
#include "runtime/trace/ticks.h"
#include "runtime/workers/park.h"
#include "runtime/workers/spin.h"
#include "runtime/workers/tuning.h"

namespace rondo::runtime {
namespace {

constexpr uint32_t kNoLimit = UINT32_MAX;
constexpr uint32_t kNoShare = UINT32_MAX;
constexpr uint32_t kPausesBetweenLooks = 32;  // in a wait, between looks at clock and flags

bool reached(uint32_t count, uint32_t target) { return static_cast<int32_t>(count - target) >= 0; }

}  // namespace

// ---- Shares ---------------------------------------------------------------------

Crew* Crew::make(const Dealing& dealing, const PartTables& tables, const CrewOptions& options) {
  return new Crew(dealing, tables, options);
}

Crew::Crew(const Dealing& dealing, const PartTables& tables, const CrewOptions& options)
    : dealing_(dealing),
      tables_(tables),
      options_(options),
      share_count_(static_cast<uint32_t>(dealing.shares.size())),
      spin_ticks_(ticks_of(options.spin_ns)),
      watchdog_ticks_(ticks_of(options.watchdog_ns)),
      progress_(new Progress[share_count_]),
      lines_(new Line[share_count_]) {
  for (uint32_t share = 0; share < share_count_; ++share)
    progress_[share].count.store(options.first_count, std::memory_order_relaxed);
}

void Crew::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

// What the counter of `share` shows once `steps` of its steps have completed in `replay`.
uint32_t Crew::target(uint32_t share, uint32_t steps, uint64_t replay) const {
  const auto length = static_cast<uint32_t>(dealing_.shares[share].steps.size());
  return options_.first_count + static_cast<uint32_t>(replay - 1) * length + steps;
}

bool Crew::take(uint32_t share, uint64_t replay) {
  uint64_t taken_in = lines_[share].taken_in.load(std::memory_order_relaxed);
  return taken_in < replay &&
         lines_[share].taken_in.compare_exchange_strong(taken_in, replay, std::memory_order_acq_rel);
}

// The first fault of a replay wins. Everyone who then publishes, publishes after this.
void Crew::halt(uint64_t replay, const CrewEnd& why) {
  uint64_t before = halted_.load(std::memory_order_relaxed);
  while (before < replay)
    if (halted_.compare_exchange_weak(before, replay, std::memory_order_seq_cst)) {
      end_ = why;
      return;
    }
}

// ---- A worker -------------------------------------------------------------------

// A share that a worker has taken, and how far it is. Without initialisers: a worker
// has room for all shares and writes only those it takes.
struct Crew::Held {
  uint32_t share;
  uint32_t next;          // step
  const StepWait* waits;  // of step `next`
  const Step* steps;
  uint32_t length;
  uint32_t position() const { return next < length ? steps[next].position : kNoLimit; }
};

class Crew::Worker {
 public:
  Worker(Crew& crew, uint64_t replay) : crew_(crew), call_(crew.call_), replay_(replay) {}
  Worker(const Worker&) = delete;

  // The caller has taken `share`.
  void run(uint32_t share) {
    id_ = share;
    seed_ = (crew_.options_.delay_seed + share) * 0x9e3779b97f4a7c15 + replay_;
    for (uint32_t other = 0; other < crew_.share_count_; ++other) seen_[other] = crew_.target(other, 0, replay_);
    const FloatingPointGuard guard;
    hold(share);
    const bool scalars = crew_.tables_.view_offsets != nullptr, stamps = call_.recording.stamps != nullptr;
    if (scalars)
      stamps ? run_held<true, true>() : run_held<true, false>();
    else
      stamps ? run_held<false, true>() : run_held<false, false>();
  }

  // Until every share has been run or given up.
  void await_all() {
    for (uint32_t share = 0; share < crew_.share_count_; ++share)
      (void)await(share, crew_.target(share, length(share), replay_), nullptr, 0);
  }

 private:
  enum class Waited { kMet, kHalted, kTookShare };

  uint32_t length(uint32_t share) const { return static_cast<uint32_t>(crew_.dealing_.shares[share].steps.size()); }
  bool halted() const { return crew_.halted_.load(std::memory_order_relaxed) == replay_; }
  bool stopped() const {
    if (call_.stop == nullptr || !call_.stop->load(std::memory_order_relaxed)) return false;
    CrewEnd why;
    why.kind = CrewEnd::Kind::kStopped;
    crew_.halt(replay_, why);
    return true;
  }

  void hold(uint32_t share) {
    const Share& dealt = crew_.dealing_.shares[share];
    crew_.lines_[share].steps_done.store(0, std::memory_order_relaxed);
    crew_.lines_[share].waits.store(0, std::memory_order_relaxed);
    if (call_.recording.workers != nullptr) call_.recording.workers[share] = id_;
    held_[held_count_++] = {share, 0, dealt.waits.data(), dealt.steps.data(), length(share)};
  }

  // Runs what is held, always at the lowest position, and then whatever is left to take.
  template <bool kScalars, bool kStamps>
  void run_held() {
    for (;;) {
      uint32_t lowest = 0, limit = kNoLimit;
      for (uint32_t i = 1; i < held_count_; ++i) {
        const uint32_t position = held_[i].position();
        if (position < held_[lowest].position()) {
          limit = held_[lowest].position();
          lowest = i;
        } else {
          limit = std::min(limit, position);
        }
      }
      const bool whole = advance<kScalars, kStamps>(held_[lowest], limit);
      if (!whole) break;
      if (held_[lowest].position() != kNoLimit) continue;
      finish(held_[lowest]);
      held_[lowest] = held_[--held_count_];
      if (held_count_ != 0) continue;
      const uint32_t share = take_any();
      if (share == kNoShare) return;
      hold(share);
    }
    give_up();
  }

  // Runs steps below position `limit`. False once the replay is halted.
  template <bool kScalars, bool kStamps>
  bool advance(Held& held, uint32_t limit) {
    const uint32_t share = held.share;
    const uint32_t base = crew_.target(share, 0, replay_);
    Line& line = crew_.lines_[share];
    OpStamps* const stamps = kStamps ? call_.recording.stamps + crew_.dealing_.first_record[share] : nullptr;
    uint64_t begin = 0;
    if constexpr (kStamps) begin = now_ticks();
    while (held.next < held.length) {
      const Step& step = held.steps[held.next];
      if (step.position >= limit) return true;
      if (halted() || stopped()) [[unlikely]]
        return false;
      if (step.wait_count != 0) {
        bool looked = false;
        for (uint32_t i = 0; i < step.wait_count; ++i) {
          const StepWait& wait = held.waits[i];
          const uint32_t target = crew_.target(wait.share, wait.steps, replay_);
          if (reached(seen_[wait.share], target)) continue;
          looked = true;
          const Waited waited = await(wait.share, target, &wait, held.next, share);
          // Back to the choice of what comes first: the share taken may be behind.
          if (waited == Waited::kTookShare) return true;
          if (waited == Waited::kHalted) return false;
        }
        // A share that was given up publishes all its steps, after it set the flag.
        if (halted()) [[unlikely]]
          return false;
        held.waits += step.wait_count;
        // What was seen before the last op ended is before that end also in recorded times.
        if constexpr (kStamps)
          if (looked) {
            order_stamp();
            begin = now_ticks();
          }
      }
      if (crew_.options_.delay_seed != 0) [[unlikely]]
        delay();
      const Op& op = crew_.tables_.ops[step.op];
      if (op.kernel != kNoKernel) run_op<kScalars>(crew_.tables_, op, args_);
      if constexpr (kStamps) {
        const uint64_t now = now_ticks();
        stamps[held.next] = {begin, now};
        begin = now;
      }
      ++held.next;
      line.steps_done.store(held.next, std::memory_order_relaxed);
      if (step.publishes != 0) {
        if (crew_.options_.delay_seed != 0) [[unlikely]]
          delay();
        publish(share, base + held.next);
        if (crew_.options_.delay_seed != 0) [[unlikely]]
          delay();
      }
    }
    return true;
  }

  // The exchange is a full fence: either it is seen by whoever is about to park, or
  // that one is seen here.
  void publish(uint32_t share, uint32_t count) {
    Progress& progress = crew_.progress_[share];
    progress.count.exchange(count, std::memory_order_seq_cst);
    if (progress.sleepers.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      wake_all(progress.count);
  }

  // The last that is done for a share in a replay.
  void finish(const Held& held) { publish(held.share, crew_.target(held.share, held.length, replay_)); }

  // After a halt: shares that nobody runs any more count as whole, so that no one waits for them.
  void give_up() {
    const auto forget = [&](const Held& held) {
      if (call_.recording.stamps != nullptr) {
        OpStamps* const first = call_.recording.stamps + crew_.dealing_.first_record[held.share];
        std::fill(first + held.next, first + held.length, OpStamps());
      }
      finish(held);
    };
    for (uint32_t i = 0; i < held_count_; ++i) forget(held_[i]);
    held_count_ = 0;
    for (uint32_t share = take_any(); share != kNoShare; share = take_any()) {
      hold(share);
      forget(held_[0]);
      held_count_ = 0;
    }
  }

  uint32_t take_any() {
    for (uint32_t share = 0; share < crew_.share_count_; ++share)
      if (crew_.take(share, replay_)) return share;
    return kNoShare;
  }

  // ---- Waiting --------------------------------------------------------------------

  Waited await(uint32_t share, uint32_t target, const StepWait* wait, uint32_t step, uint32_t own = kNoShare) {
    const uint32_t count = crew_.progress_[share].count.load(std::memory_order_acquire);
    if (reached(count, target)) [[likely]] {
      seen_[share] = count;
      return Waited::kMet;
    }
    return await_long(share, target, wait, step, own);
  }

  Waited await_long(uint32_t share, uint32_t target, const StepWait* wait, uint32_t step, uint32_t own) {
    Progress& progress = crew_.progress_[share];
    const auto met = [&] { return reached(progress.count.load(std::memory_order_acquire), target); };
    uint64_t began = 0, quiet_since = 0, steps_seen = 0;
    bool noted = false;
    Waited waited = Waited::kMet;
    for (;;) {
      bool done = false;
      for (uint32_t i = 0; i < kPausesBetweenLooks && !(done = met()); ++i) spin_pause();
      if (done) break;
      // The final wait, for which there is no step, goes on until all have left.
      if (wait != nullptr && (halted() || stopped())) {
        waited = Waited::kHalted;
        break;
      }
      const uint64_t now = now_ticks();
      if (began == 0) began = now;
      const bool patient = now - began < crew_.spin_ticks_;
      if (wait != nullptr && (!patient || !crew_.expects_help_.load(std::memory_order_relaxed)) &&
          crew_.take(share, replay_)) {
        hold(share);
        waited = Waited::kTookShare;
        break;
      }
      if (patient) continue;
      if (!noted) note_wait(noted = true);
      progress.sleepers.fetch_add(1, std::memory_order_seq_cst);
      const uint32_t count = progress.count.load(std::memory_order_seq_cst);
      if (!reached(count, target)) park(progress.count, count, kParkNs);
      progress.sleepers.fetch_sub(1, std::memory_order_relaxed);
      if (wait == nullptr || crew_.watchdog_ticks_ == 0) continue;
      const uint64_t steps = steps_of_all();
      if (quiet_since == 0 || steps != steps_seen || !everyone_waits()) {
        steps_seen = steps;
        quiet_since = now_ticks();
      } else if (now_ticks() - quiet_since > crew_.watchdog_ticks_ && !met()) {
        CrewEnd why;
        why.kind = CrewEnd::Kind::kHung;
        why.share = own;
        why.step = step;
        why.wait = *wait;
        why.waited_ns = ns_of(now_ticks() - began);
        crew_.halt(replay_, why);
      }
    }
    if (noted) note_wait(false);
    return waited;
  }

  void note_wait(bool waits) {
    for (uint32_t i = 0; i < held_count_; ++i)
      crew_.lines_[held_[i].share].waits.store(waits, std::memory_order_relaxed);
  }

  uint64_t steps_of_all() const {
    uint64_t steps = 0;
    for (uint32_t share = 0; share < crew_.share_count_; ++share) steps += crew_.steps_done(share);
    return steps;
  }

  // No worker is busy: each share is finished, not taken yet, or held by one who waits.
  bool everyone_waits() const {
    for (uint32_t share = 0; share < crew_.share_count_; ++share) {
      const Line& line = crew_.lines_[share];
      if (line.taken_in.load(std::memory_order_relaxed) == replay_ && line.waits.load(std::memory_order_relaxed) == 0 &&
          !reached(crew_.progress_[share].count.load(std::memory_order_acquire),
                   crew_.target(share, length(share), replay_)))
        return false;
    }
    return true;
  }

  // Up to some microseconds, mostly none.
  void delay() {
    seed_ ^= seed_ << 13, seed_ ^= seed_ >> 7, seed_ ^= seed_ << 17;
    if (seed_ % 4 != 0) return;
    const uint64_t until = now_ticks() + (seed_ >> 8) % ticks_of(3000);
    while (now_ticks() < until) spin_pause();
  }

  Crew& crew_;
  const ReplayCall call_;
  const uint64_t replay_;
  uint32_t id_ = 0;
  uint64_t seed_ = 0;
  kernels::KernelArgs args_ = {};
  uint32_t held_count_ = 0;
  Held held_[kMaxWorkers];
  uint32_t seen_[kMaxWorkers];  // of each share a count that it has reached; set for the shares there are by run()
};

// ---- Replays --------------------------------------------------------------------

uint64_t Crew::open(const ReplayCall& call) {
  const uint64_t replay = opened_.load(std::memory_order_relaxed) + 1;
  call_ = call;
  expects_help_.store(true, std::memory_order_relaxed);
  opened_.store(replay, std::memory_order_seq_cst);
  return replay;
}

void Crew::call_for_help(const Executor& executor, uint32_t wanted) {
  // Fenced against the end of run_task: a task that is not counted here sees opened_.
  const uint32_t coming = coming_.load(std::memory_order_seq_cst);
  uint32_t started = 0;
  if (coming < wanted) {
    const uint32_t asked = wanted - coming;
    references_.fetch_add(asked, std::memory_order_relaxed);
    coming_.fetch_add(asked, std::memory_order_relaxed);
    started = std::min(executor.start(executor.context, asked, run_task, this), asked);
    if (started != asked) {
      coming_.fetch_sub(asked - started, std::memory_order_relaxed);
      references_.fetch_sub(asked - started, std::memory_order_relaxed);
    }
  }
  // A task that was taken long ago and never came is not worth waiting for.
  expects_help_.store(
      started != 0 || helped_in_.load(std::memory_order_relaxed) + 1 >= opened_.load(std::memory_order_relaxed),
      std::memory_order_relaxed);
}

void Crew::run_task(void* context, uint32_t index) {
  Crew& crew = *static_cast<Crew*>(context);
  for (;;) {
    const uint64_t seen = crew.opened_.load(std::memory_order_acquire);
    crew.work(seen, index + 1, true);
    crew.coming_.fetch_sub(1, std::memory_order_seq_cst);
    if (crew.opened_.load(std::memory_order_seq_cst) == seen) break;
    crew.coming_.fetch_add(1, std::memory_order_relaxed);
  }
  crew.release();
}

void Crew::work(uint64_t replay, uint32_t preferred, bool is_task) {
  for (uint32_t i = 0; i < share_count_; ++i) {
    const uint32_t share = (preferred + i) % share_count_;
    if (!take(share, replay)) continue;
    // Before the last step is published: the next replay may begin right after that.
    if (is_task) helped_in_.store(replay, std::memory_order_relaxed);
    Worker(*this, replay).run(share);
    return;
  }
}

CrewEnd Crew::run(const ReplayCall& call, const Executor& executor) {
  const uint64_t replay = open(call);
  // Before a share is taken: an executor that runs a task here and now takes nothing from it.
  call_for_help(executor, share_count_ - 1);
  work(replay, 0, false);
  Worker(*this, replay).await_all();
  return end_of(replay);
}

void Crew::start(const ReplayCall& call, const Executor& executor) {
  open(call);
  call_for_help(executor, share_count_);
}

bool Crew::finished(const Executor& executor) {
  const uint64_t replay = opened_.load(std::memory_order_relaxed);
  bool all_taken = true, all_done = true;
  for (uint32_t share = 0; share < share_count_; ++share) {
    all_taken &= lines_[share].taken_in.load(std::memory_order_relaxed) == replay;
    all_done &= reached(progress_[share].count.load(std::memory_order_acquire),
                        target(share, static_cast<uint32_t>(dealing_.shares[share].steps.size()), replay));
  }
  if (!all_taken) call_for_help(executor, share_count_);
  return all_taken && all_done;
}

CrewEnd Crew::finish() {
  const uint64_t replay = opened_.load(std::memory_order_relaxed);
  work(replay, 0, false);
  Worker(*this, replay).await_all();
  return end_of(replay);
}

CrewEnd Crew::end_of(uint64_t replay) const {
  CrewEnd end;
  if (halted_.load(std::memory_order_relaxed) == replay) end = end_;
  end.steps_done = 0;
  for (uint32_t share = 0; share < share_count_; ++share) end.steps_done += steps_done(share);
  return end;
}

}  // namespace rondo::runtime
