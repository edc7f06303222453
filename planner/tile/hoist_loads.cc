#include "planner/tile/hoist_loads.h"

#include <algorithm>
#include "planner/tile/find_conflicts.h"
#include "planner/tile/share_elements.h"

namespace rondo::tiling {
namespace {

bool touches(const MicroProgram& micro, const PlacedProgram& program, const PlacedOp& op, const Allocation& slot) {
  const uint32_t count = op.kind == PlacedKind::kCompute ? micro.computes[op.index].use_count : 1;
  for (uint32_t i = 0; i < count; ++i) {
    if (program.places[op.first_place + i] == kInMemory) continue;
    const Allocation& other = program.allocations[program.places[op.first_place + i]];
    if (other.lane == slot.lane && other.offset_bytes < slot.offset_bytes + slot.bytes &&
        slot.offset_bytes < other.offset_bytes + other.bytes)
      return true;
  }
  return false;
}

// The op changes memory that the piece is read from.
bool writes_source(const MicroProgram& micro, const PlacedOp& op, const Piece& wanted) {
  if (op.kind == PlacedKind::kStore) return share_elements(micro, micro.pieces[op.index], wanted);
  if (op.kind != PlacedKind::kCompute) return false;
  const Compute& compute = micro.computes[op.index];
  const PieceUse& result = micro.uses[compute.first_use + compute.result];
  return result.in_memory() && result.tensor == wanted.tensor;
}

}  // namespace

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
      if (engine_of(micro, before) == Engine::kCompute && passed++ == products) break;
      if (writes_source(micro, before, wanted)) break;
    }
    std::rotate(program.ops.begin() + static_cast<ptrdiff_t>(to), program.ops.begin() + static_cast<ptrdiff_t>(i),
                program.ops.begin() + static_cast<ptrdiff_t>(i) + 1);
  }
  return program;
}

}  // namespace rondo::tiling
