#include "planner/tile/assign_streams.h"

#include <algorithm>
#include <map>
#include "planner/tile/find_conflicts.h"

namespace rondo::tiling {
namespace {

// What is known to have completed: a count for every chain of ops that complete
// one after another. A stream with one op in flight is a chain; of a stream with
// more, every n-th op is: each waits for the one before it.
using Knowledge = std::vector<uint32_t>;

void learn(Knowledge& known, const Knowledge& more) {
  if (known.size() < more.size()) known.resize(more.size(), 0);
  for (size_t chain = 0; chain < more.size(); ++chain) known[chain] = std::max(known[chain], more[chain]);
}

class Orderer {
 public:
  Orderer(const MicroProgram& micro, const PlacedProgram& program, StreamProgram& out,
          const std::map<Engine, uint32_t>& stream_of)
      : out_(out), where_(program.ops.size()), current_(out.streams.size()), chains_of_(out.streams.size()) {
    for (uint32_t stream = 0; stream < out.streams.size(); ++stream) {
      Chains& chains = chains_of_[stream];
      chains.first = chain_count_;
      chains.first_token = out.tokens;
      if (in_order(stream)) {
        chain_count_ += 1;  // its tokens count for one reader each, as readers appear
        continue;
      }
      // Twice what may be in flight, so that waiting for the last turn is rarely felt;
      // each chain is a clock in the proof, so there must be few.
      chains.count = std::clamp<uint32_t>(2u * out.streams[stream].in_flight, 8, 64);
      chain_count_ += chains.count;
      out.tokens += chains.count;
    }
    for (uint32_t i = 0; i < program.ops.size(); ++i) {
      Where& where = where_[i];
      where.stream = stream_of.at(engine_of(micro, program.ops[i]));
      Chains& chains = chains_of_[where.stream];
      auto& ops = out.streams[where.stream].ops;
      where.position = static_cast<uint32_t>(ops.size());
      where.chain = chains.first + where.position % chains.count;
      where.index = where.position / chains.count;
      ops.push_back({i, program.ops[i].phase, {}, {}});
      if (!in_order(where.stream)) ops.back().signals.push_back(chains.first_token + where.position % chains.count);
    }
  }

  void order(uint32_t op, const uint32_t* first, const uint32_t* last) {
    const uint32_t stream = where_[op].stream;
    Knowledge& known = current_[stream];
    // Latest first: waiting for it often settles the earlier ones.
    while (last != first) wait_unless_known(op, *--last, known);
    // The next turn of a token begins when its last one is over, so that its count
    // says which copies are done.
    const uint32_t position = where_[op].position;
    if (const uint32_t turn = chains_of_[stream].count; !in_order(stream) && position >= turn)
      wait_unless_known(op, out_.streams[stream].ops[position - turn].op, known);
    where_[op].at_start = known;
    if (in_order(stream)) note(known, where_[op]);
  }

 private:
  struct Where {
    uint32_t stream = 0, position = 0;
    uint32_t chain = 0, index = 0;  // its place in a chain
    Knowledge at_start;
  };
  struct Chains {
    uint32_t first = 0, count = 1;
    uint32_t first_token = 0;  // one a chain, of a stream whose ops overlap
  };
  struct PairToken {
    uint32_t token = 0, raised = 0;
  };

  bool in_order(uint32_t stream) const { return out_.streams[stream].in_flight == 1; }

  static void note(Knowledge& known, const Where& done) {
    if (known.size() <= done.chain) known.resize(done.chain + 1, 0);
    known[done.chain] = std::max(known[done.chain], done.index + 1);
  }

  void wait_unless_known(uint32_t op, uint32_t before, Knowledge& known) {
    const Where& source = where_[before];
    const uint32_t stream = where_[op].stream;
    if (source.stream == stream && in_order(stream)) return;
    if (source.chain < known.size() && known[source.chain] > source.index) return;
    StreamOp& waiter = out_.streams[stream].ops[where_[op].position];
    if (in_order(source.stream)) {
      // One token a pair of streams; it counts the ops that the reader waits for.
      auto [found, added] = pair_tokens_.try_emplace({source.stream, stream}, PairToken{out_.tokens, 0});
      if (added) ++out_.tokens;
      out_.streams[source.stream].ops[source.position].signals.push_back(found->second.token);
      waiter.waits.push_back({found->second.token, ++found->second.raised});
    } else {
      const Chains& chains = chains_of_[source.stream];
      waiter.waits.push_back({chains.first_token + source.chain - chains.first, source.index + 1});
    }
    ++out_.waits;
    learn(known, source.at_start);
    note(known, source);
  }

  StreamProgram& out_;
  std::vector<Where> where_;                                        // by placed op
  std::vector<Knowledge> current_;                                  // by stream: at the start of its next op
  std::vector<Chains> chains_of_;                                   // by stream
  std::map<std::pair<uint32_t, uint32_t>, PairToken> pair_tokens_;  // signaller, waiter
  uint32_t chain_count_ = 0;
};

// Phases never fall along a stream: a hoisted op runs, and counts, in the phase it
// was hoisted into.
void settle_phases(StreamPlan& stream) {
  for (size_t i = stream.ops.size(); i-- > 1;)
    stream.ops[i - 1].phase = std::min(stream.ops[i - 1].phase, stream.ops[i].phase);
}

// By placed op, which stream of its lane it is on.
class Opener {
 public:
  Opener(const Machine& machine, StreamProgram& out)
      : out_(out),
        in_flight_(static_cast<uint16_t>(std::clamp(machine.copy_in_flight, 1u, 0xffffu))),
        has_in_(machine.copy_in_engines != 0),
        has_out_(machine.copy_out_engines != 0) {}

  std::map<Engine, uint32_t> open_lane(uint32_t lane, const std::string& suffix) {
    std::map<Engine, uint32_t> stream_of;
    const auto open = [&](Engine engine, const char* name, uint16_t in_flight) {
      stream_of[engine] = static_cast<uint32_t>(out_.streams.size());
      out_.streams.push_back({name + suffix, lane, engine, in_flight, {}});
    };
    if (has_in_) open(Engine::kCopyIn, has_out_ ? "load" : "copy", in_flight_);
    open(Engine::kCompute, "compute", 1);
    if (!has_in_) stream_of[Engine::kCopyIn] = stream_of[Engine::kCompute];
    stream_of[Engine::kCopyOut] = stream_of[Engine::kCopyIn];
    if (has_out_) open(Engine::kCopyOut, "store", in_flight_);
    return stream_of;
  }

 private:
  StreamProgram& out_;
  const uint16_t in_flight_;
  const bool has_in_, has_out_;
};

}  // namespace

StreamProgram assign_streams(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program,
                             const Machine& machine) {
  StreamProgram out;
  Opener opener(machine, out);
  if (program.lanes > 1) {
    std::vector<std::map<Engine, uint32_t>> stream_of;
    for (uint32_t lane = 0; lane < program.lanes; ++lane)
      stream_of.push_back(opener.open_lane(lane, "." + std::to_string(lane)));
    for (uint32_t op = 0; op < program.ops.size(); ++op) {
      const PlacedOp& placed = program.ops[op];
      out.streams[stream_of[placed.lane].at(engine_of(micro, placed))].ops.push_back({op, placed.phase, {}, {}});
    }
    out.streams.erase(std::remove_if(out.streams.begin(), out.streams.end(),
                                     [](const StreamPlan& stream) { return stream.ops.empty(); }),
                      out.streams.end());
  } else {
    const std::map<Engine, uint32_t> stream_of = opener.open_lane(0, "");
    const Conflicts conflicts = find_conflicts(graph, micro, program);
    Orderer orderer(micro, program, out, stream_of);
    for (uint32_t op = 0; op < program.ops.size(); ++op)
      orderer.order(op, conflicts.before.data() + conflicts.first[op],
                    conflicts.before.data() + conflicts.first[op + 1]);
  }
  for (StreamPlan& stream : out.streams) settle_phases(stream);
  return out;
}

}  // namespace rondo::tiling
