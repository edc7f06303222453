#include "tests/planner/tile/tile_graphs.h"

#include <cstdlib>

namespace rondo::testing {

Graph mlp_graph(uint32_t batch, const std::vector<uint32_t>& dims) {
  Graph graph;
  graph.name = "mlp";
  const auto tensor = [&](std::string name, TensorRole role, std::vector<uint32_t> shape) {
    graph.tensors.push_back({std::move(name), role, DType::kF32, std::move(shape), {}});
    return static_cast<uint32_t>(graph.tensors.size() - 1);
  };
  uint32_t x = tensor("x", TensorRole::kInput, {batch, dims[0]});
  uint32_t next = 1;
  for (size_t layer = 0; layer + 1 < dims.size(); ++layer) {
    const bool last = layer + 2 == dims.size();
    const uint32_t w = tensor("w" + std::to_string(layer + 1), TensorRole::kConstant, {dims[layer], dims[layer + 1]});
    const uint32_t h = tensor("t" + std::to_string(next++), last ? TensorRole::kOutput : TensorRole::kIntermediate, {});
    GraphOperator matmul;
    matmul.kind = OperatorKind::kMatmul;
    matmul.inputs = {x, w};
    matmul.output = h;
    graph.operators.push_back(matmul);
    x = h;
    if (last) break;
    GraphOperator relu;
    relu.kind = OperatorKind::kRelu;
    relu.inputs = {h};
    relu.output = x = tensor("t" + std::to_string(next++), TensorRole::kIntermediate, {});
    graph.operators.push_back(relu);
  }
  if (!finish_graph(graph).ok()) std::abort();
  return graph;
}

Machine engine_machine(uint64_t scratch_bytes, uint32_t copy_in, uint32_t copy_out, double product) {
  Machine machine;
  machine.name = "engines";
  machine.spaces = {{"host", SpaceKind::kHost, uint64_t{1} << 40, 64, 0},
                    {"scratch", SpaceKind::kScratch, scratch_bytes, 64, 0}};
  machine.copy_in_engines = copy_in;
  machine.copy_out_engines = copy_out;
  machine.direct_operands = false;
  machine.costs = {{"copy", 1, 0, 0}, {"matmul", product, 0, 0}};
  return machine;
}

}  // namespace rondo::testing
