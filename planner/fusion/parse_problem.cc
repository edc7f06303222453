// The contest's problem files.
#include <algorithm>
#include <charconv>

#include "planner/fusion/finish_problem.h"
#include "planner/fusion/json_lists.h"
#include "planner/fusion/problem.h"
#include "rondo/load.h"

namespace rondo::fusion {
namespace {

using json::Kind;
using json::Node;

class ProblemReader {
 public:
  ProblemReader(const Node& root, const std::string& file)
      : root_(root), context_{file, ErrorCode::kInvalidGraph, ""} {}

  Result<Problem> read() {
    if (!root_.is(Kind::kObject)) return context_.fail(root_, "a problem is an object, this is ", name_of(root_.kind));
    for (const Status& status : {read_tensors(), read_operators(), read_machine()})
      if (!status.ok()) return status.error();
    if (std::optional<ProblemFault> fault = find_fault(problem_)) {
      const Node& list = *root_.find(fault->key);
      const Node& at =
          fault->entry >= 0 && static_cast<size_t>(fault->entry) < list.items.size() ? list.items[fault->entry] : list;
      Error error = context_.fail(at, fault->message);
      error.code = fault->code;
      return error;
    }
    return std::move(problem_);
  }

 private:
  Result<int64_t> whole(const Node& node, const std::string& what) const {
    if (!node.is(Kind::kNumber)) return context_.fail(node, what, " must be a number, it is ", name_of(node.kind));
    if (!node.is_integer) return context_.fail(node, what, " must be a whole number");
    return node.integer;
  }

  Status read_tensors() {
    Result<const Node*> widths = required_list(context_, root_, "widths");
    if (!widths.ok()) return widths.error();
    Result<const Node*> heights = required_list(context_, root_, "heights");
    if (!heights.ok()) return heights.error();
    const size_t count = (*widths)->items.size();
    if ((*heights)->items.size() != count)
      return context_.fail(**heights, "'heights' has ", (*heights)->items.size(), " entries, 'widths' has ", count);
    problem_.tensors.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      Result<int64_t> width = whole((*widths)->items[i], sentence("the width of tensor ", i));
      if (!width.ok()) return width.error();
      Result<int64_t> height = whole((*heights)->items[i], sentence("the height of tensor ", i));
      if (!height.ok()) return height.error();
      problem_.tensors.push_back({*width, *height});
    }
    return {};
  }

  Status read_operators() {
    constexpr const char* kLists[] = {"op_types", "inputs", "outputs", "base_costs"};
    const Node* lists[4];
    for (int i = 0; i < 4; ++i) {
      Result<const Node*> list = required_list(context_, root_, kLists[i]);
      if (!list.ok()) return list.error();
      lists[i] = *list;
      if (lists[i]->items.size() != lists[0]->items.size())
        return context_.fail(*lists[i], "'", kLists[i], "' has ", lists[i]->items.size(), " entries, 'op_types' has ",
                             lists[0]->items.size());
    }
    problem_.operators.resize(lists[0]->items.size());
    for (size_t i = 0; i < problem_.operators.size(); ++i) {
      Operator& op = problem_.operators[i];
      const Node& type = lists[0]->items[i];
      if (type.text == "MatMul") {
        op.type = OperatorType::kMatMul;
      } else if (type.text == "Pointwise") {
        op.type = OperatorType::kPointwise;
      } else {
        return context_.fail(type, "the type of operator ", i, " must be \"MatMul\" or \"Pointwise\"");
      }
      Result<std::vector<uint32_t>> inputs = read_ids(context_, lists[1]->items[i], sentence("inputs[", i, "]"));
      if (!inputs.ok()) return inputs.error();
      op.inputs = *std::move(inputs);
      Result<std::vector<uint32_t>> outputs = read_ids(context_, lists[2]->items[i], sentence("outputs[", i, "]"));
      if (!outputs.ok()) return outputs.error();
      if (outputs->size() != 1)
        return context_.fail(lists[2]->items[i], "operator ", i, " has ", outputs->size(),
                             " outputs; every operator has one");
      op.output = outputs->front();
      const Node& cost = lists[3]->items[i];
      if (!cost.is(Kind::kNumber))
        return context_.fail(cost, "the base cost of operator ", i, " must be a number, it is ", name_of(cost.kind));
      op.base_cost = cost.number;
    }
    return {};
  }

  Status read_machine() {
    constexpr const char* kKeys[] = {"fast_memory_capacity", "slow_memory_bandwidth", "native_granularity"};
    for (const char* key : kKeys)
      if (root_.find(key) == nullptr) return context_.fail(root_, "there is no '", key, "'");
    Result<int64_t> capacity = whole(*root_.find(kKeys[0]), "'fast_memory_capacity'");
    if (!capacity.ok()) return capacity.error();
    problem_.capacity = *capacity;
    const Node& bandwidth = *root_.find(kKeys[1]);
    if (!bandwidth.is(Kind::kNumber))
      return context_.fail(bandwidth, "'slow_memory_bandwidth' must be a number, it is ", name_of(bandwidth.kind));
    problem_.bandwidth = bandwidth.number;
    const Node& native = *root_.find(kKeys[2]);
    if (!native.is(Kind::kArray) || native.items.size() < 2 || native.items.size() > 3)
      return context_.fail(native, "'native_granularity' must be a list of two or three numbers: width, height, depth");
    for (const Node& item : native.items) {
      Result<int64_t> extent = whole(item, "each of 'native_granularity'");
      if (!extent.ok()) return extent.error();
      if (&item == &native.items.front()) problem_.native = *extent;
      if (*extent != problem_.native)
        return context_.fail(item, "'native_granularity' must be one number for all axes, not ", problem_.native,
                             " and ", *extent);
    }
    return {};
  }

  const Node& root_;
  JsonContext context_;
  Problem problem_;
};

void append_number(std::string& text, double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, end.ptr);
}

template <class List, class Print>
void append_list(std::string& text, const char* key, const List& list, Print print) {
  text += sentence("  \"", key, "\": [");
  bool first = true;
  for (const auto& item : list) {
    if (!first) text += ", ";
    first = false;
    print(item);
  }
  text += "],\n";
}

}  // namespace

Result<Problem> parse_problem(std::string_view text, const std::string& file) {
  Result<Node> root = json::parse(text, file, ErrorCode::kInvalidGraph);
  if (!root.ok()) return root.error();
  return ProblemReader(*root, file).read();
}

Result<Problem> load_problem(const std::string& path) {
  Result<std::vector<std::byte>> bytes = read_file(path, json::Limits{}.bytes);
  if (!bytes.ok()) return bytes.error();
  return parse_problem({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

std::string print_problem(const Problem& problem) {
  std::string text = "{\n";
  append_list(text, "widths", problem.tensors, [&](const Tensor& t) { text += std::to_string(t.width); });
  append_list(text, "heights", problem.tensors, [&](const Tensor& t) { text += std::to_string(t.height); });
  append_list(text, "inputs", problem.operators, [&](const Operator& op) {
    text += "[";
    for (size_t i = 0; i < op.inputs.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(op.inputs[i]);
    text += "]";
  });
  append_list(text, "outputs", problem.operators,
              [&](const Operator& op) { text += "[" + std::to_string(op.output) + "]"; });
  append_list(text, "base_costs", problem.operators, [&](const Operator& op) { append_number(text, op.base_cost); });
  append_list(text, "op_types", problem.operators,
              [&](const Operator& op) { text += op.type == OperatorType::kMatMul ? "\"MatMul\"" : "\"Pointwise\""; });
  text += sentence("  \"fast_memory_capacity\": ", problem.capacity, ",\n  \"slow_memory_bandwidth\": ");
  append_number(text, problem.bandwidth);
  text += sentence(",\n  \"native_granularity\": [", problem.native, ", ", problem.native, "]\n}\n");
  return text;
}

}  // namespace rondo::fusion
