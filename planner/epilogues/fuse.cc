#include "planner/epilogues/fuse.h"

#include <algorithm>

namespace rondo {
namespace {

// The operator that alone reads `tensor`, or kNone.
struct Readers {
  std::vector<uint32_t> count, last;
};

Readers find_readers(const Graph& graph) {
  Readers readers{std::vector<uint32_t>(graph.tensors.size(), 0), std::vector<uint32_t>(graph.tensors.size(), kNone)};
  for (uint32_t op = 0; op < graph.operators.size(); ++op)
    for (uint32_t tensor : graph.operators[op].inputs) {
      ++readers.count[tensor];
      readers.last[tensor] = op;
    }
  return readers;
}

// The vector that `op` adds along the last axis of `sum`, or kNone. An `add` of a
// full-length vector is a bias under another name.
uint32_t bias_of(const Graph& graph, const GraphOperator& op, uint32_t sum) {
  if (op.kind != OperatorKind::kBias && op.kind != OperatorKind::kAdd) return kNone;
  if (op.inputs.size() != 2 || op.inputs[0] == op.inputs[1]) return kNone;
  if (op.kind == OperatorKind::kBias && op.inputs[0] != sum) return kNone;
  const uint32_t other = op.inputs[0] == sum ? op.inputs[1] : op.inputs[0];
  const GraphTensor& vector = graph.tensors[other];
  const bool fits = vector.shape.size() == 1 && vector.shape[0] == graph.tensors[sum].shape.back();
  return fits && graph.tensors[op.output].shape == graph.tensors[sum].shape ? other : kNone;
}

Activation activation_of(const GraphOperator& op) {
  if (op.kind == OperatorKind::kRelu) return Activation::kRelu;
  if (op.kind == OperatorKind::kGelu) return op.gelu_tanh ? Activation::kGeluTanh : Activation::kGeluErf;
  return Activation::kIdentity;
}

}  // namespace

std::vector<FusedGroup> fuse_epilogues(const Graph& graph, bool fuse) {
  const Readers readers = find_readers(graph);
  std::vector<uint8_t> taken(graph.operators.size(), 0);
  std::vector<FusedGroup> groups;
  for (uint32_t first = 0; first < graph.operators.size(); ++first) {
    if (taken[first]) continue;
    const GraphOperator& main = graph.operators[first];
    FusedGroup group{{first}, first, main.kind, main.inputs, kNone, Activation::kIdentity, main.output};
    while (fuse && main.kind == OperatorKind::kMatmul && group.activation == Activation::kIdentity) {
      const uint32_t between = group.output;
      if (graph.tensors[between].role == TensorRole::kOutput || readers.count[between] != 1) break;
      const uint32_t next = readers.last[between];
      const GraphOperator& op = graph.operators[next];
      const uint32_t bias = group.bias == kNone ? bias_of(graph, op, between) : kNone;
      const Activation activation = activation_of(op);
      if (bias == kNone && activation == Activation::kIdentity) break;
      if (bias != kNone) group.bias = bias;
      group.activation = activation;
      group.output = op.output;
      group.operators.push_back(next);
      taken[next] = 1;
    }
    groups.push_back(std::move(group));
  }
  // A bias may be computed after the matmul it joins: a group stands where its last
  // operator stood.
  std::stable_sort(groups.begin(), groups.end(),
                   [](const FusedGroup& a, const FusedGroup& b) { return a.operators.back() < b.operators.back(); });
  return groups;
}

}  // namespace rondo
