#include "planner/tile/bound_makespan.h"

#include <algorithm>
#include "planner/tile/predict_makespan.h"
#include "planner/tile/share_elements.h"

namespace rondo::tiling {
namespace {

// Bytes of a tensor that lie in at least one of the pieces.
uint64_t bytes_in_any(const Graph& graph, const MicroProgram& micro, const std::vector<uint32_t>& pieces) {
  std::vector<Run> runs;
  for (const uint32_t piece : pieces) {
    const std::vector<Run> own = runs_of(micro.label_shapes[micro.pieces[piece].label], micro.pieces[piece].box);
    runs.insert(runs.end(), own.begin(), own.end());
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.first < b.first; });
  uint64_t elements = 0, end = 0;
  for (const Run& run : runs) {
    if (run.end <= end) continue;
    elements += run.end - std::max(run.first, end);
    end = run.end;
  }
  return elements * size_of(graph.tensors[micro.pieces[pieces.front()].tensor].dtype);
}

}  // namespace

double bound_makespan(const Graph& graph, const MicroProgram& micro, const Machine& machine, uint32_t lanes) {
  const Queues queues(machine);
  double busy[Queues::kPerLane] = {};
  std::vector<bool> asked(micro.pieces.size(), false), stored(micro.pieces.size(), false);
  for (const MicroOp& op : micro.ops) {
    if (op.kind == MicroKind::kAsk) asked[op.index] = true;
    if (op.kind == MicroKind::kStore) stored[op.index] = true;
    if (op.kind != MicroKind::kCompute) continue;
    PlacedOp call;
    call.kind = PlacedKind::kCompute;
    call.index = op.index;
    busy[queues.of(micro, call)] += cost_of(micro, call, machine);
  }
  std::vector<std::vector<uint32_t>> from_outside(graph.tensors.size());  // pieces, by tensor
  PlacedOp load, store;
  store.kind = PlacedKind::kStore;
  const uint32_t in = queues.of(micro, load), out = queues.of(micro, store);
  for (uint32_t piece = 0; piece < micro.pieces.size(); ++piece) {
    const uint32_t tensor = micro.pieces[piece].tensor;
    const TensorRole role = graph.tensors[tensor].role;
    if (asked[piece] && role != TensorRole::kIntermediate && role != TensorRole::kOutput)
      from_outside[tensor].push_back(piece);
    store.index = piece;
    if (stored[piece] && role == TensorRole::kOutput) busy[out] += cost_of(micro, store, machine);
  }
  if (const KernelCost* copy = machine.cost("copy"); copy != nullptr)
    for (const std::vector<uint32_t>& pieces : from_outside)
      if (!pieces.empty())
        busy[in] += copy->fixed_ns * static_cast<double>(pieces.size()) +
                    copy->ns_per_byte * 2 * static_cast<double>(bytes_in_any(graph, micro, pieces));
  return *std::max_element(std::begin(busy), std::end(busy)) / std::max(lanes, 1u);
}

}  // namespace rondo::tiling
