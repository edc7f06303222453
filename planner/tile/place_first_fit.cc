#include "planner/tile/place_first_fit.h"

#include <list>
#include <optional>
#include "planner/tile/scratch_allocator.h"

namespace rondo::tiling {
namespace {

class FirstFit {
 public:
  FirstFit(const Graph& graph, const MicroProgram& program, uint64_t scratch_bytes, bool label_buffers)
      : graph_(graph),
        program_(program),
        scratch_bytes_(scratch_bytes),
        label_buffers_(label_buffers),
        scratch_(scratch_bytes, ScratchAllocator::Fit::kFirst),
        resident_(program.pieces.size()),
        uses_left_(program.pieces.size()) {
    for (const MicroOp& op : program.ops)
      if (op.kind == MicroKind::kAsk) ++uses_left_[op.index];
  }

  Status run() {
    for (const MicroOp& op : program_.ops) {
      Status status = op.kind == MicroKind::kAsk ? ask(op) : op.kind == MicroKind::kCompute ? compute(op) : store(op);
      if (!status) return status;
    }
    return {};
  }

  PlacedProgram take() {
    out_.stats.peak_bytes = scratch_.peak_bytes();
    out_.stats.extent_bytes = scratch_.extent_bytes();
    out_.stats.live_at_end_bytes = scratch_.live_bytes();
    out_.slot_bytes = program_.tile_bytes;
    return std::move(out_);
  }

 private:
  // A piece in scratch: its allocation, and its turn among all that are live.
  struct Resident {
    uint32_t allocation = 0;
    std::list<uint32_t>::iterator turn;
    bool is_result = false;
  };

  uint64_t slot_bytes(uint32_t piece) const { return std::max(program_.tile_bytes, program_.pieces[piece].bytes); }

  void drop(uint32_t piece) {
    const Allocation& allocation = out_.allocations[resident_[piece]->allocation];
    scratch_.release(allocation.offset_bytes, allocation.bytes);
    oldest_first_.erase(resident_[piece]->turn);
    resident_[piece].reset();
  }

  Status place(uint32_t piece, bool is_result) {
    const uint64_t bytes = slot_bytes(piece);
    std::optional<uint64_t> offset;
    while (!(offset = scratch_.allocate(bytes))) {
      if (oldest_first_.empty() || resident_[oldest_first_.front()]->is_result)
        return make_error(ErrorCode::kDoesNotFit,
                          "policy seed-first-fit cannot place " + describe(graph_, program_, piece) + ": " +
                              with_commas(scratch_.live_bytes()) + " of " + with_commas(scratch_bytes_) +
                              " bytes are live and the oldest allocation is " +
                              (oldest_first_.empty() ? "nothing" : "a result"));
      drop(oldest_first_.front());
      ++out_.stats.evictions;
    }
    out_.allocations.push_back({piece, *offset, align_up(bytes)});
    oldest_first_.push_back(piece);
    resident_[piece] =
        Resident{static_cast<uint32_t>(out_.allocations.size() - 1), std::prev(oldest_first_.end()), is_result};
    return {};
  }

  void emit(PlacedKind kind, const MicroOp& op) {
    out_.ops.push_back({kind, -1, op.phase, op.index, static_cast<uint32_t>(out_.places.size())});
  }

  Status ask(const MicroOp& op) {
    ++out_.stats.asked;
    pending_.push_back(op.index);
    if (resident_[op.index]) {
      ++out_.stats.eliminated;
      return {};
    }
    if (Status status = place(op.index, false); !status) return status;
    emit(PlacedKind::kLoad, op);
    out_.places.push_back(resident_[op.index]->allocation);
    ++out_.stats.loads;
    return {};
  }

  Status compute(const MicroOp& op) {
    const Compute& what = program_.computes[op.index];
    emit(PlacedKind::kCompute, op);
    const size_t first = out_.places.size();
    for (uint32_t use = 0; use < what.use_count; ++use) {
      const uint32_t piece = program_.uses[what.first_use + use].piece;
      out_.places.push_back(0);
      if (use == what.result) continue;
      if (!resident_[piece])
        return make_error(ErrorCode::kDoesNotFit, "policy seed-first-fit dropped " + describe(graph_, program_, piece) +
                                                      " before its product in " + with_commas(scratch_bytes_) +
                                                      " bytes of scratch");
      out_.places.back() = resident_[piece]->allocation;
    }
    const uint32_t result = program_.uses[what.first_use + what.result].piece;
    if (!resident_[result])
      if (Status status = place(result, true); !status) return status;
    out_.places[first + what.result] = resident_[result]->allocation;
    if (label_buffers_) label(what);
    for (uint32_t piece : pending_)
      if (--uses_left_[piece] == 0 && resident_[piece]) drop(piece);
    pending_.clear();
    ++out_.stats.computes;
    return {};
  }

  // The product, and the loads since the last one, are in buffer k % 2.
  void label(const Compute& what) {
    out_.ops.back().buffer = static_cast<int8_t>(what.k % 2);
    for (size_t i = out_.ops.size() - 1; i-- > 0 && out_.ops[i].kind != PlacedKind::kCompute;)
      if (out_.ops[i].kind == PlacedKind::kLoad) out_.ops[i].buffer = static_cast<int8_t>(what.k % 2);
  }

  Status store(const MicroOp& op) {
    emit(PlacedKind::kStore, op);
    out_.places.push_back(resident_[op.index]->allocation);
    drop(op.index);
    ++out_.stats.stores;
    return {};
  }

  const Graph& graph_;
  const MicroProgram& program_;
  const uint64_t scratch_bytes_;
  const bool label_buffers_;
  ScratchAllocator scratch_;
  std::vector<std::optional<Resident>> resident_;  // by piece
  std::vector<uint32_t> uses_left_;                // by piece
  std::list<uint32_t> oldest_first_;               // pieces, in order of allocation
  std::vector<uint32_t> pending_;                  // asked since the last compute
  PlacedProgram out_;
};

}  // namespace

Result<PlacedProgram> place_first_fit(const Graph& graph, const MicroProgram& program, uint64_t scratch_bytes,
                                      bool label_buffers) {
  FirstFit policy(graph, program, scratch_bytes, label_buffers);
  if (Status status = policy.run(); !status) return status.error();
  return policy.take();
}

}  // namespace rondo::tiling
