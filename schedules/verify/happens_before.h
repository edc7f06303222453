// Which ops are known complete when another begins: vector clocks over chains.
//
// A *chain* is a sequence of ops each of which is known complete before the next
// begins. The ops of a stream with in_flight 1 are one chain. Elsewhere an op
// joins a chain whose last op it knows to be complete, or opens one; ops whose
// only signal goes to a join share a chain of one step, known all at once; an op
// that signals nothing is never known complete. Exact for files that obey T01.
//
// Ops must be started in the canonical order; the answers speak of the op started
// last. Clocks are kept only from a signal to its last waiter.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>
#include "rondo/schedule.h"
#include "schedules/verify/budget.h"
#include "schedules/verify/engine.h"

namespace rondo::proof {

class HappensBefore {
 public:
  HappensBefore(const Schedule& schedule, Part part, const std::vector<uint32_t>& stream_of_op, Budget& budget);

  // Begins `op`: it learns what its waits say. False when the budget is spent.
  bool start(uint32_t op);
  // Publishes what is known once `op` has completed. Call after its accesses.
  bool finish(uint32_t op);

  // Whether `earlier` has completed, and its writes are visible, before the current
  // op begins; and whether at least its reads are done. `earlier` was started before.
  bool done(uint32_t earlier) const { return is_own_past(earlier) || knows(chain_[earlier], step_[earlier]); }
  bool reads_done(uint32_t earlier) const {
    return done(earlier) || (has_read_signals_ && knows(read_chain_of(earlier), step_[earlier]));
  }
  // Reads of ops with equal keys are ordered: a later one stands for the earlier.
  // kNone: no other op stands for it.
  uint32_t reader_key(uint32_t op) const { return chain_[op]; }
  // Ops of the key are not in order, but nobody learns of one without the others:
  // the first stands for all (and so for none of them when one of them writes).
  bool unordered_key(uint32_t key) const { return key != kNone && joins_[key] != 0; }

  // Pairs of consecutive signallers of one token of a stream with in_flight > 1
  // where the first need not have completed before the second begins (rule T01).
  struct Unordered {
    uint32_t token, first, second;
  };
  const std::vector<Unordered>& unordered_signallers() const { return unordered_; }

  // Waits after which a signal may come too early for the window its token claims.
  struct WindowBroken {
    uint32_t token, signaller, waiter;
  };
  const std::vector<WindowBroken>& broken_windows() const { return broken_windows_; }

 private:
  // Per chain: steps known; missing is 0. A stream that does one op at a time keeps none
  // for its own chain, so that many streams that hear of nobody cost nothing.
  using Clock = std::vector<uint32_t>;

  bool is_own_past(uint32_t op) const {
    return op < current_op_ && stream_of_[op] == current_stream_ && stream_chain_[current_stream_] != kNone;
  }
  bool knows(uint32_t chain, uint32_t step) const {
    return chain != kNone && chain < current_->size() && (*current_)[chain] >= step;
  }
  uint32_t read_chain_of(uint32_t op) const {
    const uint32_t chain = chain_[op];
    return chain == kNone ? kNone : read_chain_[chain];
  }
  uint32_t new_chain();
  bool merge(Clock& into, const Clock& from, uint32_t op);
  void place_on_chain(uint32_t op);
  uint32_t take_slot();

  const Schedule& schedule_;
  const std::vector<uint32_t>& stream_of_;
  Budget& budget_;
  bool has_read_signals_ = false;
  Clock* current_ = nullptr;
  uint32_t current_op_ = 0, current_stream_ = 0;
  std::vector<Clock> clock_of_stream_;
  std::vector<uint32_t> chain_, step_;              // per op
  std::vector<uint32_t> read_chain_;                // per chain: the component for "reads done", or kNone
  std::vector<uint32_t> last_of_chain_;             // per chain: its last op
  std::vector<uint8_t> joins_;                      // per chain: of ops whose only signal goes to one join
  std::vector<uint32_t> stream_chain_;              // per stream with in_flight 1
  std::vector<std::vector<uint32_t>> open_chains_;  // per stream with in_flight > 1, most recent last
  // Per token.
  std::vector<uint32_t> total_, sent_, last_signaller_, join_chain_, first_signal_;
  // Per signal of the tokens that are not joins, from first_signal_[token] on; per
  // token for joins.
  std::vector<uint32_t> waiters_, slot_, signaller_;
  std::vector<uint32_t> join_waiters_, join_slot_;
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> window_waits_;  // per token with a window: (count, op)
  std::vector<Clock> slots_;
  std::vector<uint32_t> free_slots_;
  uint64_t live_words_ = 0, live_words_limit_ = 0;    // of slots
  uint64_t clock_words_ = 0, clock_words_limit_ = 0;  // of the clocks of streams
  std::vector<Unordered> unordered_;
  std::vector<WindowBroken> broken_windows_;
};

}  // namespace rondo::proof
