// Checks and completes a graph, in steps that may each rely on those before: names,
// wiring, order, shapes, use. Every step is linear in tensors plus operators, but
// for the heap that keeps operators in the order they were written.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "planner/graph/infer_shape.h"
#include "planner/graph/invalid_graph.h"
#include "planner/graph/order_operators.h"
#include "planner/graph/state_versions.h"
#include "rondo/graph.h"

namespace rondo {
namespace {

constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 40;
constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxConcatInputs = 65535;
constexpr int64_t kMostPlus = int64_t{1} << 40;    // beside a scalar: beyond every extent
constexpr int64_t kMostScalar = int64_t{1} << 62;  // of a scalar: sums with kMostPlus do not overflow

// Fewest and most inputs.
std::pair<size_t, size_t> input_counts(OperatorKind kind) {
  const std::string_view inputs = info(kind).inputs;
  if (inputs.ends_with("...")) return {2, kMaxConcatInputs};
  const size_t words = 1 + static_cast<size_t>(std::count(inputs.begin(), inputs.end(), ' '));
  return {inputs.ends_with("?") ? words - 1 : words, words};
}

// Names go into schedule files as they are, so they keep to what those can say.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; });
}

bool is_given(TensorRole role) { return role != TensorRole::kOutput && role != TensorRole::kIntermediate; }

std::string with_article(TensorRole role) {
  switch (role) {
    case TensorRole::kInput:
      return "an input";
    case TensorRole::kConstant:
      return "a constant";
    case TensorRole::kState:
      return "a state";
    case TensorRole::kTable:
      return "a table";
    case TensorRole::kOutput:
      return "an output";
    case TensorRole::kIntermediate:
      break;
  }
  return "an intermediate";
}

class Finisher {
 public:
  explicit Finisher(Graph& graph) : graph_(graph) {}

  Status run() {
    Status status = check_names();
    if (status.ok()) status = check_wiring();
    if (status.ok()) status = check_scalars();
    if (status.ok()) status = order_operators(graph_);
    if (status.ok()) status = infer_shapes();
    if (status.ok()) status = check_use();
    return status;
  }

 private:
  std::string quoted(uint32_t tensor) const { return "'" + graph_.tensors[tensor].name + "'"; }
  static std::string titled(const GraphOperator& op) { return std::string(info(op.kind).name) + " '" + op.name + "'"; }

  Status check_names() {
    if (graph_.operators.empty()) return invalid_graph("the graph has no operators", {});
    std::unordered_map<std::string_view, uint32_t> seen;
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      if (!is_name(it.name))
        return invalid_graph("tensor name '" + it.name.substr(0, 40) +
                                 "' is not allowed: letters, digits, _ and . only, a letter or _ first, at most 255",
                             it.place);
      if (!seen.emplace(it.name, tensor).second)
        return invalid_graph("two tensors are named " + quoted(tensor), it.place);
    }
    seen.clear();
    for (uint32_t op = 0; op < graph_.operators.size(); ++op) {
      GraphOperator& it = graph_.operators[op];
      if (static_cast<size_t>(it.kind) >= kOperators.size())
        return invalid_graph("operator " + std::to_string(op) + " is of no known kind", it.place);
      if (it.name.empty()) it.name = std::string(info(it.kind).name) + "_" + std::to_string(op);
      if (!is_name(it.name))
        return invalid_graph("operator name '" + it.name.substr(0, 40) +
                                 "' is not allowed: letters, digits, _ and . only, a letter or _ first, at most 255",
                             it.place);
    }
    for (uint32_t op = 0; op < graph_.operators.size(); ++op)
      if (!seen.emplace(graph_.operators[op].name, op).second)
        return invalid_graph("two operators are named '" + graph_.operators[op].name + "'", graph_.operators[op].place);
    return {};
  }

  Status check_wiring() {
    producer_.assign(graph_.tensors.size(), kNone);
    for (uint32_t index = 0; index < graph_.operators.size(); ++index) {
      const GraphOperator& op = graph_.operators[index];
      const auto [fewest, most] = input_counts(op.kind);
      if (op.inputs.size() < fewest || op.inputs.size() > most)
        return invalid_graph(titled(op) + " has " + std::to_string(op.inputs.size()) + " inputs and takes " +
                                 std::to_string(fewest) + (most == fewest ? "" : " to " + std::to_string(most)) + ": " +
                                 std::string(info(op.kind).inputs),
                             op.place);
      for (uint32_t tensor : op.inputs)
        if (tensor >= graph_.tensors.size())
          return invalid_graph(
              titled(op) + " reads tensor " + std::to_string(tensor) + " of " + std::to_string(graph_.tensors.size()),
              op.place);
      if (op.output >= graph_.tensors.size())
        return invalid_graph(
            titled(op) + " writes tensor " + std::to_string(op.output) + " of " + std::to_string(graph_.tensors.size()),
            op.place);
      if (!(op.epsilon >= 0.0f && op.epsilon <= 1.0f))
        return invalid_graph(titled(op) + " has an epsilon outside [0, 1]", op.place);
      const TensorRole role = graph_.tensors[op.output].role;
      if (is_given(role))
        return invalid_graph(titled(op) + " writes " + quoted(op.output) + ", which is " + with_article(role),
                             op.place);
      if (role == TensorRole::kOutput && changes_state(op.kind))
        return invalid_graph(titled(op) + " gives a state, which cannot be the output " + quoted(op.output), op.place);
      if (producer_[op.output] != kNone)
        return invalid_graph("tensor " + quoted(op.output) + " is produced twice: by " +
                                 titled(graph_.operators[producer_[op.output]]) + " and by " + titled(op),
                             op.place);
      producer_[op.output] = index;
    }
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      const bool given = is_given(it.role);
      if (!given && producer_[tensor] == kNone)
        return invalid_graph(
            (it.role == TensorRole::kOutput ? "output " : "tensor ") + quoted(tensor) + " is produced by no operator",
            it.place);
      const bool rows = it.dtype == DType::kI32 || it.dtype == DType::kI64;
      if (it.role == TensorRole::kTable) {
        if (!rows)
          return invalid_graph(
              "table " + quoted(tensor) + " is " + std::string(info(it.dtype).name) + "; allowed is i32 or i64",
              it.place);
        const uint64_t most = it.dtype == DType::kI32 ? uint64_t{1} << 31 : uint64_t{1} << 62;
        if (it.index_limit == 0 || it.index_limit > most)
          return invalid_graph("limit of table " + quoted(tensor) + " is " + std::to_string(it.index_limit) +
                                   "; allowed is 1 to " + std::to_string(most),
                               it.place);
      } else if (it.dtype != DType::kF32 && !rows) {
        return invalid_graph("tensor " + quoted(tensor) + " is " + std::string(info(it.dtype).name) +
                                 ": operators compute with f32 only so far",
                             it.place);
      }
      if (given || !it.shape.empty())
        if (Status status = check_shape(tensor); !status.ok()) return status;
    }
    return {};
  }

  Status check_scalars() {
    std::unordered_map<std::string_view, uint32_t> seen;
    for (uint32_t index = 0; index < graph_.scalars.size(); ++index) {
      const GraphScalar& it = graph_.scalars[index];
      if (!is_name(it.name))
        return invalid_graph("scalar name '" + it.name.substr(0, 40) +
                                 "' is not allowed: letters, digits, _ and . only, a letter or _ first, at most 255",
                             it.place);
      if (!seen.emplace(it.name, index).second)
        return invalid_graph("two scalars are named '" + it.name + "'", it.place);
      if (it.min > it.max || it.min < -kMostScalar || it.max > kMostScalar)
        return invalid_graph("scalar '" + it.name + "' is declared " + std::to_string(it.min) + " to " +
                                 std::to_string(it.max) + "; the smallest comes first, both within +-2^62",
                             it.place);
    }
    for (const GraphTensor& it : graph_.tensors) {
      if (it.role != TensorRole::kState || !it.filled.moves()) continue;
      if (Status status = check_moving(it.filled, "filled of state '" + it.name + "'", it.place); !status.ok())
        return status;
    }
    for (const GraphOperator& op : graph_.operators) {
      for (const Moving* moving : {&op.begin, &op.end})
        if (Status status = check_moving(*moving, titled(op), op.place); !status.ok()) return status;
    }
    return {};
  }

  Status check_moving(const Moving& moving, const std::string& what, const Place& place) const {
    if (moving.moves() && moving.scalar >= graph_.scalars.size())
      return invalid_graph(
          what + " names scalar " + std::to_string(moving.scalar) + " of " + std::to_string(graph_.scalars.size()),
          place);
    if (moving.plus < -kMostPlus || moving.plus > kMostPlus)
      return invalid_graph(what + ": " + std::to_string(moving.plus) + " is beyond every axis; allowed is +-2^40",
                           place);
    return {};
  }

  Status check_shape(uint32_t tensor) const {
    const GraphTensor& it = graph_.tensors[tensor];
    if (it.shape.empty()) return invalid_graph("tensor " + quoted(tensor) + " has no shape", it.place);
    const std::string title = "tensor " + quoted(tensor) + " has shape " + shape_text(it.shape);
    if (it.shape.size() > kMaxRank)
      return invalid_graph(title + ": " + std::to_string(it.shape.size()) + " axes; at most " +
                               std::to_string(kMaxRank) + " are allowed",
                           it.place);
    uint64_t bytes = size_of(it.dtype);
    for (size_t axis = 0; axis < it.shape.size(); ++axis) {
      if (it.shape[axis] == 0)
        return invalid_graph(title + ": axis " + std::to_string(axis) + " is empty; every extent must be at least 1",
                             it.place);
      if (it.shape[axis] > kMaxTensorBytes / bytes) return invalid_graph(title + ": more than 2^40 bytes", it.place);
      bytes *= it.shape[axis];
    }
    return {};
  }

  Status infer_shapes() {
    for (GraphTensor& tensor : graph_.tensors)
      if (tensor.role != TensorRole::kState) tensor.filled = {};
    const std::vector<uint32_t> state_of = state_versions(graph_);
    for (GraphOperator& op : graph_.operators) {
      Result<Inferred> made = infer_output(graph_, op, state_of);
      if (!made.ok()) return made.error();
      const auto rank = static_cast<int32_t>(graph_.tensors[op.inputs[0]].shape.size());
      if (op.axis < 0) op.axis += rank;
      GraphTensor& output = graph_.tensors[op.output];
      if (!output.shape.empty() && output.shape != made->shape)
        return invalid_graph(titled(op) + " gives " + shape_text(made->shape) + ", but " + quoted(op.output) +
                                 " is declared as " + shape_text(output.shape),
                             op.place);
      output.shape = std::move(made->shape);
      output.dtype = made->dtype;
      output.filled = made->filled;
      if (output.role == TensorRole::kOutput && output.filled.moves())
        return invalid_graph(titled(op) + ": only the first " + moving_text(graph_, output.filled) + " entries of " +
                                 quoted(op.output) + " would hold something; an output is whole",
                             op.place);
      if (Status status = check_shape(op.output); !status.ok()) return status;
    }
    return {};
  }

  Status check_use() const {
    std::vector<uint8_t> read(graph_.tensors.size(), 0);
    for (const GraphOperator& op : graph_.operators)
      for (uint32_t tensor : op.inputs) read[tensor] = 1;
    bool has_output = false;
    for (const GraphOperator& op : graph_.operators)
      if (changes_state(op.kind)) read[op.output] = 1, has_output = true;
    for (uint32_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) {
      const GraphTensor& it = graph_.tensors[tensor];
      has_output |= it.role == TensorRole::kOutput;
      if (it.role != TensorRole::kOutput && !read[tensor])
        return invalid_graph("tensor " + quoted(tensor) + " is read by no operator and is no output", it.place);
    }
    if (!has_output) return invalid_graph("no tensor has role output, and no state is changed", {});
    return {};
  }

  Graph& graph_;
  std::vector<uint32_t> producer_;  // by tensor; valid until operators are reordered
};

}  // namespace

Status finish_graph(Graph& graph) { return Finisher(graph).run(); }

}  // namespace rondo
