#include "tests/whole/random_graph.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <random>

namespace rondo::testing {
namespace {

// Sizes around vector widths and tile edges, where kernels and planners go wrong.
constexpr uint32_t kExtents[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65, 77, 80};

// What is known of the elements of a tensor, so that no operator leaves the numbers that
// f32 and its error bounds are good for.
struct Facts {
  double size = 1;  // |element| at most
  double least = -1e30;
};

constexpr OperatorKind kMaps[] = {
    OperatorKind::kAdd,  OperatorKind::kSub,  OperatorKind::kMul,     OperatorKind::kDiv,       OperatorKind::kBias,
    OperatorKind::kRelu, OperatorKind::kGelu, OperatorKind::kSilu,    OperatorKind::kSigmoid,   OperatorKind::kTanh,
    OperatorKind::kExp,  OperatorKind::kSqrt, OperatorKind::kSoftmax, OperatorKind::kLayerNorm, OperatorKind::kRmsNorm};

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
      if (!changes_state(op.kind) && (!read[op.output] || pick(8) == 0) && is_whole_[op.output])
        graph_.tensors[op.output].role = TensorRole::kOutput;
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

  uint32_t divisor_of(uint32_t number) {
    for (;;)
      if (const uint32_t d = 1 + pick(std::min(number, 8u)); number % d == 0) return d;
  }

  std::vector<uint32_t> random_shape() {
    std::vector<uint32_t> shape;
    for (uint32_t lead = pick(6) == 0 ? 1 + pick(2) : 0; lead > 0; --lead) shape.push_back(1 + pick(3));
    shape.push_back(extent());
    shape.push_back(extent());
    return shape;
  }

  uint32_t tensor(const char* prefix, TensorRole role, std::vector<uint32_t> shape) {
    GraphTensor made;
    made.name = prefix + std::to_string(graph_.tensors.size());
    made.role = role;
    made.shape = std::move(shape);
    graph_.tensors.push_back(made);
    facts_.emplace_back();
    is_whole_.push_back(true);
    return static_cast<uint32_t>(graph_.tensors.size() - 1);
  }

  uint32_t source(std::vector<uint32_t> shape, TensorRole role) {
    const uint32_t made = tensor(role == TensorRole::kConstant ? "w" : "x", role, std::move(shape));
    if (role == TensorRole::kConstant) facts_[made].size = 2;
    return made;
  }

  // A new source or, where shapes allow, a tensor that exists already.
  uint32_t operand(const std::vector<uint32_t>& shape) {
    if (pick(3) == 0)
      for (uint32_t candidate : pool_)
        if (graph_.tensors[candidate].shape == shape) return candidate;
    return source(shape, pick(4) == 0 ? TensorRole::kInput : TensorRole::kConstant);
  }

  const std::vector<uint32_t>& shape_of(uint32_t index) const { return graph_.tensors[index].shape; }

  uint32_t emit(GraphOperator op, std::vector<uint32_t> shape, Facts facts) {
    op.output = tensor("t", TensorRole::kIntermediate, std::move(shape));
    facts_[op.output] = facts;
    op.name = std::string(info(op.kind).name) + "_" + std::to_string(graph_.operators.size());
    graph_.operators.push_back(op);
    return graph_.operators.back().output;
  }

  void add_operator() {
    const uint32_t x = pool_[pick(3) == 0 ? pick(static_cast<uint32_t>(pool_.size())) : pool_.size() - 1];
    const uint32_t turn = pick(12);
    if (shape_of(x).size() >= 2 && turn < 3) return add_matmul(x);
    if (turn < 6) return add_map(x);
    if (turn < 9) return add_rearranged(x);
    if (turn == 9) return add_reduction(x);
    if (turn == 10) return add_heads(x);
    return add_indexed(x);
  }

  void add_matmul(uint32_t x) {
    const std::vector<uint32_t> shape = shape_of(x);
    GraphOperator op;
    op.kind = OperatorKind::kMatmul;
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
    op.inputs = {x, operand(b)};
    std::vector<uint32_t> result = shape;
    result[rank - 2] = m;
    result[rank - 1] = n;
    const double size = facts_[x].size * facts_[op.inputs[1]].size * k;
    pool_.push_back(emit(op, result, {size}));
  }

  void add_map(uint32_t x) {
    const std::vector<uint32_t> shape = shape_of(x);
    const Facts in = facts_[x];
    GraphOperator op;
    op.kind = kMaps[pick(std::size(kMaps))];
    op.inputs = {x};
    Facts out = in;
    if (op.kind == OperatorKind::kExp && in.size > 20) op.kind = OperatorKind::kTanh;
    if (op.kind == OperatorKind::kSqrt && in.least < 0) op.kind = OperatorKind::kSigmoid;
    if (op.kind == OperatorKind::kMul && in.size > 1e6) op.kind = OperatorKind::kAdd;
    switch (op.kind) {
      case OperatorKind::kAdd:
      case OperatorKind::kSub:
      case OperatorKind::kMul:
      case OperatorKind::kDiv: {
        std::vector<uint32_t> b = shape;
        for (uint32_t& e : b)
          if (pick(4) == 0) e = 1;
        if (pick(4) == 0) b.erase(b.begin(), b.begin() + static_cast<long>(pick(static_cast<uint32_t>(b.size()))));
        uint32_t other = operand(b);
        if (op.kind == OperatorKind::kDiv) other = divisor(other);
        op.inputs.push_back(other);
        const double size = facts_[other].size;
        out = {op.kind == OperatorKind::kMul   ? in.size * size
               : op.kind == OperatorKind::kDiv ? in.size / facts_[other].least
                                               : in.size + size};
        if (op.kind != OperatorKind::kDiv && pick(2) == 0) std::swap(op.inputs[0], op.inputs[1]);
        break;
      }
      case OperatorKind::kBias:
        op.inputs.push_back(operand({shape.back()}));
        out = {in.size + facts_[op.inputs[1]].size};
        break;
      case OperatorKind::kLayerNorm:
        op.inputs.push_back(operand({shape.back()}));
        op.inputs.push_back(operand({shape.back()}));
        out = {10 * facts_[op.inputs[1]].size + facts_[op.inputs[2]].size};
        break;
      case OperatorKind::kRmsNorm:
        op.inputs.push_back(operand({shape.back()}));
        out = {10 * facts_[op.inputs[1]].size};
        break;
      case OperatorKind::kGelu:
        op.gelu_tanh = pick(2) == 0;
        out.least = -1;
        break;
      case OperatorKind::kRelu:
        out.least = 0;
        break;
      case OperatorKind::kSigmoid:
      case OperatorKind::kSoftmax:
        out = {1, 0};
        break;
      case OperatorKind::kTanh:
        out = {1, -1};
        break;
      case OperatorKind::kExp:
        out = {std::exp(in.size), std::exp(-in.size)};
        break;
      case OperatorKind::kSqrt:
        out = {std::sqrt(in.size) + 1, 0};
        break;
      default:
        break;
    }
    pool_.push_back(emit(op, shape, out));
  }

  // A tensor of the same shape that is at least 1/e.
  uint32_t divisor(uint32_t of) {
    GraphOperator op;
    op.kind = OperatorKind::kTanh;
    op.inputs = {of};
    op.inputs = {emit(op, shape_of(of), {1, -1})};
    op.kind = OperatorKind::kExp;
    return emit(op, shape_of(op.inputs[0]), {3, 0.36});
  }

  void add_reduction(uint32_t x) {
    std::vector<uint32_t> shape = shape_of(x);
    GraphOperator op;
    op.kind = static_cast<OperatorKind>(static_cast<uint32_t>(OperatorKind::kReduceSum) + pick(3));
    op.inputs = {x};
    op.axis = static_cast<int32_t>(pick(static_cast<uint32_t>(shape.size())));
    op.keep_axis = shape.size() == 1 || pick(2) == 0;
    Facts facts = facts_[x];
    if (op.kind == OperatorKind::kReduceSum) facts.size *= shape[op.axis];
    if (op.kind == OperatorKind::kReduceSum) facts.least *= shape[op.axis];
    if (op.keep_axis)
      shape[op.axis] = 1;
    else
      shape.erase(shape.begin() + op.axis);
    pool_.push_back(emit(op, shape, facts));
  }

  void add_rearranged(uint32_t x) {
    std::vector<uint32_t> shape = shape_of(x);
    GraphOperator op;
    op.inputs = {x};
    op.axis = static_cast<int32_t>(pick(static_cast<uint32_t>(shape.size())));
    switch (pick(5)) {
      case 0: {
        op.kind = OperatorKind::kConcat;
        std::vector<uint32_t> other = shape;
        other[op.axis] = pick(2) == 0 ? shape[op.axis] : 1 + pick(9);
        op.inputs.push_back(operand(other));
        if (pick(3) == 0) std::swap(op.inputs[0], op.inputs[1]);
        shape[op.axis] += other[op.axis];
        Facts facts = facts_[op.inputs[0]];
        facts.size = std::max(facts.size, facts_[op.inputs[1]].size);
        facts.least = std::min(facts.least, facts_[op.inputs[1]].least);
        pool_.push_back(emit(op, shape, facts));
        return;
      }
      case 1:
        op.kind = OperatorKind::kTranspose;
        for (uint32_t axis = 0; axis < shape.size(); ++axis) op.order.push_back(axis);
        std::shuffle(op.order.begin(), op.order.end(), random_);
        for (size_t axis = 0; axis < op.order.size(); ++axis) shape[axis] = shape_of(x)[op.order[axis]];
        break;
      case 2:
      case 3: {
        op.kind = OperatorKind::kSlice;
        const uint32_t begin = pick(shape[op.axis]), end = begin + 1 + pick(shape[op.axis] - begin);
        shape[op.axis] = end - begin;
        if (pick(3) == 0) {  // moved by a scalar, to where it would be
          GraphScalar scalar;
          scalar.name = "s" + std::to_string(graph_.scalars.size());
          scalar.max = shape_of(x)[op.axis] - shape[op.axis];
          op.begin = {static_cast<uint32_t>(graph_.scalars.size()), 0};
          op.end = {op.begin.scalar, shape[op.axis]};
          graph_.scalars.push_back(scalar);
        } else {
          op.begin.plus = begin;
          op.end.plus = end;
        }
        op.has_end = true;
        break;
      }
      default:
        op.kind = OperatorKind::kReshape;
        shape = reshaped(shape);
        op.shape = shape;
        break;
    }
    pool_.push_back(emit(op, shape, facts_[x]));
  }

  // Two axes merged, one split, or any other shape of as many elements.
  std::vector<uint32_t> reshaped(std::vector<uint32_t> shape) {
    const uint32_t axis = pick(static_cast<uint32_t>(shape.size()));
    const uint32_t way = pick(4);
    if (way == 0 && axis + 1 < shape.size()) {
      shape[axis] *= shape[axis + 1];
      shape.erase(shape.begin() + axis + 1);
    } else if (way == 1 && shape.size() < kMaxRank) {
      const uint32_t inner = divisor_of(shape[axis]);
      shape[axis] /= inner;
      shape.insert(shape.begin() + axis + 1, inner);
    } else if (way == 2 && shape.size() >= 2) {
      std::swap(shape[axis], shape.back());
    } else {
      uint32_t count = 1;
      for (uint32_t e : shape) count *= e;
      const uint32_t inner = divisor_of(count);
      shape = {count / inner, inner};
    }
    return shape;
  }

  void add_heads(uint32_t x) {
    const std::vector<uint32_t> shape = shape_of(x);
    if (shape.size() < 2 || facts_[x].size > 100) return add_map(x);
    GraphOperator op;
    op.heads = divisor_of(shape.back());
    op.inputs = {x};
    const uint32_t d = shape.back() / op.heads;
    if (pick(3) == 0) {
      op.kind = OperatorKind::kRotary;
      op.interleaved = pick(2) == 0;
      for (int i = 0; i < 2; ++i) op.inputs.push_back(operand({shape[shape.size() - 2], d}));
      pool_.push_back(emit(op, shape, {facts_[x].size * (facts_[op.inputs[1]].size + facts_[op.inputs[2]].size)}));
      return;
    }
    op.kind = OperatorKind::kAttention;
    op.kv_heads = divisor_of(op.heads);
    op.causal = pick(2) == 0;
    if (pick(4) == 0) op.scale = 0.25f;
    const uint32_t e = 1 + pick(12);
    std::vector<uint32_t> k(shape.begin(), shape.end() - 2), v, result = shape;
    if (pick(3) == 0) k.clear();
    k.push_back(pick(2) == 0 ? shape[shape.size() - 2] : extent());
    v = k;
    k.push_back(op.kv_heads * d);
    v.push_back(op.kv_heads * e);
    op.inputs.push_back(operand(k));
    op.inputs.push_back(operand(v));
    result.back() = op.heads * e;
    pool_.push_back(emit(op, result, {facts_[op.inputs[2]].size + 1}));
  }

  void add_indexed(uint32_t x) {
    const std::vector<uint32_t> shape = shape_of(x);
    if (shape.size() != 2) return add_map(x);
    switch (pick(4)) {
      case 0:
        return add_cache(x);
      case 1:
        return add_pages(x);
      default:
        break;
    }
    GraphOperator op;
    op.kind = OperatorKind::kGather;
    std::vector<uint32_t> rows = {1 + pick(20)};
    if (pick(4) == 0) rows.insert(rows.begin(), 1 + pick(3));
    op.inputs = {x, row_numbers(rows, shape[0])};
    rows.push_back(shape[1]);
    pool_.push_back(emit(op, rows, facts_[x]));
  }

  // A table below a limit, or an input that goes beyond the rows there are.
  uint32_t row_numbers(std::vector<uint32_t> shape, uint32_t limit) {
    const bool table = pick(2) == 0;
    const uint32_t made = tensor("r", table ? TensorRole::kTable : TensorRole::kInput, std::move(shape));
    graph_.tensors[made].dtype = pick(2) == 0 ? DType::kI32 : DType::kI64;
    if (table) graph_.tensors[made].index_limit = limit;
    return made;
  }

  // Rows appended to a state, all of which are seen by queries.
  void add_cache(uint32_t x) {
    const std::vector<uint32_t> shape = shape_of(x);
    const uint32_t rows = shape[0], heads = divisor_of(shape[1]);
    if (facts_[x].size > 100) return add_map(x);
    const uint32_t capacity = rows + pick(20);
    const uint32_t state = tensor("c", TensorRole::kState, {capacity, shape[1]});
    GraphScalar scalar;
    scalar.name = "s" + std::to_string(graph_.scalars.size());
    // One row goes round the end.
    scalar.max = rows == 1 ? capacity + 3 : capacity - rows;
    const auto number = static_cast<uint32_t>(graph_.scalars.size());
    graph_.scalars.push_back(scalar);
    if (pick(4) != 0) graph_.tensors[state].filled = {number, 0};
    GraphOperator append;
    append.kind = OperatorKind::kAppend;
    append.inputs = {state, x};
    append.begin = {number, 0};
    const uint32_t cache = emit(append, {capacity, shape[1]}, facts_[x]);
    is_whole_[cache] = false;
    GraphOperator op;
    op.kind = OperatorKind::kAttention;
    op.heads = heads;
    op.causal = rows == 1 ? false : pick(2) == 0;
    const uint32_t queries = pick(2) == 0 ? x : operand({1 + pick(9), shape[1]});
    op.inputs = {queries, cache, cache};
    pool_.push_back(emit(op, shape_of(queries), {facts_[x].size + 1}));
  }

  // Rows scattered into a pool, some of which are seen by queries.
  void add_pages(uint32_t x) {
    const std::vector<uint32_t> shape = shape_of(x);
    if (facts_[x].size > 100) return add_map(x);
    const uint32_t pool = tensor("p", TensorRole::kState, {shape[0] + pick(20), shape[1]});
    GraphOperator scatter;
    scatter.kind = OperatorKind::kScatter;
    scatter.inputs = {pool, x, row_numbers({shape[0]}, shape_of(pool)[0])};
    const uint32_t after = emit(scatter, shape_of(pool), facts_[x]);
    is_whole_[after] = false;
    GraphOperator op;
    op.kind = OperatorKind::kAttention;
    op.heads = divisor_of(shape[1]);
    op.inputs = {x, after, after, row_numbers({1 + pick(30)}, shape_of(pool)[0])};
    pool_.push_back(emit(op, shape, {facts_[x].size + 1}));
  }

  std::mt19937_64 random_;
  RandomGraphLimits limits_;
  Graph graph_;
  std::vector<Facts> facts_;    // by tensor
  std::vector<bool> is_whole_;  // by tensor: it may be an output
  std::vector<uint32_t> pool_;  // tensors an operator may read as its first input
};

}  // namespace

Graph random_graph(uint64_t seed, const RandomGraphLimits& limits) { return Maker(seed, limits).make(); }

}  // namespace rondo::testing
