#include "schedules/verify/happens_before.h"

#include <algorithm>

namespace rondo::proof {
namespace {

constexpr uint32_t kWordsPerUnit = 16;  // one cache line of a clock
constexpr uint32_t kChainsTried = 32;   // of a stream that overlaps its ops, most recent first

constexpr auto kDone = static_cast<uint8_t>(SignalKind::kDone);

uint64_t lines(size_t words) { return 1 + words / kWordsPerUnit; }

}  // namespace

HappensBefore::HappensBefore(const Schedule& schedule, Part part, const std::vector<uint32_t>& stream_of_op,
                             Budget& budget)
    : schedule_(schedule), stream_of_(stream_of_op), budget_(budget) {
  const size_t ops = schedule.ops.size(), streams = schedule.streams.size(), tokens = schedule.tokens.size();
  chain_.assign(ops, kNone);
  step_.assign(ops, 0);
  clock_of_stream_.resize(streams);
  stream_chain_.assign(streams, kNone);
  open_chains_.resize(streams);
  total_.assign(tokens, 0);
  sent_.assign(tokens, 0);
  last_signaller_.assign(tokens, kNone);
  join_chain_.assign(2 * tokens, kNone);
  first_signal_.assign(tokens + 1, 0);
  join_waiters_.assign(tokens, 0);
  join_slot_.assign(tokens, kNone);
  window_waits_.resize(tokens);
  live_words_limit_ = kWordsPerUnit * (schedule.operands.size() + (uint64_t{1} << 18));
  clock_words_limit_ = 4 * live_words_limit_;

  std::vector<uint8_t> with_reads(streams, 0);
  const auto each_op = [&](const auto& visit) {
    for (uint32_t stream = 0; stream < streams; ++stream) {
      const Stream& record = schedule.streams[stream];
      if (record.part != static_cast<uint8_t>(part)) continue;
      for (uint32_t op = record.first_op; op < record.first_op + record.op_count; ++op) visit(stream, op);
    }
  };
  each_op([&](uint32_t stream, uint32_t op) {
    for (int slot = 0; slot < 2; ++slot) {
      const uint32_t token = schedule.ops[op].signals[slot];
      if (token == kNone) continue;
      ++total_[token];
      if (schedule.ops[op].signal_kinds[slot] != kDone) with_reads[stream] = 1;
    }
  });
  for (size_t token = 0; token < tokens; ++token)
    first_signal_[token + 1] = first_signal_[token] + (schedule.tokens[token].join ? 0 : total_[token]);
  waiters_.assign(first_signal_[tokens], 0);
  slot_.assign(first_signal_[tokens], kNone);
  signaller_.assign(first_signal_[tokens], kNone);
  each_op([&](uint32_t, uint32_t op) {
    for (const Wait& wait : schedule.ops[op].waits) {
      if (wait.token == kNone || wait.count == 0 || wait.count > total_[wait.token]) continue;
      if (schedule.tokens[wait.token].join) {
        ++join_waiters_[wait.token];
      } else {
        ++waiters_[first_signal_[wait.token] + wait.count - 1];
      }
      if (schedule.tokens[wait.token].window != 0) window_waits_[wait.token].push_back({wait.count, op});
    }
  });
  // Descending: the next to be passed is at the back.
  for (auto& waits : window_waits_) std::sort(waits.rbegin(), waits.rend());
  for (uint32_t stream = 0; stream < streams; ++stream) {
    const Stream& record = schedule.streams[stream];
    if (record.part != static_cast<uint8_t>(part) || record.in_flight > 1) continue;
    stream_chain_[stream] = new_chain();
    if (with_reads[stream]) read_chain_[stream_chain_[stream]] = new_chain();
  }
  has_read_signals_ = std::find(with_reads.begin(), with_reads.end(), 1) != with_reads.end();
}

uint32_t HappensBefore::new_chain() {
  read_chain_.push_back(kNone);
  last_of_chain_.push_back(kNone);
  joins_.push_back(0);
  return static_cast<uint32_t>(read_chain_.size() - 1);
}

bool HappensBefore::merge(Clock& into, const Clock& from, uint32_t op) {
  if (into.size() < from.size()) into.resize(from.size(), 0);
  const size_t words = from.size();
  uint32_t* to = into.data();
  const uint32_t* source = from.data();
  size_t i = 0;
  for (; i + kWordsPerUnit <= words; i += kWordsPerUnit)  // fixed inner count: gcc 12 -O2 vectorises it
    for (uint32_t j = 0; j < kWordsPerUnit; ++j) to[i + j] = to[i + j] > source[i + j] ? to[i + j] : source[i + j];
  for (; i < words; ++i) to[i] = std::max(to[i], source[i]);
  return budget_.spend(lines(words), op);
}

uint32_t HappensBefore::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void HappensBefore::place_on_chain(uint32_t op_index) {
  const Op& op = schedule_.ops[op_index];
  const uint32_t stream = stream_of_[op_index];
  if (stream_chain_[stream] != kNone) {
    chain_[op_index] = stream_chain_[stream];
    step_[op_index] = op_index - schedule_.streams[stream].first_op + 1;
    return;
  }
  uint32_t signals = 0;
  bool any_done = false;
  for (int slot = 0; slot < 2; ++slot) {
    if (op.signals[slot] == kNone) continue;
    ++signals;
    any_done |= op.signal_kinds[slot] == kDone;
  }
  if (signals == 0) return;
  const int only = op.signals[0] != kNone ? 0 : 1;
  const bool only_join = schedule_.tokens[op.signals[only]].join && (signals == 1 || op.signals[0] == op.signals[1]);
  if (only_join) {
    uint32_t& chain = join_chain_[2 * op.signals[only] + (any_done ? 0 : 1)];
    if (chain == kNone) {
      chain = new_chain();
      joins_[chain] = 1;
      const uint32_t reads = new_chain();
      read_chain_[chain] = reads;
    }
    chain_[op_index] = chain;
    step_[op_index] = 1;
    return;
  }
  // Extend a chain whose last op is known to be through; one of ops that only ever
  // signal their reads is extended by such ops only.
  std::vector<uint32_t>& open = open_chains_[stream];
  const size_t tried = std::min<size_t>(open.size(), kChainsTried);
  budget_.spend(tried, op_index);
  for (size_t i = 0; i < tried; ++i) {
    const size_t at = open.size() - 1 - i;
    const uint32_t chain = open[at], last = last_of_chain_[chain];
    const bool last_signals_done =
        (schedule_.ops[last].signals[0] != kNone && schedule_.ops[last].signal_kinds[0] == kDone) ||
        (schedule_.ops[last].signals[1] != kNone && schedule_.ops[last].signal_kinds[1] == kDone);
    if (last_signals_done != any_done || !(any_done ? done(last) : reads_done(last))) continue;
    chain_[op_index] = chain;
    step_[op_index] = step_[last] + 1;
    last_of_chain_[chain] = op_index;
    open.erase(open.begin() + static_cast<ptrdiff_t>(at));
    open.push_back(chain);
    return;
  }
  const uint32_t chain = new_chain();
  const uint32_t reads = has_read_signals_ ? new_chain() : kNone;
  read_chain_[chain] = reads;
  last_of_chain_[chain] = op_index;
  chain_[op_index] = chain;
  step_[op_index] = 1;
  open.push_back(chain);
}

bool HappensBefore::start(uint32_t op_index) {
  const Op& op = schedule_.ops[op_index];
  Clock& clock = clock_of_stream_[stream_of_[op_index]];
  current_ = &clock;
  current_op_ = op_index;
  current_stream_ = stream_of_[op_index];
  const size_t words_before = clock.size();
  for (const Wait& wait : op.waits) {
    if (wait.token == kNone || wait.count == 0) continue;
    if (schedule_.tokens[wait.token].join) {
      const uint32_t slot = join_slot_[wait.token];
      if (!merge(clock, slots_[slot], op_index)) return false;
      if (--join_waiters_[wait.token] == 0) {
        live_words_ -= slots_[slot].size();
        free_slots_.push_back(slot);
      }
      continue;
    }
    const uint32_t signal = first_signal_[wait.token] + wait.count - 1;
    const uint32_t signaller = signaller_[signal];
    // What the signaller knew came with whatever told us that it is done.
    if (!done(signaller) && !merge(clock, slots_[slot_[signal]], op_index)) return false;
    if (--waiters_[signal] == 0) {
      live_words_ -= slots_[slot_[signal]].size();
      free_slots_.push_back(slot_[signal]);
    }
  }

  clock_words_ += clock.size() - words_before;
  if (clock_words_ > clock_words_limit_) return budget_.spend(budget_.left() + 1, op_index);

  const uint32_t stream = current_stream_;
  for (const uint32_t token : op.signals) {
    if (token == kNone || schedule_.tokens[token].join) continue;
    // T01: the count says which signallers are through only if they are in order.
    const uint32_t before = last_signaller_[token];
    if (before != kNone && before != op_index && stream_chain_[stream] == kNone && !done(before))
      unordered_.push_back({token, before, op_index});
    last_signaller_[token] = op_index;
  }
  place_on_chain(op_index);

  for (const uint32_t token : op.signals) {
    if (token == kNone || schedule_.tokens[token].window == 0) continue;
    auto& waits = window_waits_[token];
    const uint64_t count = uint64_t{sent_[token]} + 1;
    while (!waits.empty() && waits.back().first + uint64_t{schedule_.tokens[token].window} <= count) {
      const uint32_t waiter = waits.back().second;
      waits.pop_back();
      const bool begun = (stream_of_[waiter] == stream && waiter < op_index) || reads_done(waiter);
      if (!begun) broken_windows_.push_back({token, op_index, waiter});
    }
  }
  return !budget_.exhausted();
}

bool HappensBefore::finish(uint32_t op_index) {
  const Op& op = schedule_.ops[op_index];
  Clock& clock = *current_;
  const uint32_t chain = chain_[op_index], step = step_[op_index];
  const bool one_at_a_time = stream_chain_[current_stream_] != kNone;
  for (int slot_index = 0; slot_index < 2; ++slot_index) {
    const uint32_t token = op.signals[slot_index];
    if (token == kNone) continue;
    const bool join = schedule_.tokens[token].join != 0;
    uint32_t slot;
    if (join) {
      ++sent_[token];
      if (join_waiters_[token] == 0) continue;
      if (join_slot_[token] == kNone) {
        join_slot_[token] = take_slot();
        slots_[join_slot_[token]].clear();
      }
      slot = join_slot_[token];
      live_words_ -= slots_[slot].size();
      if (!merge(slots_[slot], clock, op_index)) return false;
    } else {
      const uint32_t signal = first_signal_[token] + sent_[token]++;
      signaller_[signal] = op_index;
      if (waiters_[signal] == 0) continue;
      slot = slot_[signal] = take_slot();
      slots_[slot] = clock;
      if (!budget_.spend(lines(clock.size()), op_index)) return false;
    }
    // What this signal says of the op itself: all of it, or its reads only.
    Clock& told = slots_[slot];
    const size_t words_before = told.size();
    const auto learn = [&told](uint32_t which, uint32_t known) {
      if (which == kNone || known == 0) return;
      if (told.size() <= which) told.resize(which + 1, 0);
      told[which] = std::max(told[which], known);
    };
    // Of two signals on one token the first to come may be the one that says less; both
    // together say all.
    bool done = op.signal_kinds[slot_index] == kDone;
    if (op.signals[0] == op.signals[1]) {
      const bool other = op.signal_kinds[1 - slot_index] == kDone;
      done = slot_index == 0 ? done && other : done || other;
    }
    if (chain != kNone) {
      if (done)
        learn(chain, step);
      else if (one_at_a_time)
        learn(chain, step - 1);
      learn(read_chain_[chain], step);
    }
    if (told.size() > words_before && !budget_.spend(lines(told.size() - words_before), op_index)) return false;
    live_words_ += told.size();
    if (live_words_ > live_words_limit_) return budget_.spend(budget_.left() + 1, op_index);
  }
  return true;
}

}  // namespace rondo::proof
