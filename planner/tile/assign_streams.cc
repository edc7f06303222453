#include "planner/tile/assign_streams.h"

#include <algorithm>
#include <map>
#include "planner/tile/find_conflicts.h"

namespace rondo::tiling {
namespace {

constexpr uint32_t kUnset = 0xffffffffu;

// What is known to have completed: a count for every chain of ops that complete
// one after another. A stream with one op in flight is a chain; of a stream with
// more, each token's signallers are one.
using Knowledge = std::vector<uint32_t>;

void learn(Knowledge& known, const Knowledge& more) {
  if (known.size() < more.size()) known.resize(more.size(), 0);
  for (size_t chain = 0; chain < more.size(); ++chain) known[chain] = std::max(known[chain], more[chain]);
}
uint32_t count_of(const Knowledge& known, uint32_t chain) { return chain < known.size() ? known[chain] : 0; }

class Orderer {
 public:
  Orderer(const PlacedProgram& program, StreamProgram& out, const uint32_t stream_of_kind[3])
      : out_(out), where_(program.ops.size()) {
    current_.resize(out.streams.size());
    chain_of_stream_.assign(out.streams.size(), kUnset);
    for (uint32_t stream = 0; stream < out.streams.size(); ++stream)
      if (out.streams[stream].in_flight == 1) chain_of_stream_[stream] = chains_++;
    for (uint32_t i = 0; i < program.ops.size(); ++i) {
      Where& where = where_[i];
      where.stream = stream_of_kind[static_cast<int>(program.ops[i].kind)];
      auto& ops = out.streams[where.stream].ops;
      where.position = static_cast<uint32_t>(ops.size());
      ops.push_back({i, program.ops[i].phase, {}, {}});
      where.chain = chain_of_stream_[where.stream];
      where.index = where.position;
    }
  }

  void order(uint32_t op, const uint32_t* first, const uint32_t* last) {
    const uint32_t stream = where_[op].stream;
    Knowledge& known = current_[stream];
    // Latest first: waiting for it often settles the earlier ones.
    while (last != first) {
      const uint32_t before = *--last;
      if (completed(before, stream, known)) continue;
      wait_for(op, before, known);
    }
    where_[op].at_start = known;
    if (const uint32_t chain = chain_of_stream_[stream]; chain != kUnset) {
      if (known.size() <= chain) known.resize(chain + 1, 0);
      known[chain] = where_[op].position + 1;
    }
  }

 private:
  struct Where {
    uint32_t stream = 0, position = 0;
    uint32_t chain = kUnset, index = 0;  // its place in a chain; unset until somebody waits for it
    Knowledge at_start;
  };

  bool completed(uint32_t op, uint32_t reader_stream, const Knowledge& known) const {
    const Where& where = where_[op];
    if (where.stream == reader_stream && chain_of_stream_[reader_stream] != kUnset) return true;
    return where.chain != kUnset && count_of(known, where.chain) > where.index;
  }

  void wait_for(uint32_t op, uint32_t before, Knowledge& known) {
    Where& source = where_[before];
    const uint32_t stream = where_[op].stream;
    StreamOp& signaller = out_.streams[source.stream].ops[source.position];
    StreamOp& waiter = out_.streams[stream].ops[where_[op].position];
    if (chain_of_stream_[source.stream] != kUnset) {
      // One token a pair of streams; it counts the ops that the reader waits for.
      auto [found, added] = pair_tokens_.try_emplace({source.stream, stream}, PairToken{out_.tokens, 0});
      if (added) ++out_.tokens;
      signaller.signals.push_back(found->second.token);
      waiter.waits.push_back({found->second.token, ++found->second.raised});
    } else {
      if (source.chain == kUnset) join_a_chain(source, signaller);
      waiter.waits.push_back({token_of_chain_[source.chain], source.index + 1});
    }
    ++out_.waits;
    learn(known, source.at_start);
    if (known.size() <= source.chain) known.resize(source.chain + 1, 0);
    known[source.chain] = std::max(known[source.chain], source.index + 1);
  }

  // A chain whose last op has completed before this one starts, else a new one.
  void join_a_chain(Where& op, StreamOp& signaller) {
    uint32_t chain = 0;
    for (; chain < chains_; ++chain) {
      const auto size = chain_size_.find({op.stream, chain});
      if (size != chain_size_.end() && count_of(op.at_start, chain) >= size->second) break;
    }
    if (chain == chains_) {
      token_of_chain_[chains_++] = out_.tokens++;
      chain_size_[{op.stream, chain}] = 0;
    }
    op.chain = chain;
    op.index = chain_size_[{op.stream, chain}]++;
    signaller.signals.push_back(token_of_chain_[chain]);
  }

  struct PairToken {
    uint32_t token = 0, raised = 0;
  };

  StreamProgram& out_;
  std::vector<Where> where_;                                        // by placed op
  std::vector<Knowledge> current_;                                  // by stream: at the start of its next op
  std::vector<uint32_t> chain_of_stream_;                           // unset where ops complete out of order
  std::map<std::pair<uint32_t, uint32_t>, PairToken> pair_tokens_;  // signaller, waiter
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> chain_size_;    // stream, chain
  std::map<uint32_t, uint32_t> token_of_chain_;
  uint32_t chains_ = 0;
};

// Phases never fall along a stream: a hoisted op runs, and counts, in the phase it
// was hoisted into.
void settle_phases(StreamPlan& stream) {
  for (size_t i = stream.ops.size(); i-- > 1;)
    stream.ops[i - 1].phase = std::min(stream.ops[i - 1].phase, stream.ops[i].phase);
}

}  // namespace

StreamProgram assign_streams(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program,
                             const Machine& machine) {
  StreamProgram out;
  const auto copies_in_flight = static_cast<uint16_t>(std::clamp(machine.copy_in_flight, 1u, 0xffffu));
  const bool has_in = machine.copy_in_engines != 0, has_out = machine.copy_out_engines != 0;
  uint32_t stream_of_kind[3] = {0, 0, 0};  // by PlacedKind
  if (has_in) {
    stream_of_kind[0] = static_cast<uint32_t>(out.streams.size());
    out.streams.push_back({has_out ? "load" : "copy", Engine::kCopyIn, copies_in_flight, {}});
  }
  stream_of_kind[1] = static_cast<uint32_t>(out.streams.size());
  out.streams.push_back({"compute", Engine::kCompute, 1, {}});
  if (!has_in) stream_of_kind[0] = stream_of_kind[1];
  stream_of_kind[2] = stream_of_kind[0];
  if (has_out) {
    stream_of_kind[2] = static_cast<uint32_t>(out.streams.size());
    out.streams.push_back({"store", Engine::kCopyOut, copies_in_flight, {}});
  }

  const Conflicts conflicts = find_conflicts(graph, micro, program);
  Orderer orderer(program, out, stream_of_kind);
  for (uint32_t op = 0; op < program.ops.size(); ++op)
    orderer.order(op, conflicts.before.data() + conflicts.first[op], conflicts.before.data() + conflicts.first[op + 1]);
  for (StreamPlan& stream : out.streams) settle_phases(stream);
  return out;
}

}  // namespace rondo::tiling
