#include "planner/tile/drop_unread_ops.h"

#include <algorithm>
#include "planner/tile/share_elements.h"

namespace rondo::tiling {

namespace {

// Calls that are left out take the asks before them along.
void drop_calls(const std::vector<bool>& dropped, MicroProgram& micro) {
  std::vector<MicroOp> kept, asks;
  for (const MicroOp& op : micro.ops) {
    if (op.kind == MicroKind::kAsk) {
      asks.push_back(op);
      continue;
    }
    if (op.kind != MicroKind::kCompute || !dropped[op.index]) {
      kept.insert(kept.end(), asks.begin(), asks.end());
      kept.push_back(op);
    }
    asks.clear();
  }
  micro.ops = std::move(kept);
}

}  // namespace

void drop_unread_ops(MicroProgram& micro, PlacedProgram& program) {
  std::vector<std::vector<Box>> read(program.allocations.size());  // later on, by stay
  std::vector<bool> kept(program.ops.size(), true);
  const auto is_read = [&](uint32_t stay, const Box& box) {
    return std::any_of(read[stay].begin(), read[stay].end(),
                       [&](const Box& other) { return boxes_overlap(box, other); });
  };
  const auto note = [&](uint32_t stay, const Box& box) {
    if (stay != kInMemory && std::find(read[stay].begin(), read[stay].end(), box) == read[stay].end())
      read[stay].push_back(box);
  };
  // Backwards: whoever reads comes after whoever writes.
  for (size_t i = program.ops.size(); i-- > 0;) {
    const PlacedOp& op = program.ops[i];
    const uint32_t* stays = program.places.data() + op.first_place;
    if (op.kind != PlacedKind::kCompute) {
      const Box& box = micro.pieces[op.index].box;
      if (op.kind == PlacedKind::kStore)
        note(*stays, box);
      else
        kept[i] = is_read(*stays, box);
      continue;
    }
    const Compute& call = micro.computes[op.index];
    const PieceUse* uses = micro.uses.data() + call.first_use;
    kept[i] = stays[call.result] == kInMemory || is_read(stays[call.result], uses[call.result].box);
    if (!kept[i]) continue;
    for (uint32_t use = 0; use < call.use_count; ++use)
      if (use != call.result) note(stays[use], uses[use].box);
  }
  if (std::find(kept.begin(), kept.end(), false) == kept.end()) return;
  PlacedProgram out = program;
  std::vector<bool> dropped(micro.computes.size(), false);
  out.ops.clear();
  out.places.clear();
  for (size_t i = 0; i < program.ops.size(); ++i) {
    PlacedOp op = program.ops[i];
    if (!kept[i]) {
      if (op.kind == PlacedKind::kCompute) dropped[op.index] = true;
      uint64_t& count = op.kind == PlacedKind::kLoad ? out.stats.loads : out.stats.computes;
      --count;
      continue;
    }
    const size_t end = i + 1 < program.ops.size() ? program.ops[i + 1].first_place : program.places.size();
    const uint32_t first = op.first_place;
    op.first_place = static_cast<uint32_t>(out.places.size());
    out.places.insert(out.places.end(), program.places.begin() + first,
                      program.places.begin() + static_cast<ptrdiff_t>(end));
    out.ops.push_back(op);
  }
  drop_calls(dropped, micro);
  out.stats.asked = static_cast<uint64_t>(
      std::count_if(micro.ops.begin(), micro.ops.end(), [](const MicroOp& op) { return op.kind == MicroKind::kAsk; }));
  out.stats.eliminated = out.stats.asked - out.stats.loads;
  program = std::move(out);
}

}  // namespace rondo::tiling
