#include "planner/tile/drop_dead_stores.h"

#include <algorithm>
#include "planner/tile/share_elements.h"

namespace rondo::tiling {

PlacedProgram drop_dead_stores(const Graph& graph, const MicroProgram& micro, PlacedProgram program) {
  std::vector<bool> is_loaded(micro.pieces.size(), false);
  std::vector<std::vector<uint32_t>> loaded(graph.tensors.size());  // pieces, by tensor
  std::vector<std::vector<Piece>> used_in_memory(graph.tensors.size());
  for (const PieceUse& use : micro.uses)
    if (use.in_memory()) used_in_memory[use.tensor].push_back(region_of(micro, use));
  for (const PlacedOp& op : program.ops)
    if (op.kind == PlacedKind::kLoad && !is_loaded[op.index]) {
      is_loaded[op.index] = true;
      loaded[micro.pieces[op.index].tensor].push_back(op.index);
    }
  const auto is_dead = [&](const PlacedOp& op) {
    if (op.kind != PlacedKind::kStore || is_loaded[op.index]) return false;
    const Piece& piece = micro.pieces[op.index];
    if (graph.tensors[piece.tensor].role != TensorRole::kIntermediate) return false;
    const std::vector<Piece>& used = used_in_memory[piece.tensor];
    if (std::any_of(used.begin(), used.end(), [&](const Piece& it) { return share_elements(micro, it, piece); }))
      return false;
    return std::none_of(loaded[piece.tensor].begin(), loaded[piece.tensor].end(),
                        [&](uint32_t other) { return share_elements(micro, micro.pieces[other], piece); });
  };
  PlacedProgram kept = program;
  kept.ops.clear();
  kept.places.clear();
  for (size_t i = 0; i < program.ops.size(); ++i) {
    PlacedOp op = program.ops[i];
    if (is_dead(op)) {
      --kept.stats.stores;
      continue;
    }
    const uint32_t end =
        i + 1 < program.ops.size() ? program.ops[i + 1].first_place : static_cast<uint32_t>(program.places.size());
    const uint32_t first = op.first_place;
    op.first_place = static_cast<uint32_t>(kept.places.size());
    kept.places.insert(kept.places.end(), program.places.begin() + first, program.places.begin() + end);
    kept.ops.push_back(op);
  }
  return kept;
}

}  // namespace rondo::tiling
