#include "tests/whole/random_graph.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <random>

namespace rondo::testing {
namespace {

// Sizes around vector widths and tile edges, where kernels and planners go wrong.
constexpr uint32_t kExtents[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65, 77, 80};

class Maker {
 public:
  Maker(uint64_t seed, const RandomGraphLimits& limits) : random_(seed), limits_(limits) {}

  Graph make() {
    graph_.name = "random";
    pool_.push_back(source(random_shape(), TensorRole::kInput));
    const uint32_t count = 1 + pick(limits_.operators);
    for (uint32_t i = 0; i < count; ++i) add_operator();
    // Whatever nobody reads leaves the graph.
    std::vector<bool> read(graph_.tensors.size(), false);
    for (const GraphOperator& op : graph_.operators)
      for (uint32_t input : op.inputs) read[input] = true;
    for (const GraphOperator& op : graph_.operators)
      if (!read[op.output] || pick(8) == 0) graph_.tensors[op.output].role = TensorRole::kOutput;
    const Status status = finish_graph(graph_);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().to_string());
    return std::move(graph_);
  }

 private:
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  uint32_t extent() {
    for (;;)
      if (const uint32_t e = kExtents[pick(std::size(kExtents))]; e <= limits_.extent) return e;
  }

  std::vector<uint32_t> random_shape() {
    std::vector<uint32_t> shape;
    for (uint32_t lead = pick(6) == 0 ? 1 + pick(2) : 0; lead > 0; --lead) shape.push_back(1 + pick(3));
    shape.push_back(extent());
    shape.push_back(extent());
    return shape;
  }

  uint32_t source(std::vector<uint32_t> shape, TensorRole role) {
    GraphTensor tensor;
    tensor.name = (role == TensorRole::kConstant ? "w" : "x") + std::to_string(graph_.tensors.size());
    tensor.role = role;
    tensor.shape = std::move(shape);
    graph_.tensors.push_back(tensor);
    return static_cast<uint32_t>(graph_.tensors.size() - 1);
  }

  // A new source or, where shapes allow, a tensor that exists already.
  uint32_t operand(const std::vector<uint32_t>& shape) {
    if (pick(3) == 0)
      for (uint32_t candidate : pool_)
        if (graph_.tensors[candidate].shape == shape) return candidate;
    return source(shape, pick(4) == 0 ? TensorRole::kInput : TensorRole::kConstant);
  }

  void add_operator() {
    const uint32_t x = pool_[pick(3) == 0 ? pick(static_cast<uint32_t>(pool_.size())) : pool_.size() - 1];
    const std::vector<uint32_t> shape = graph_.tensors[x].shape;
    GraphOperator op;
    op.kind = static_cast<OperatorKind>(pick(static_cast<uint32_t>(kOperators.size())));
    if (pick(3) == 0) op.kind = OperatorKind::kMatmul;
    op.inputs = {x};
    std::vector<uint32_t> result = shape;
    switch (op.kind) {
      case OperatorKind::kMatmul: {
        op.transpose_a = pick(4) == 0;
        op.transpose_b = pick(4) == 0;
        const size_t rank = shape.size();
        const uint32_t m = op.transpose_a ? shape[rank - 1] : shape[rank - 2];
        const uint32_t k = op.transpose_a ? shape[rank - 2] : shape[rank - 1];
        const uint32_t n = extent();
        std::vector<uint32_t> b(shape.begin(), shape.end() - 2);
        if (pick(2) == 0) b.clear();  // one right operand for the whole batch
        b.push_back(op.transpose_b ? n : k);
        b.push_back(op.transpose_b ? k : n);
        op.inputs.push_back(operand(b));
        result[rank - 2] = m;
        result[rank - 1] = n;
        break;
      }
      case OperatorKind::kAdd:
      case OperatorKind::kMul: {
        std::vector<uint32_t> b = shape;
        for (uint32_t& e : b)
          if (pick(4) == 0) e = 1;
        if (pick(4) == 0) b.erase(b.begin(), b.begin() + static_cast<long>(pick(static_cast<uint32_t>(b.size()))));
        op.inputs.push_back(operand(b));
        if (pick(2) == 0) std::swap(op.inputs[0], op.inputs[1]);
        break;
      }
      case OperatorKind::kBias:
        op.inputs.push_back(operand({shape.back()}));
        break;
      case OperatorKind::kLayerNorm:
        op.inputs.push_back(operand({shape.back()}));
        op.inputs.push_back(operand({shape.back()}));
        break;
      case OperatorKind::kGelu:
        op.gelu_tanh = pick(2) == 0;
        break;
      case OperatorKind::kRelu:
      case OperatorKind::kSoftmax:
        break;
    }
    GraphTensor output;
    output.name = "t" + std::to_string(graph_.tensors.size());
    graph_.tensors.push_back(output);
    op.output = static_cast<uint32_t>(graph_.tensors.size() - 1);
    op.name = std::string(info(op.kind).name) + "_" + std::to_string(graph_.operators.size());
    graph_.tensors[op.output].shape = result;
    pool_.push_back(op.output);
    graph_.operators.push_back(op);
  }

  std::mt19937_64 random_;
  RandomGraphLimits limits_;
  Graph graph_;
  std::vector<uint32_t> pool_;  // tensors an operator may read as its first input
};

}  // namespace

Graph random_graph(uint64_t seed, const RandomGraphLimits& limits) { return Maker(seed, limits).make(); }

}  // namespace rondo::testing
