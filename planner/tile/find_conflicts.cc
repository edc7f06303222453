#include "planner/tile/find_conflicts.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace rondo::tiling {
namespace {

constexpr uint32_t kNobody = 0xffffffffu;

// The last writer and the readers since, for every range of scratch of a lane.
class ScratchHistory {
 public:
  ScratchHistory(const MicroProgram& micro, const PlacedProgram& program) : micro_(micro), program_(program) {}

  void touch(uint64_t offset, uint64_t bytes, uint32_t op, bool writes, std::vector<uint32_t>& before) {
    split(offset);
    split(offset + bytes);
    auto at = ranges_.lower_bound(offset);
    const auto end = ranges_.lower_bound(offset + bytes);
    for (; at != end; ++at) {
      if (at->second.writer != kNobody) before.push_back(at->second.writer);
      if (writes) before.insert(before.end(), at->second.readers.begin(), at->second.readers.end());
    }
    if (writes) {
      ranges_.erase(ranges_.lower_bound(offset), end);
      ranges_[offset] = {offset + bytes, op, {}};
      return;
    }
    for (at = ranges_.lower_bound(offset); at != end; ++at) add_reader(at->second.readers, op);
  }

 private:
  struct Range {
    uint64_t end = 0;
    uint32_t writer = kNobody;
    std::vector<uint32_t> readers;
  };

  void add_reader(std::vector<uint32_t>& readers, uint32_t op) {
    // Computes complete in order, so the last one stands for all before it.
    if (engine_of(micro_, program_.ops[op]) == Engine::kCompute)
      readers.erase(
          std::remove_if(readers.begin(), readers.end(),
                         [&](uint32_t other) { return engine_of(micro_, program_.ops[other]) == Engine::kCompute; }),
          readers.end());
    readers.push_back(op);
  }

  void split(uint64_t at) {
    auto next = ranges_.upper_bound(at);
    if (next == ranges_.begin()) return;
    const auto range = std::prev(next);
    if (range->first == at || range->second.end <= at) return;
    Range right = range->second;
    range->second.end = at;
    ranges_.emplace(at, std::move(right));
  }

  const MicroProgram& micro_;
  const PlacedProgram& program_;
  std::map<uint64_t, Range> ranges_;  // by offset
};

// Who wrote and who read a tensor in memory, where its parts are not told apart: a state,
// what calls use where it lies, and what is seen under several shapes.
class WholeHistory {
 public:
  // `group`: one operator writes parts of its own, which do not meet.
  void write(uint32_t op, uint32_t group, std::vector<uint32_t>& before) {
    if (writers_.empty() || group != group_) {
      older_ = std::move(writers_);
      older_.insert(older_.end(), readers_.begin(), readers_.end());
      writers_.clear();
      readers_.clear();
      group_ = group;
    }
    before.insert(before.end(), older_.begin(), older_.end());
    before.insert(before.end(), readers_.begin(), readers_.end());
    writers_.push_back(op);
  }
  void read(uint32_t op, std::vector<uint32_t>& before) {
    before.insert(before.end(), writers_.begin(), writers_.end());
    readers_.push_back(op);
  }

 private:
  uint32_t group_ = kNobody;
  std::vector<uint32_t> writers_, readers_;  // of the group that wrote last, and since
  std::vector<uint32_t> older_;              // which that group came after
};

// Which store last wrote each cell (one column tile of one row) of a tensor.
class MemoryHistory {
 public:
  MemoryHistory(const Graph& graph, const MicroProgram& micro)
      : graph_(graph), micro_(micro), stores_(graph.tensors.size()) {
    for (const PieceUse& use : micro.uses)
      if (use.in_memory() && changes(use.tensor)) whole_.try_emplace(use.tensor);
    for (const Piece& piece : micro.pieces)
      if (piece.label != piece.tensor && changes(piece.tensor)) whole_.try_emplace(piece.tensor);
    for (const Compute& compute : micro.computes)
      if (const PieceUse& result = micro.uses[compute.first_use + compute.result];
          !result.in_memory() && shares_a_cell(micro.pieces[result.piece]))
        whole_.try_emplace(result.tensor);
  }

  void use(const PieceUse& operand, bool writes, uint32_t group, uint32_t op, std::vector<uint32_t>& before) {
    const auto whole = whole_.find(operand.tensor);
    if (whole == whole_.end()) return;
    if (writes)
      whole->second.write(op, group, before);
    else
      whole->second.read(op, before);
  }

  void store(const Piece& piece, uint32_t op, std::vector<uint32_t>& before) {
    // An intermediate has one producer.
    if (const auto whole = whole_.find(piece.tensor); whole != whole_.end()) return whole->second.write(op, 0, before);
    auto& cells = stores_[piece.tensor];
    if (cells.empty()) {
      uint64_t count = tiles_across(piece.tensor);
      const auto& shape = graph_.tensors[piece.tensor].shape;
      for (size_t axis = 0; axis + 1 < shape.size(); ++axis) count *= shape[axis];
      cells.assign(count, kNobody);
    }
    for_each_cell(piece, [&](uint64_t cell) { cells[cell] = op; });
  }
  void load(const Piece& piece, uint32_t op, std::vector<uint32_t>& before) {
    if (const auto whole = whole_.find(piece.tensor); whole != whole_.end()) return whole->second.read(op, before);
    const auto& cells = stores_[piece.tensor];
    if (cells.empty()) return;
    for_each_cell(piece, [&](uint64_t cell) {
      if (cells[cell] != kNobody && (before.empty() || before.back() != cells[cell])) before.push_back(cells[cell]);
    });
  }

 private:
  // Somebody writes it during a replay.
  bool changes(uint32_t tensor) const {
    const TensorRole role = graph_.tensors[tensor].role;
    return role == TensorRole::kIntermediate || role == TensorRole::kState || role == TensorRole::kOutput;
  }
  // It ends within a column tile that others are stored to.
  bool shares_a_cell(const Piece& piece) const {
    const size_t last = graph_.tensors[piece.tensor].shape.size() - 1;
    const uint32_t end = piece.box.low[last] + piece.box.extent[last];
    return piece.box.low[last] % micro_.tile != 0 ||
           (end % micro_.tile != 0 && end != graph_.tensors[piece.tensor].shape[last]);
  }
  uint64_t tiles_across(uint32_t tensor) const {
    return (graph_.tensors[tensor].shape.back() + micro_.tile - 1) / micro_.tile;
  }

  template <class Visit>
  void for_each_cell(const Piece& piece, Visit visit) const {
    const auto& shape = graph_.tensors[piece.tensor].shape;
    const size_t last = shape.size() - 1;
    const uint64_t first_tile = piece.box.low[last] / micro_.tile;
    const uint64_t last_tile = (piece.box.low[last] + piece.box.extent[last] - 1) / micro_.tile;
    uint32_t at[kMaxRank];
    std::copy_n(piece.box.low, kMaxRank, at);
    for (;;) {
      uint64_t row = 0;
      for (size_t axis = 0; axis < last; ++axis) row = row * shape[axis] + at[axis];
      for (uint64_t tile = first_tile; tile <= last_tile; ++tile) visit(row * tiles_across(piece.tensor) + tile);
      size_t axis = last;
      while (axis > 0 && ++at[axis - 1] == piece.box.low[axis - 1] + piece.box.extent[axis - 1]) {
        at[axis - 1] = piece.box.low[axis - 1];
        --axis;
      }
      if (axis == 0) return;
    }
  }

  const Graph& graph_;
  const MicroProgram& micro_;
  std::vector<std::vector<uint32_t>> stores_;  // by tensor, then cell
  std::map<uint32_t, WholeHistory> whole_;     // by tensor: those whose cells are not told apart
};

}  // namespace

Engine engine_of(const MicroProgram& micro, const PlacedOp& op) {
  if (op.kind == PlacedKind::kCompute) return micro.computes[op.index].engine;
  return op.kind == PlacedKind::kLoad ? Engine::kCopyIn : Engine::kCopyOut;
}

Conflicts find_conflicts(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program) {
  std::vector<ScratchHistory> scratch(program.lanes, ScratchHistory(micro, program));
  MemoryHistory memory(graph, micro);
  Conflicts conflicts;
  conflicts.first.push_back(0);
  std::vector<uint32_t> before;
  for (uint32_t i = 0; i < program.ops.size(); ++i) {
    const PlacedOp& op = program.ops[i];
    before.clear();
    const auto touch = [&](uint32_t use, bool writes) {
      const uint32_t stay = program.places[op.first_place + use];
      if (stay == kInMemory) {
        const Compute& compute = micro.computes[op.index];
        memory.use(micro.uses[compute.first_use + use], writes, compute.group, i, before);
        return;
      }
      const Allocation& place = program.allocations[stay];
      scratch[place.lane].touch(place.offset_bytes, place.bytes, i, writes, before);
    };
    if (op.kind == PlacedKind::kCompute) {
      const Compute& compute = micro.computes[op.index];
      for (uint32_t use = 0; use < compute.use_count; ++use)
        if (use != compute.result) touch(use, false);
      touch(compute.result, true);
    } else {
      if (op.kind == PlacedKind::kLoad) memory.load(micro.pieces[op.index], i, before);
      touch(0, op.kind == PlacedKind::kLoad);
      if (op.kind == PlacedKind::kStore) memory.store(micro.pieces[op.index], i, before);
    }
    std::sort(before.begin(), before.end());
    before.erase(std::unique(before.begin(), before.end()), before.end());
    if (!before.empty() && before.back() == i) before.pop_back();
    conflicts.before.insert(conflicts.before.end(), before.begin(), before.end());
    conflicts.first.push_back(static_cast<uint32_t>(conflicts.before.size()));
  }
  return conflicts;
}

}  // namespace rondo::tiling
