#include "planner/fusion/cost/network.h"
#include <algorithm>
#include <functional>
#include <queue>

namespace rondo::fusion {

Network make_network(const Problem& problem) {
  Network net;
  const size_t tensors = problem.tensors.size(), operators = problem.operators.size();
  net.capacity = problem.capacity;
  net.bandwidth = problem.bandwidth;
  net.native = problem.native;
  for (const Tensor& tensor : problem.tensors) {
    net.width.push_back(tensor.width);
    net.height.push_back(tensor.height);
    net.size.push_back(tensor.width * tensor.height);
  }
  // Kahn's algorithm, the smallest ready number first: problems are mostly written
  // block by block, and this keeps the blocks together.
  std::vector<uint32_t> missing(operators, 0);
  std::vector<std::vector<uint32_t>> followers(operators);
  std::vector<uint32_t> producer(tensors, Network::kGraphInput);
  for (uint32_t op = 0; op < operators; ++op) producer[problem.operators[op].output] = op;
  for (uint32_t op = 0; op < operators; ++op)
    for (const uint32_t tensor : problem.operators[op].inputs)
      if (producer[tensor] != Network::kGraphInput) {
        ++missing[op];
        followers[producer[tensor]].push_back(op);
      }
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
  for (uint32_t op = 0; op < operators; ++op)
    if (missing[op] == 0) ready.push(op);
  std::vector<uint32_t> rank(operators, 0);
  while (!ready.empty()) {
    const uint32_t op = ready.top();
    ready.pop();
    rank[op] = static_cast<uint32_t>(net.original.size());
    net.original.push_back(op);
    for (const uint32_t follower : followers[op])
      if (--missing[follower] == 0) ready.push(follower);
  }
  net.producer.assign(tensors, Network::kGraphInput);
  net.consumers.resize(tensors);
  for (const uint32_t op : net.original) {
    const Operator& from = problem.operators[op];
    NetworkOperator to;
    to.matmul = from.type == OperatorType::kMatMul;
    to.output = from.output;
    to.inputs = from.inputs;
    to.base_cost = from.base_cost;
    to.reduction = to.matmul ? problem.tensors[from.inputs[0]].width : 0;
    net.producer[to.output] = rank[op];
    for (const uint32_t tensor : to.inputs)
      if (net.consumers[tensor].empty() || net.consumers[tensor].back() != rank[op])
        net.consumers[tensor].push_back(rank[op]);
    net.operators.push_back(std::move(to));
  }
  net.graph_output.assign(tensors, 0);
  for (uint32_t tensor = 0; tensor < tensors; ++tensor)
    net.graph_output[tensor] = net.producer[tensor] != Network::kGraphInput && net.consumers[tensor].empty();
  return net;
}

}  // namespace rondo::fusion
