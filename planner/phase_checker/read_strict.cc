// alm-graph/1: gates of the strict machine.
#include <algorithm>
#include <map>
#include "planner/phase_checker/read_graph.h"

namespace rondo::phase_checker {
namespace {

using json::Kind;
using json::Node;

struct GateType {
  std::string_view name;
  OpKind kind;
  int64_t operands;  // -1: any number
  bool has_channel;
};
constexpr GateType kTypes[] = {
    {"input", OpKind::kInput, 0, false}, {"const", OpKind::kConst, 0, false}, {"linear", OpKind::kLinear, -1, false},
    {"reglu", OpKind::kReglu, 2, false}, {"read", OpKind::kRead, 1, true},    {"cumsum", OpKind::kCumsum, 1, true},
    {"write", OpKind::kWrite, 2, true},
};

bool read_number(const Node& gate, std::string_view key, const std::string& what, JsonFields& fields, double& number) {
  const Node* node = fields.field(gate, key, Kind::kNumber, what);
  if (node != nullptr) number = node->number;
  return node != nullptr;
}

bool read_linear(const Node& node, const std::string& what, JsonFields& fields, Op& op) {
  const Node* coefficients = fields.field(node, "coef", Kind::kArray, what);
  if (coefficients == nullptr || !read_number(node, "bias", what, fields, op.constant)) return false;
  if (coefficients->items.size() != op.operands.size())
    return fields.fail(*coefficients, what + " has " + std::to_string(op.operands.size()) + " inputs and " +
                                          std::to_string(coefficients->items.size()) + " coefficients");
  Sum& sum = op.sums.emplace_back();
  for (size_t i = 0; i < op.operands.size(); ++i) {
    if (!fields.is(coefficients->items[i], Kind::kNumber, "a coefficient of " + what)) return false;
    sum.push_back({op.operands[i], coefficients->items[i].number});
  }
  return true;
}

bool read_gate(const Node& node, Graph& graph, JsonFields& fields, uint32_t index) {
  const std::string what = "gate " + std::to_string(index);
  const Node* id = fields.field(node, "id", Kind::kNumber, what);
  if (id == nullptr) return false;
  if (!id->is_integer || id->integer != index)
    return fields.fail(*id, "W1: " + what + " must have id " + std::to_string(index) +
                                ": ids are unique and count from 0 in the order of the list");
  std::string name;
  if (!fields.text(node, "type", what, name)) return false;
  const GateType* type =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const GateType& known) { return known.name == name; });
  if (type == std::end(kTypes))
    return fields.fail(*node.find("type"), "W1: " + what + " has the unknown type '" + name +
                                               "'; there are input, const, linear, reglu, read, cumsum and write");
  Op op;
  op.kind = type->kind;
  if (const Node* title = node.find("name"); title != nullptr) op.name = title->text;
  const Node* inputs = fields.field(node, "inputs", Kind::kArray, what);
  if (inputs == nullptr) return false;
  if (type->operands >= 0 && inputs->items.size() != static_cast<size_t>(type->operands))
    return fields.fail(*inputs, what + " is a " + name + " and has " + std::to_string(inputs->items.size()) +
                                    " inputs, not " + std::to_string(type->operands));
  if (!fields.indices(*inputs, index, "W4: an earlier gate among the inputs of " + what, op.operands)) return false;
  for (size_t i = 0; i < op.operands.size(); ++i)
    if (graph.ops[op.operands[i]].kind == OpKind::kWrite)
      return fields.fail(inputs->items[i], "W4: " + what + " reads gate " + std::to_string(op.operands[i]) +
                                               ", a write, which has no value");
  op.reads = op.operands;
  std::sort(op.reads.begin(), op.reads.end());
  op.reads.erase(std::unique(op.reads.begin(), op.reads.end()), op.reads.end());
  if (op.kind == OpKind::kLinear && !read_linear(node, what, fields, op)) return false;
  if (op.kind == OpKind::kConst && !read_number(node, "value", what, fields, op.constant)) return false;
  if (type->has_channel) {
    const Node* channel = fields.field(node, "channel", Kind::kNumber, what);
    if (channel == nullptr || !fields.index(*channel, uint64_t{1} << 31, "W4: the channel of " + what, op.channel))
      return false;
  }
  op.makes.push_back(index);
  graph.dims[index].name = op.name;
  graph.dims[index].maker = static_cast<int32_t>(index);
  graph.ops.push_back(std::move(op));
  return true;
}

bool check_channels(const Node& gates, JsonFields& fields, const Graph& graph) {
  std::map<uint32_t, bool> sums;  // channel -> it adds up
  for (uint32_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    if (op.kind != OpKind::kRead && op.kind != OpKind::kWrite && op.kind != OpKind::kCumsum) continue;
    const bool adds = op.kind == OpKind::kCumsum;
    if (sums.emplace(op.channel, adds).first->second != adds)
      return fields.fail(gates.items[i],
                         "W4: channel " + std::to_string(op.channel) + " is used for sums and for reads or writes");
  }
  return true;
}

}  // namespace

bool read_strict(const Node& document, JsonFields& fields, Graph& graph) {
  const Node* gates = fields.field(document, "gates", Kind::kArray, "the graph");
  if (gates == nullptr) return false;
  if (gates->items.size() > kMaxOps)
    return fields.fail(*gates, "more than " + std::to_string(kMaxOps) + " gates", ErrorCode::kTooComplex);
  graph.machine = Machine::kStrict;
  graph.dims.resize(gates->items.size());
  for (uint32_t i = 0; i < gates->items.size(); ++i)
    if (!read_gate(gates->items[i], graph, fields, i)) return false;
  const Node* outputs = fields.field(document, "outputs", Kind::kArray, "the graph");
  if (outputs == nullptr || !fields.indices(*outputs, graph.dims.size(), "W3: \"outputs\"", graph.outputs))
    return false;
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    if (graph.ops[graph.outputs[i]].kind == OpKind::kWrite)
      return fields.fail(outputs->items[i], "W3: output gate " + std::to_string(graph.outputs[i]) + " is a write");
  return check_channels(*gates, fields, graph);
}

}  // namespace rondo::phase_checker
