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
  Pinned(const Graph& graph, const MicroProgram& program, const PinnedOptions& options, uint16_t lane)
      : graph_(graph),
        program_(program),
        options_(options),
        scratch_(options.scratch_bytes,
                 options.reserve_bytes != 0 ? ScratchAllocator::Fit::kLongestFree : ScratchAllocator::Fit::kBest),
        lane_(lane),
        state_(program.pieces.size()) {
    for (uint32_t i = 0; i < program.ops.size(); ++i)
      if (program.ops[i].kind == MicroKind::kAsk && program.ops[i].lane == lane)
        state_[program.ops[i].index].asks.push_back(i);
  }

  Status run() {
    for (uint32_t i = 0; i < program_.ops.size(); ++i) {
      const MicroOp& op = program_.ops[i];
      if (op.lane != lane_) continue;
      at_ = i;
      Status status = op.kind == MicroKind::kAsk ? ask(op) : op.kind == MicroKind::kCompute ? compute(op) : store(op);
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
  const std::vector<uint32_t>& positions() const { return positions_; }

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
    if (options_.reserve_bytes != 0)
      while (scratch_.live_bytes() + taken + options_.reserve_bytes > options_.scratch_bytes && drop_one()) {
      }
    while (!(offset = scratch_.allocate(taken)))
      if (!drop_one())
        return make_error(ErrorCode::kDoesNotFit, "cannot place " + describe(graph_, program_, piece) + " (" +
                                                      with_commas(bytes) +
                                                      " bytes): " + with_commas(scratch_.live_bytes()) + " of " +
                                                      with_commas(options_.scratch_bytes) + " bytes are pinned");
    out_.allocations.push_back({piece, *offset, taken, lane_});
    state_[piece].allocation = static_cast<uint32_t>(out_.allocations.size() - 1);
    return {};
  }

  void emit(PlacedKind kind, const MicroOp& op) {
    out_.ops.push_back({kind, -1, op.phase, op.index, static_cast<uint32_t>(out_.places.size()), lane_});
    positions_.push_back(at_);
  }

  Status ask(const MicroOp& op) {
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
  const uint16_t lane_;
  std::vector<State> state_;                           // by piece
  std::set<std::pair<uint64_t, uint32_t>> droppable_;  // resident and in memory: (rank, piece)
  std::vector<uint32_t> pending_;                      // asked since the last compute
  uint64_t clock_ = 0;
  uint32_t at_ = 0;
  std::vector<uint32_t> positions_;  // in the program, by placed op
  PlacedProgram out_;
};

void add(const PlacementStats& lane, PlacementStats& sum) {
  sum.asked += lane.asked;
  sum.loads += lane.loads;
  sum.eliminated += lane.eliminated;
  sum.computes += lane.computes;
  sum.stores += lane.stores;
  sum.evictions += lane.evictions;
  sum.peak_bytes = std::max(sum.peak_bytes, lane.peak_bytes);
  sum.extent_bytes = std::max(sum.extent_bytes, lane.extent_bytes);
  sum.live_at_end_bytes = std::max(sum.live_at_end_bytes, lane.live_at_end_bytes);
}

}  // namespace

Result<PlacedProgram> place_pinned(const Graph& graph, const MicroProgram& program, const PinnedOptions& options) {
  if (program.lanes == 1) {
    Pinned policy(graph, program, options, 0);
    if (Status status = policy.run(); !status) return status.error();
    return policy.take();
  }
  // Lane by lane, then in the order of the program again, which is a legal serial one.
  std::vector<PlacedProgram> parts;
  std::vector<std::vector<uint32_t>> positions;
  for (uint32_t lane = 0; lane < program.lanes; ++lane) {
    Pinned policy(graph, program, options, static_cast<uint16_t>(lane));
    if (Status status = policy.run(); !status) return status.error();
    positions.push_back(policy.positions());
    parts.push_back(policy.take());
  }
  PlacedProgram all;
  all.lanes = program.lanes;
  std::vector<uint32_t> first_stay;
  for (const PlacedProgram& part : parts) {
    first_stay.push_back(static_cast<uint32_t>(all.allocations.size()));
    all.allocations.insert(all.allocations.end(), part.allocations.begin(), part.allocations.end());
    add(part.stats, all.stats);
  }
  std::vector<size_t> next(parts.size(), 0);
  for (uint32_t at = 0; at < program.ops.size(); ++at) {
    const uint16_t lane = program.ops[at].lane;
    const PlacedProgram& part = parts[lane];
    for (size_t& i = next[lane]; i < part.ops.size() && positions[lane][i] == at; ++i) {
      PlacedOp op = part.ops[i];
      const size_t end = i + 1 < part.ops.size() ? part.ops[i + 1].first_place : part.places.size();
      const uint32_t first = op.first_place;
      op.first_place = static_cast<uint32_t>(all.places.size());
      all.ops.push_back(op);
      for (size_t place = first; place < end; ++place)
        all.places.push_back(part.places[place] == kInMemory ? kInMemory : part.places[place] + first_stay[lane]);
    }
  }
  return all;
}

}  // namespace rondo::tiling
