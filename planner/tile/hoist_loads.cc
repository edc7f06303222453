#include "planner/tile/hoist_loads.h"

#include <algorithm>

namespace rondo::tiling {
namespace {

bool touches(const MicroProgram& micro, const PlacedProgram& program, const PlacedOp& op, const Allocation& slot) {
  const uint32_t count = op.kind == PlacedKind::kCompute ? micro.computes[op.index].use_count : 1;
  for (uint32_t i = 0; i < count; ++i) {
    const Allocation& other = program.allocations[program.places[op.first_place + i]];
    if (other.offset_bytes < slot.offset_bytes + slot.bytes && slot.offset_bytes < other.offset_bytes + other.bytes)
      return true;
  }
  return false;
}

}  // namespace

bool boxes_overlap(const Box& a, const Box& b) {
  for (uint32_t axis = 0; axis < kMaxRank; ++axis)
    if (a.low[axis] >= b.low[axis] + b.extent[axis] || b.low[axis] >= a.low[axis] + a.extent[axis]) return false;
  return true;
}

PlacedProgram hoist_loads(const MicroProgram& micro, PlacedProgram program, uint32_t products) {
  for (size_t i = 0; products != 0 && i < program.ops.size(); ++i) {
    if (program.ops[i].kind != PlacedKind::kLoad) continue;
    const PlacedOp load = program.ops[i];
    const Piece& wanted = micro.pieces[load.index];
    const Allocation& slot = program.allocations[program.places[load.first_place]];
    uint32_t passed = 0;
    size_t to = i;
    for (; to > 0; --to) {
      const PlacedOp& before = program.ops[to - 1];
      if (before.kind == PlacedKind::kLoad || touches(micro, program, before, slot)) break;
      if (before.kind == PlacedKind::kCompute && passed++ == products) break;
      if (before.kind == PlacedKind::kStore) {
        const Piece& written = micro.pieces[before.index];
        if (written.tensor == wanted.tensor && boxes_overlap(written.box, wanted.box)) break;
      }
    }
    std::rotate(program.ops.begin() + static_cast<ptrdiff_t>(to), program.ops.begin() + static_cast<ptrdiff_t>(i),
                program.ops.begin() + static_cast<ptrdiff_t>(i) + 1);
  }
  return program;
}

}  // namespace rondo::tiling
