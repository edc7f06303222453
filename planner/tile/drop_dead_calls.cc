#include "planner/tile/drop_dead_calls.h"

#include <algorithm>
#include "planner/tile/share_elements.h"

namespace rondo::tiling {

MicroProgram drop_dead_calls(const Graph& graph, MicroProgram program) {
  std::vector<bool> asked(program.pieces.size(), false), needed(program.pieces.size(), false);
  std::vector<std::vector<Piece>> read_of(graph.tensors.size());  // boxes, by tensor
  const auto is_read_again = [&](uint32_t piece) {
    const Piece& it = program.pieces[piece];
    if (graph.tensors[it.tensor].role != TensorRole::kIntermediate || asked[piece]) return true;
    return std::any_of(read_of[it.tensor].begin(), read_of[it.tensor].end(),
                       [&](const Piece& other) { return share_elements(program, other, it); });
  };
  // Backwards: whoever reads comes after whoever writes.
  std::vector<MicroOp> kept;
  bool keeps_call = true;  // the call that the asks before it belong to
  for (size_t i = program.ops.size(); i-- > 0;) {
    const MicroOp& op = program.ops[i];
    switch (op.kind) {
      case MicroKind::kStore:
        if (!is_read_again(op.index)) continue;
        needed[op.index] = true;
        break;
      case MicroKind::kCompute: {
        const Compute& call = program.computes[op.index];
        const PieceUse& result = program.uses[call.first_use + call.result];
        keeps_call = result.in_memory() || needed[result.piece] || asked[result.piece];
        if (!keeps_call) continue;
        if (!result.in_memory()) needed[result.piece] = true;
        for (uint32_t use = 0; use < call.use_count; ++use)
          if (const PieceUse& it = program.uses[call.first_use + use]; it.in_memory())
            read_of[it.tensor].push_back(region_of(program, it));
        break;
      }
      case MicroKind::kAsk:
        if (!keeps_call) continue;
        if (!asked[op.index]) read_of[program.pieces[op.index].tensor].push_back(program.pieces[op.index]);
        asked[op.index] = true;
        break;
    }
    kept.push_back(op);
  }
  std::reverse(kept.begin(), kept.end());
  program.ops = std::move(kept);
  std::vector<Compute> computes;
  std::vector<PieceUse> uses;
  for (MicroOp& op : program.ops) {
    if (op.kind != MicroKind::kCompute) continue;
    Compute call = program.computes[op.index];
    const auto first = program.uses.begin() + call.first_use;
    op.index = static_cast<uint32_t>(computes.size());
    call.first_use = static_cast<uint32_t>(uses.size());
    uses.insert(uses.end(), first, first + call.use_count);
    computes.push_back(call);
  }
  program.computes = std::move(computes);
  program.uses = std::move(uses);
  return program;
}

}  // namespace rondo::tiling
