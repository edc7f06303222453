// Checks and completes a graph, in steps that may each rely on those before: names,
// wiring, order, shapes, use. Every step is linear in tensors plus operators, but
// for the heap that keeps operators in the order they were written.
#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include "planner/graph/infer_shape.h"
#include "rondo/graph.h"

namespace rondo {
namespace {

constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 40;
constexpr size_t kMaxNameBytes = 255;

Error fail(std::string message, const Place& place) {
  return make_error(ErrorCode::kInvalidGraph, std::move(message), place);
}

size_t input_count(OperatorKind kind) {
  const std::string_view inputs = info(kind).inputs;
  return 1 + static_cast<size_t>(std::count(inputs.begin(), inputs.end(), ' '));
}

// Names go into schedule files as they are, so they keep to what those can say.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; });
}

class Finisher {
 public:
  explicit Finisher(Graph& graph) : graph_(graph) {}

  Status run() {
    Status status = check_names();
    if (status.ok()) status = check_wiring();
    if (status.ok()) status = order_operators();
    if (status.ok()) status = infer_shapes();
    if (status.ok()) status = check_use();
    return status;
  }

 private:
  std::string quoted(uint32_t tensor) const { return "'" + graph_.tensors[tensor].name + "'"; }
  static std::string titled(const GraphOperator& op) { return std::string(info(op.kind).name) + " '" + op.name + "'"; }

  Status check_names() {
    if (graph_.operators.empty()) return fail("the graph has no operators", {});
    std::unordered_map<std::string_view, uint32_t> seen;
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      if (!is_name(it.name))
        return fail("tensor name '" + it.name.substr(0, 40) +
                        "' is not allowed: letters, digits, _ and . only, a letter or _ first, at most 255",
                    it.place);
      if (!seen.emplace(it.name, tensor).second) return fail("two tensors are named " + quoted(tensor), it.place);
    }
    seen.clear();
    for (uint32_t op = 0; op < graph_.operators.size(); ++op) {
      GraphOperator& it = graph_.operators[op];
      if (static_cast<size_t>(it.kind) >= kOperators.size())
        return fail("operator " + std::to_string(op) + " is of no known kind", it.place);
      if (it.name.empty()) it.name = std::string(info(it.kind).name) + "_" + std::to_string(op);
      if (!is_name(it.name))
        return fail("operator name '" + it.name.substr(0, 40) +
                        "' is not allowed: letters, digits, _ and . only, a letter or _ first, at most 255",
                    it.place);
    }
    for (uint32_t op = 0; op < graph_.operators.size(); ++op)
      if (!seen.emplace(graph_.operators[op].name, op).second)
        return fail("two operators are named '" + graph_.operators[op].name + "'", graph_.operators[op].place);
    return {};
  }

  Status check_wiring() {
    producer_.assign(graph_.tensors.size(), kNone);
    for (uint32_t index = 0; index < graph_.operators.size(); ++index) {
      const GraphOperator& op = graph_.operators[index];
      const size_t wanted = input_count(op.kind);
      if (op.inputs.size() != wanted)
        return fail(titled(op) + " has " + std::to_string(op.inputs.size()) + " inputs and takes " +
                        std::to_string(wanted) + ": " + std::string(info(op.kind).inputs),
                    op.place);
      for (uint32_t tensor : op.inputs)
        if (tensor >= graph_.tensors.size())
          return fail(
              titled(op) + " reads tensor " + std::to_string(tensor) + " of " + std::to_string(graph_.tensors.size()),
              op.place);
      if (op.output >= graph_.tensors.size())
        return fail(
            titled(op) + " writes tensor " + std::to_string(op.output) + " of " + std::to_string(graph_.tensors.size()),
            op.place);
      if (!(op.epsilon >= 0.0f && op.epsilon <= 1.0f))
        return fail(titled(op) + " has an epsilon outside [0, 1]", op.place);
      const TensorRole role = graph_.tensors[op.output].role;
      if (role == TensorRole::kInput || role == TensorRole::kConstant)
        return fail(titled(op) + " writes " + quoted(op.output) + ", which is " +
                        (role == TensorRole::kInput ? "an input" : "a constant"),
                    op.place);
      if (producer_[op.output] != kNone)
        return fail("tensor " + quoted(op.output) + " is produced twice: by " +
                        titled(graph_.operators[producer_[op.output]]) + " and by " + titled(op),
                    op.place);
      producer_[op.output] = index;
    }
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      const bool given = it.role == TensorRole::kInput || it.role == TensorRole::kConstant;
      if (!given && producer_[tensor] == kNone)
        return fail(
            (it.role == TensorRole::kOutput ? "output " : "tensor ") + quoted(tensor) + " is produced by no operator",
            it.place);
      if (it.dtype != DType::kF32)
        return fail("tensor " + quoted(tensor) + " is " + std::string(info(it.dtype).name) +
                        ": operators compute with f32 only so far",
                    it.place);
      if (given || !it.shape.empty())
        if (Status status = check_shape(tensor); !status.ok()) return status;
    }
    return {};
  }

  Status check_shape(uint32_t tensor) const {
    const GraphTensor& it = graph_.tensors[tensor];
    if (it.shape.empty()) return fail("tensor " + quoted(tensor) + " has no shape", it.place);
    const std::string title = "tensor " + quoted(tensor) + " has shape " + shape_text(it.shape);
    if (it.shape.size() > kMaxRank)
      return fail(title + ": " + std::to_string(it.shape.size()) + " axes; at most " + std::to_string(kMaxRank) +
                      " are allowed",
                  it.place);
    uint64_t bytes = size_of(it.dtype);
    for (size_t axis = 0; axis < it.shape.size(); ++axis) {
      if (it.shape[axis] == 0)
        return fail(title + ": axis " + std::to_string(axis) + " is empty; every extent must be at least 1", it.place);
      if (it.shape[axis] > kMaxTensorBytes / bytes) return fail(title + ": more than 2^40 bytes", it.place);
      bytes *= it.shape[axis];
    }
    return {};
  }

  Status order_operators() {
    const auto count = static_cast<uint32_t>(graph_.operators.size());
    std::vector<uint32_t> missing(count, 0);
    std::vector<std::vector<uint32_t>> readers(graph_.tensors.size());
    for (uint32_t op = 0; op < count; ++op)
      for (uint32_t tensor : graph_.operators[op].inputs)
        if (producer_[tensor] != kNone) {
          ++missing[op];
          readers[tensor].push_back(op);
        }
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
    for (uint32_t op = 0; op < count; ++op)
      if (missing[op] == 0) ready.push(op);
    std::vector<uint32_t> order;
    order.reserve(count);
    while (!ready.empty()) {
      order.push_back(ready.top());
      ready.pop();
      for (uint32_t reader : readers[graph_.operators[order.back()].output])
        if (--missing[reader] == 0) ready.push(reader);
    }
    if (order.size() != count) return cycle(missing);
    std::vector<GraphOperator> sorted;
    sorted.reserve(count);
    for (uint32_t op : order) sorted.push_back(std::move(graph_.operators[op]));
    graph_.operators = std::move(sorted);
    return {};
  }

  // Walks against the arrows among operators that never became ready: each has an
  // input made by another such operator, so the walk must come round.
  Status cycle(const std::vector<uint32_t>& missing) const {
    uint32_t at = 0;
    while (missing[at] == 0) ++at;
    std::vector<uint32_t> path, position(missing.size(), kNone);
    while (position[at] == kNone) {
      position[at] = static_cast<uint32_t>(path.size());
      path.push_back(at);
      for (uint32_t tensor : graph_.operators[at].inputs)
        if (producer_[tensor] != kNone && missing[producer_[tensor]] != 0) {
          at = producer_[tensor];
          break;
        }
    }
    std::vector<uint32_t> loop(path.begin() + position[at], path.end());
    std::reverse(loop.begin(), loop.end());
    // Begin with the operator that was written first, so that the message does not depend on the walk.
    std::rotate(loop.begin(), std::min_element(loop.begin(), loop.end()), loop.end());
    constexpr size_t kShown = 8;
    std::string text;
    for (size_t i = 0; i < loop.size() && i < kShown; ++i) text += graph_.operators[loop[i]].name + " -> ";
    if (loop.size() > kShown) text += "... " + std::to_string(loop.size() - kShown) + " more ... -> ";
    return fail("operators form a cycle: " + text + graph_.operators[loop[0]].name, graph_.operators[loop[0]].place);
  }

  Status infer_shapes() {
    for (const GraphOperator& op : graph_.operators) {
      Result<Shape> shape = infer_shape(graph_, op);
      if (!shape.ok()) return shape.error();
      GraphTensor& output = graph_.tensors[op.output];
      if (!output.shape.empty() && output.shape != *shape)
        return fail(titled(op) + " gives " + shape_text(*shape) + ", but " + quoted(op.output) + " is declared as " +
                        shape_text(output.shape),
                    op.place);
      output.shape = *std::move(shape);
      if (Status status = check_shape(op.output); !status.ok()) return status;
    }
    return {};
  }

  Status check_use() const {
    std::vector<uint8_t> read(graph_.tensors.size(), 0);
    for (const GraphOperator& op : graph_.operators)
      for (uint32_t tensor : op.inputs) read[tensor] = 1;
    bool has_output = false;
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      has_output |= it.role == TensorRole::kOutput;
      if (it.role != TensorRole::kOutput && !read[tensor])
        return fail("tensor " + quoted(tensor) + " is read by no operator and is no output", it.place);
    }
    if (!has_output) return fail("no tensor has role output", {});
    return {};
  }

  Graph& graph_;
  std::vector<uint32_t> producer_;  // by tensor; valid until operators are reordered
};

}  // namespace

Status finish_graph(Graph& graph) { return Finisher(graph).run(); }

}  // namespace rondo
