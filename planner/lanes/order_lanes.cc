#include "planner/lanes/order_lanes.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "planner/lanes/byte_history.h"

namespace rondo::lanes {
namespace {

// What is known to have completed: a count for every chain of ops that complete one
// after another. A stream with one op in flight is a chain; of a stream with more,
// every n-th op is: each waits for the one before it.
using Knowledge = std::vector<uint32_t>;

void learn(Knowledge& known, const Knowledge& more) {
  if (known.size() < more.size()) known.resize(more.size(), 0);
  for (size_t chain = 0; chain < more.size(); ++chain) known[chain] = std::max(known[chain], more[chain]);
}

constexpr bool writes(Access access) {
  return access == Access::kWrite || access == Access::kUpdate || access == Access::kWork ||
         access == Access::kIndexedWrite;
}

class Orderer {
 public:
  Orderer(std::vector<StreamedOp>& ops, Part part, ScheduleBuilder& builder)
      : ops_(ops), part_(part), builder_(builder), streams_(builder.schedule().streams.size()), where_(ops.size()) {
    for (uint32_t stream = 0; stream < streams_.size(); ++stream) {
      StreamState& state = streams_[stream];
      const uint32_t in_flight = builder.schedule().streams[stream].in_flight;
      state.in_order = in_flight <= 1;
      // Twice what may be in flight, so that waiting for the last turn is rarely felt;
      // each chain is a clock in the proof, so there must be few.
      state.chains = state.in_order ? 1 : std::clamp<uint32_t>(2 * in_flight, 8, 64);
      state.first_chain = static_cast<uint32_t>(chains_.size());
      chains_.resize(chains_.size() + state.chains, Chain{stream});
    }
    for (uint32_t op = 0; op < ops.size(); ++op) {
      StreamState& state = streams_[ops[op].stream];
      Where& where = where_[op];
      where.position = static_cast<uint32_t>(state.ops.size());
      where.chain = state.first_chain + where.position % state.chains;
      where.index = where.position / state.chains;
      state.ops.push_back(op);
    }
    for (const StreamedOp& op : ops)
      for (const OperandSpec& operand : op.op.operands)
        if (writes(operand.access)) written_.insert(operand.base);
  }

  OrderSummary run() {
    std::vector<bool> in_order;
    for (const StreamState& state : streams_) in_order.push_back(state.in_order);
    ByteHistory history(std::move(in_order));
    std::vector<uint32_t> before;
    for (uint32_t op = 0; op < ops_.size(); ++op) {
      before.clear();
      for (const bool writing : {false, true})
        for (const OperandSpec& operand : ops_[op].op.operands)
          if (operand.access != Access::kHint && writes(operand.access) == writing && written_.count(operand.base) != 0)
            history.touch(op, ops_[op].stream, operand.base, operand.offset_bytes,
                          builder_.schedule().views[operand.view], writing, before);
      order(op, before);
    }
    return put_tokens();
  }

 private:
  struct Where {
    uint32_t position = 0;          // in the stream
    uint32_t chain = 0, index = 0;  // its place in a chain
  };
  struct Snapshot {
    uint32_t position = 0;  // from this op of the stream on
    Knowledge known;        // of other chains, when it starts
  };
  struct StreamState {
    bool in_order = true;
    uint32_t chains = 1, first_chain = 0;
    std::vector<uint32_t> ops;
    std::vector<Snapshot> learned;
  };
  struct Request {  // `waiter` waits for `source`
    uint32_t waiter = 0, source = 0;
  };
  struct Chain {
    uint32_t stream = 0;
    std::vector<Request> requests;
    std::vector<uint32_t> signallers;  // indices in the chain, ascending
  };

  const StreamState& stream_of(uint32_t op) const { return streams_[ops_[op].stream]; }

  // What was complete when an op began, the op's own stream included.
  Knowledge known_at(uint32_t stream, uint32_t position) const {
    const StreamState& state = streams_[stream];
    const auto after = std::upper_bound(state.learned.begin(), state.learned.end(), position,
                                        [](uint32_t at, const Snapshot& snapshot) { return at < snapshot.position; });
    Knowledge known = after == state.learned.begin() ? Knowledge{} : std::prev(after)->known;
    if (state.in_order) note(known, state.first_chain, position);
    return known;
  }
  static void note(Knowledge& known, uint32_t chain, uint32_t count) {
    if (known.size() <= chain) known.resize(chain + 1, 0);
    known[chain] = std::max(known[chain], count);
  }

  void order(uint32_t op, std::vector<uint32_t>& before) {
    const StreamState& state = stream_of(op);
    // The next turn of a chain begins when its last one is over, so that its count
    // says which ops are done.
    if (const uint32_t position = where_[op].position; !state.in_order && position >= state.chains)
      before.push_back(state.ops[position - state.chains]);
    std::sort(before.begin(), before.end(), std::greater<>());
    before.erase(std::unique(before.begin(), before.end()), before.end());
    // Latest first: it may know of earlier ones, none of which can know of it.
    for (const uint32_t source : before) wait_unless_known(op, source);
  }

  void wait_unless_known(uint32_t op, uint32_t source) {
    const uint32_t stream = ops_[op].stream;
    StreamState& state = streams_[stream];
    if (ops_[source].stream == stream && state.in_order) return;
    const Where& from = where_[source];
    if (!state.learned.empty()) {
      const Knowledge& known = state.learned.back().known;
      if (from.chain < known.size() && known[from.chain] > from.index) return;
    }
    if (state.learned.empty() || state.learned.back().position != where_[op].position)
      state.learned.push_back(
          {where_[op].position, state.learned.empty() ? Knowledge{} : Knowledge(state.learned.back().known)});
    Knowledge& known = state.learned.back().known;
    learn(known, known_at(ops_[source].stream, from.position));
    note(known, from.chain, from.index + 1);
    chains_[from.chain].requests.push_back({op, source});
  }

  // A stream in order signals where it is asked, one with turns always: its counts name ops.
  void choose_signallers(Chain& chain) {
    const StreamState& state = streams_[chain.stream];
    if (state.in_order) {
      for (const Request& request : chain.requests) chain.signallers.push_back(where_[request.source].index);
      std::sort(chain.signallers.begin(), chain.signallers.end());
      chain.signallers.erase(std::unique(chain.signallers.begin(), chain.signallers.end()), chain.signallers.end());
      return;
    }
    const uint32_t offset = where_[chain.requests.front().source].position % state.chains;
    for (uint32_t at = offset, index = 0; at < state.ops.size(); at += state.chains)
      chain.signallers.push_back(index++);
  }
  uint32_t op_at(const Chain& chain, uint32_t index) const {
    const StreamState& state = streams_[chain.stream];
    const auto first = static_cast<uint32_t>(&chain - chains_.data()) - state.first_chain;
    return state.ops[first + index * state.chains];
  }
  static uint32_t count_of(const Chain& chain, uint32_t index) {
    const auto found = std::lower_bound(chain.signallers.begin(), chain.signallers.end(), index);
    return static_cast<uint32_t>(found - chain.signallers.begin()) + 1;
  }

  // The largest lead of the signaller over a waiter, or 0 if nothing bounds it.
  uint32_t window_of(const Chain& chain, uint32_t token) const {
    const auto total = static_cast<uint32_t>(chain.signallers.size());
    uint32_t window = 1;
    for (const Request& request : chain.requests) {
      const uint32_t waiter_stream = ops_[request.waiter].stream;
      const Where& waiter = where_[request.waiter];
      const uint32_t count = count_of(chain, where_[request.source].index);
      // All waits but the last two move to ops of their own, which signal nothing: where
      // ops overlap nobody knows them complete.
      const std::vector<Wait>& waits = ops_[request.waiter].op.waits;
      const auto own = std::find_if(waits.begin(), waits.end(), [&](const Wait& wait) {
        return wait == Wait{token, count};
      });
      const bool seen = streams_[waiter_stream].in_order || waits.end() - own <= 2;
      const auto through = [&](uint32_t index) {
        const uint32_t signaller = op_at(chain, index);
        if (waiter_stream == chain.stream && waiter.position < where_[signaller].position) return true;
        const Knowledge known = known_at(chain.stream, where_[signaller].position);
        return seen && waiter.chain < known.size() && known[waiter.chain] > waiter.index;
      };
      // The first signaller that knows the waiter is through; what is known only grows.
      uint32_t low = count, high = total;
      while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (through(chain.signallers[middle]))
          high = middle;
        else
          low = middle + 1;
      }
      window = std::max(window, low + 1 - count);
    }
    return window < total ? window : 0;  // a lead of all signals says nothing
  }

  OrderSummary put_tokens() {
    OrderSummary summary;
    for (Chain& chain : chains_) {
      if (chain.requests.empty()) continue;
      choose_signallers(chain);
      const uint32_t own = builder_.schedule().streams[chain.stream].lane;
      bool crosses = false;
      for (const Request& request : chain.requests)
        crosses |= builder_.schedule().streams[ops_[request.waiter].stream].lane != own;
      const uint32_t token = builder_.token(false, part_, crosses ? TokenScope::kDevice : TokenScope::kLane);
      ++summary.tokens;
      for (const uint32_t index : chain.signallers) ops_[op_at(chain, index)].op.signals.push_back({token});
      for (const Request& request : chain.requests)
        ops_[request.waiter].op.waits.push_back({token, count_of(chain, where_[request.source].index)});
      summary.signals += chain.signallers.size();
      summary.waits += chain.requests.size();
      tokens_.push_back({token, &chain});
    }
    for (const auto& [token, chain] : tokens_) builder_.schedule().tokens[token].window = window_of(*chain, token);
    return summary;
  }

  std::vector<StreamedOp>& ops_;
  Part part_;
  ScheduleBuilder& builder_;
  std::vector<StreamState> streams_;
  std::vector<Where> where_;  // by op
  std::vector<Chain> chains_;
  std::set<uint16_t> written_;
  std::vector<std::pair<uint32_t, const Chain*>> tokens_;
};

}  // namespace

OrderSummary order_lanes(std::vector<StreamedOp>& ops, Part part, ScheduleBuilder& builder) {
  return Orderer(ops, part, builder).run();
}

// By value, so that the list is freed as soon as it is added.
void add_ops(std::vector<StreamedOp> ops, ScheduleBuilder& builder) {  // NOLINT(performance-unnecessary-value-param)
  for (const StreamedOp& op : ops) builder.add(op.stream, op.op);
}

}  // namespace rondo::lanes
