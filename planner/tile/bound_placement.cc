#include "planner/tile/bound_placement.h"

#include <algorithm>

namespace rondo::tiling {

PlacementBounds bound_placement(const MicroProgram& program, bool keep_results) {
  constexpr uint32_t kNever = 0xffffffffu;
  const auto pieces = static_cast<uint32_t>(program.pieces.size());
  // A piece that is stored and loaded again has two lives: as result and as operand.
  std::vector<uint32_t> made(pieces, kNever), stored(pieces, kNever), first_asked(pieces, kNever),
      last_asked(pieces, kNever);
  uint32_t pending = 0;  // asks since the last compute; their pieces live until that compute
  for (uint32_t i = 0; i < program.ops.size(); ++i) {
    const MicroOp& op = program.ops[i];
    if (op.kind == MicroKind::kAsk) {
      first_asked[op.index] = std::min(first_asked[op.index], i);
      last_asked[op.index] = i;
      ++pending;
    } else if (op.kind == MicroKind::kStore) {
      stored[op.index] = i;
    } else {
      const Compute& compute = program.computes[op.index];
      if (const uint32_t result = program.uses[compute.first_use + compute.result].piece; result != kNone)
        made[result] = std::min(made[result], i);
      for (uint32_t ask = i - pending; ask < i; ++ask) last_asked[program.ops[ask].index] = i;
      pending = 0;
    }
  }
  PlacementBounds bounds;
  std::vector<int64_t> change(program.ops.size() + 1, 0);
  const auto live = [&](uint32_t piece, uint32_t from, uint32_t to) {
    const auto bytes = static_cast<int64_t>(align_up(program.pieces[piece].bytes));
    change[from] += bytes;
    change[to + 1] -= bytes;
  };
  for (uint32_t piece = 0; piece < pieces; ++piece) {
    const bool is_made = made[piece] != kNever, is_asked = first_asked[piece] != kNever;
    const bool stays = is_made && is_asked && (keep_results || stored[piece] == kNever);
    if (is_asked && !stays) ++bounds.loads;
    if (stays && stored[piece] == kNever) {
      live(piece, made[piece], last_asked[piece]);
      continue;
    }
    if (is_made) live(piece, made[piece], stored[piece]);
    if (is_asked) live(piece, first_asked[piece], last_asked[piece]);
  }
  int64_t now = 0;
  for (int64_t step : change) {
    now += step;
    bounds.live_bytes = std::max(bounds.live_bytes, static_cast<uint64_t>(now));
  }
  return bounds;
}

}  // namespace rondo::tiling
