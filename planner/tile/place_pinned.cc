#include "planner/tile/place_pinned.h"

#include <algorithm>
#include <optional>
#include <set>
#include "planner/tile/scratch_allocator.h"

namespace rondo::tiling {
namespace {

constexpr uint32_t kAbsent = 0xffffffffu;
constexpr uint64_t kNever = uint64_t{1} << 60;

class Pinned {
 public:
  Pinned(const Graph& graph, const MicroProgram& program, const PinnedOptions& options)
      : graph_(graph),
        program_(program),
        options_(options),
        scratch_(options.scratch_bytes, ScratchAllocator::Fit::kBest),
        state_(program.pieces.size()) {
    for (uint32_t i = 0; i < program.ops.size(); ++i)
      if (program.ops[i].kind == MicroKind::kAsk) state_[program.ops[i].index].asks.push_back(i);
  }

  Status run() {
    for (uint32_t i = 0; i < program_.ops.size(); ++i) {
      const MicroOp& op = program_.ops[i];
      Status status = op.kind == MicroKind::kAsk       ? ask(op, i)
                      : op.kind == MicroKind::kCompute ? compute(op)
                                                       : store(op);
      if (!status) return status;
      if (options_.progress && i % 65536 == 65535 &&
          !options_.progress(double(i) / double(program_.ops.size()), "placing tiles"))
        return make_error(ErrorCode::kCancelled, "planning was cancelled while placing tiles");
    }
    return {};
  }

  PlacedProgram take() {
    out_.stats.peak_bytes = scratch_.peak_bytes();
    out_.stats.extent_bytes = scratch_.extent_bytes();
    out_.stats.live_at_end_bytes = scratch_.live_bytes();
    return std::move(out_);
  }

 private:
  struct State {
    std::vector<uint32_t> asks;  // positions in the program
    uint32_t asked = 0;          // how many of them are past
    uint32_t used = 0;           // how many of them a compute has consumed
    uint32_t allocation = kAbsent;
    bool in_memory = true;  // dropping it loses nothing
    uint32_t pending = 0;   // asked for by the next compute
    uint64_t rank = 0;      // its key among the droppable
  };

  uint64_t rank_of(const State& piece, uint64_t now) const {
    if (options_.victim == Victim::kLeastRecentlyUsed) return kNever - now;
    return piece.asked < piece.asks.size() ? piece.asks[piece.asked] : kNever;
  }

  // Farthest next use last. `now` counts the asks, for least recently used.
  void touch(uint32_t piece) {
    droppable_.erase({state_[piece].rank, piece});
    state_[piece].rank = rank_of(state_[piece], ++clock_);
    if (state_[piece].in_memory) droppable_.insert({state_[piece].rank, piece});
  }

  void drop(uint32_t piece) {
    State& state = state_[piece];
    const Allocation& allocation = out_.allocations[state.allocation];
    scratch_.release(allocation.offset_bytes, allocation.bytes);
    droppable_.erase({state.rank, piece});
    state.allocation = kAbsent;
  }

  bool drop_one() {
    for (auto candidate = droppable_.rbegin(); candidate != droppable_.rend(); ++candidate) {
      if (state_[candidate->second].pending != 0) continue;
      drop(candidate->second);
      ++out_.stats.evictions;
      return true;
    }
    return false;
  }

  Status place(uint32_t piece) {
    const uint64_t bytes = program_.pieces[piece].bytes;
    const uint64_t granule = options_.granule_bytes, taken = (bytes + granule - 1) / granule * granule;
    std::optional<uint64_t> offset;
    while (!(offset = scratch_.allocate(taken)))
      if (!drop_one())
        return make_error(ErrorCode::kDoesNotFit, "cannot place " + describe(graph_, program_, piece) + " (" +
                                                      with_commas(bytes) +
                                                      " bytes): " + with_commas(scratch_.live_bytes()) + " of " +
                                                      with_commas(options_.scratch_bytes) + " bytes are pinned");
    out_.allocations.push_back({piece, *offset, taken});
    state_[piece].allocation = static_cast<uint32_t>(out_.allocations.size() - 1);
    return {};
  }

  void emit(PlacedKind kind, const MicroOp& op) {
    out_.ops.push_back({kind, -1, op.phase, op.index, static_cast<uint32_t>(out_.places.size())});
  }

  Status ask(const MicroOp& op, uint32_t) {
    State& state = state_[op.index];
    ++out_.stats.asked;
    ++state.asked;
    if (state.allocation != kAbsent) {
      ++out_.stats.eliminated;
    } else {
      if (Status status = place(op.index); !status) return status;
      emit(PlacedKind::kLoad, op);
      out_.places.push_back(state.allocation);
      ++out_.stats.loads;
    }
    touch(op.index);
    ++state.pending;
    pending_.push_back(op.index);
    return {};
  }

  Status compute(const MicroOp& op) {
    const Compute& what = program_.computes[op.index];
    const uint32_t result = program_.uses[what.first_use + what.result].piece;
    if (result != kNone && state_[result].allocation == kAbsent) {
      if (Status status = place(result); !status) return status;
      state_[result].in_memory = false;
    }
    emit(PlacedKind::kCompute, op);
    for (uint32_t use = 0; use < what.use_count; ++use) {
      const uint32_t piece = program_.uses[what.first_use + use].piece;
      out_.places.push_back(piece == kNone ? kInMemory : state_[piece].allocation);
    }
    for (uint32_t piece : pending_) {
      State& state = state_[piece];
      --state.pending;
      if (++state.used == state.asks.size()) drop(piece);
    }
    pending_.clear();
    ++out_.stats.computes;
    return {};
  }

  Status store(const MicroOp& op) {
    State& state = state_[op.index];
    emit(PlacedKind::kStore, op);
    out_.places.push_back(state.allocation);
    ++out_.stats.stores;
    state.in_memory = true;
    if (options_.keep_results && state.used < state.asks.size())
      touch(op.index);
    else
      drop(op.index);
    return {};
  }

  const Graph& graph_;
  const MicroProgram& program_;
  const PinnedOptions& options_;
  ScratchAllocator scratch_;
  std::vector<State> state_;                           // by piece
  std::set<std::pair<uint64_t, uint32_t>> droppable_;  // resident and in memory: (rank, piece)
  std::vector<uint32_t> pending_;                      // asked since the last compute
  uint64_t clock_ = 0;
  PlacedProgram out_;
};

}  // namespace

Result<PlacedProgram> place_pinned(const Graph& graph, const MicroProgram& program, const PinnedOptions& options) {
  Pinned policy(graph, program, options);
  if (Status status = policy.run(); !status) return status.error();
  return policy.take();
}

}  // namespace rondo::tiling
