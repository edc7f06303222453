#include "planner/fusion/lower/subgraph_steps.h"

#include <algorithm>
#include <map>

#include "planner/fusion/ceil_div.h"
#include "rondo/view.h"

namespace rondo::fusion {
namespace {

Range range(Cut cut, int64_t unit, int64_t index, int64_t step_unit, int64_t step, int64_t whole) {
  if (cut == Cut::kAll) return {0, whole};
  const int64_t size = cut == Cut::kTile ? unit : step_unit;
  const int64_t low = size * (cut == Cut::kTile ? index : step);
  return {low, std::clamp<int64_t>(whole - low, 0, size)};
}

}  // namespace

Slice SubgraphSteps::normalised(const Tensor& tensor, Slice slice) const {
  const auto covers = [&](Cut cut, int64_t unit, int64_t whole) {
    return (cut == Cut::kTile && unit >= whole) || (cut == Cut::kStep && k_steps == 1);
  };
  if (covers(slice.rows, h, tensor.height)) slice.rows = Cut::kAll;
  if (covers(slice.columns, w, tensor.width)) slice.columns = Cut::kAll;
  return slice;
}

Box SubgraphSteps::box(const Tensor& tensor, const Slice& slice, const Step& step) const {
  return {range(slice.rows, h, step.tile_row, k, step.k, tensor.height),
          range(slice.columns, w, step.tile_column, k, step.k, tensor.width)};
}

int64_t SubgraphSteps::rows(const Tensor& tensor, const Slice& slice) const {
  return box(tensor, slice, {}).rows.extent;
}
int64_t SubgraphSteps::columns(const Tensor& tensor, const Slice& slice) const {
  return box(tensor, slice, {}).columns.extent;
}

uint32_t SubgraphSteps::load_of(const Tensor& shape, uint32_t tensor, const Slice& slice) const {
  const Slice wanted = normalised(shape, slice);
  for (uint32_t i = 0; i < loads.size(); ++i)
    if (loads[i].tensor == tensor && (loads[i].slice == wanted || loads[i].slice == kWholeTensor)) return i;
  return kNone;
}

SubgraphSteps steps_of(const Problem& problem, const Subgraph& subgraph, const std::vector<uint32_t>& entering) {
  SubgraphSteps it;
  it.w = subgraph.w, it.h = subgraph.h, it.k = subgraph.k;
  std::set<uint32_t> made, read;
  for (uint32_t op : subgraph.operators) {
    made.insert(problem.operators[op].output);
    read.insert(problem.operators[op].inputs.begin(), problem.operators[op].inputs.end());
  }
  for (uint32_t op : subgraph.operators) {
    const uint32_t output = problem.operators[op].output;
    if (read.count(output) != 0)
      it.inner.insert(output);
    else
      it.outputs.push_back(output);
  }
  const Tensor& grid = problem.tensors[it.outputs.front()];
  it.tile_columns = ceil_div(grid.width, it.w);
  it.tile_rows = ceil_div(grid.height, it.h);

  std::map<uint32_t, std::set<Slice>> needed;
  for (uint32_t output : it.outputs) needed[output].insert(kTileSlice);
  bool loops = false;
  for (size_t i = subgraph.operators.size(); i-- > 0;) {
    const uint32_t op = subgraph.operators[i];
    const std::vector<uint32_t>& inputs = problem.operators[op].inputs;
    const std::set<Slice> slices = needed[problem.operators[op].output];
    for (auto slice = slices.rbegin(); slice != slices.rend(); ++slice) {
      const bool matmul = problem.is_matmul(op), sums = matmul && *slice == kTileSlice;
      it.executions.push_back({op, *slice, matmul, sums, Turn::kEveryStep});
      for (uint32_t input = 0; input < inputs.size(); ++input)
        needed[inputs[input]].insert(it.executions.back().operand_slice(input));
      if (sums) loops = true, it.depth = problem.depth(op);
    }
  }
  std::reverse(it.executions.begin(), it.executions.end());
  if (loops) it.k_steps = ceil_div(it.depth, it.k);

  // What is made for the tile alone waits until its sums are finished; what no k moves is
  // made once a tile.
  for (Execution& execution : it.executions)
    execution.turn = execution.sums_over_steps || execution.slice.moves_with_k() ? Turn::kEveryStep
                     : execution.slice == kTileSlice                             ? Turn::kLastStep
                                                                                 : Turn::kFirstStep;
  std::stable_partition(it.executions.begin(), it.executions.end(),
                        [](const Execution& execution) { return execution.turn != Turn::kLastStep; });

  for (uint32_t tensor : read) {
    if (made.count(tensor) != 0 || std::find(entering.begin(), entering.end(), tensor) != entering.end()) continue;
    std::set<Slice> slices;
    for (const Slice& slice : needed[tensor]) slices.insert(it.normalised(problem.tensors[tensor], slice));
    if (slices.count(kWholeTensor) != 0) slices = {kWholeTensor};
    const bool early = std::any_of(it.executions.begin(), it.executions.end(), [&](const Execution& execution) {
      const std::vector<uint32_t>& inputs = problem.operators[execution.op].inputs;
      return execution.turn != Turn::kLastStep && std::find(inputs.begin(), inputs.end(), tensor) != inputs.end();
    });
    for (const Slice& slice : slices)
      it.loads.push_back({tensor, slice,
                          slice.moves_with_k() ? Turn::kEveryStep
                          : early              ? Turn::kFirstStep
                                               : Turn::kLastStep});
  }
  return it;
}

}  // namespace rondo::fusion
