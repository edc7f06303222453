// Format alm-graph/1.
#include <limits>

#include "planner/phase/json_fields.h"
#include "planner/phase/slot_graph.h"
#include "schedules/json/json.h"
#include "schedules/json/node.h"

namespace rondo::phase {
namespace {

using json::Kind;
using json::Node;

constexpr uint64_t kMostGates = uint64_t{1} << 20;  // gates
constexpr int64_t kLeastInteger = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatestInteger = std::numeric_limits<int64_t>::max();

class SlotGraphReader {
 public:
  SlotGraphReader(const Node& root, const std::string& file) : root_(root), fields_(file, ErrorCode::kInvalidGraph) {}

  Result<SlotGraph> run() {
    read();
    if (!fields_.ok()) return fields_.error();
    GraphFault fault = finish_graph(graph_);
    if (!fault.ok()) {
      fields_.fail(fault.at == GraphFault::At::kOp ? gates_->items[fault.index] : root_, std::move(fault.message));
      return fields_.error();
    }
    return std::move(graph_);
  }

 private:
  void read() {
    if (const Node* format = fields_.required(root_, "format", Kind::kString, "the graph"))
      fields_.word(*format, "the format", {"alm-graph/1"});
    if (const Node* name = fields_.optional(root_, "name", Kind::kString, "the graph")) graph_.name = name->text;
    gates_ = fields_.required(root_, "gates", Kind::kArray, "the graph");
    const Node* outputs = fields_.required(root_, "outputs", Kind::kArray, "the graph");
    if (!fields_.ok()) return;
    if (gates_->items.size() > kMostGates)
      return fields_.fail_too_complex(*gates_, "the file lists " + std::to_string(gates_->items.size()) +
                                                   " gates; at most " + std::to_string(kMostGates));
    graph_.gates.resize(gates_->items.size());
    for (uint32_t gate = 0; fields_.ok() && gate < graph_.gates.size(); ++gate) read_gate(gate);
    graph_.outputs = fields_.ids(*outputs, "'outputs'", "gate", graph_.gates.size());
  }

  // Gates stand in the order of their ids: none may read a later one.
  void read_gate(uint32_t id) {
    const Node& node = gates_->items[id];
    const std::string what = "gate " + std::to_string(id);
    Gate& gate = graph_.gates[id];
    const int64_t stated = fields_.integer_of(node, "id", what, 0, static_cast<int64_t>(graph_.gates.size()) - 1);
    if (fields_.ok() && stated != id)
      fields_.fail(node, "gate " + std::to_string(stated) + " stands where gate " + std::to_string(id) + " is due" +
                             (stated < id ? ": it is listed twice" : ""));
    if (const Node* name = fields_.optional(node, "name", Kind::kString, what)) gate.name = name->text;
    if (const Node* type = fields_.required(node, "type", Kind::kString, what))
      gate.type = static_cast<GateType>(
          fields_.word(*type, "the type of " + what, {"input", "const", "linear", "reglu", "read", "cumsum", "write"}));
    if (const Node* inputs = fields_.required(node, "inputs", Kind::kArray, what))
      gate.inputs = fields_.ids(*inputs, "inputs of " + what, "gate", graph_.gates.size());
    if (!fields_.ok()) return;
    if (gate.type == GateType::kConst)
      gate.constant = fields_.integer_of(node, "value", what, kLeastInteger, kGreatestInteger);
    if (gate.type == GateType::kLinear) {
      if (const Node* list = fields_.required(node, "coef", Kind::kArray, what))
        for (const Node& item : list->items)
          gate.coefficients.push_back(
              fields_.integer(item, "a coefficient of " + what, kLeastInteger, kGreatestInteger));
      gate.constant = fields_.integer_of(node, "bias", what, kLeastInteger, kGreatestInteger);
    }
    if (gate.type == GateType::kRead || gate.type == GateType::kCumsum || gate.type == GateType::kWrite)
      gate.channel = static_cast<uint32_t>(fields_.integer_of(node, "channel", what, 0, 65535));
  }

  const Node& root_;
  JsonFields fields_;
  SlotGraph graph_;
  const Node* gates_ = nullptr;
};

template <class Number>
std::string numbers_text(const std::vector<Number>& numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(numbers[i]);
  return text + "]";
}

}  // namespace

Result<SlotGraph> read_slot_graph(const json::Node& root, const std::string& file) {
  return SlotGraphReader(root, file).run();
}

Result<SlotGraph> parse_slot_graph(std::string_view text, const std::string& file) {
  Result<Node> root = json::parse(text, file, ErrorCode::kInvalidGraph);
  if (!root.ok()) return root.error();
  return read_slot_graph(*root, file);
}

std::string print_slot_graph(const SlotGraph& graph) {
  const auto quoted = [](const std::string& name) { return json::Json(name).dump(); };
  std::string text = "{\n \"format\": \"alm-graph/1\",\n \"name\": " + quoted(graph.name) +
                     ",\n \"outputs\": " + numbers_text(graph.outputs) + ",\n \"gates\": [";
  for (size_t id = 0; id < graph.gates.size(); ++id) {
    const Gate& gate = graph.gates[id];
    text += (id == 0 ? "\n  " : ",\n  ") + ("{\"id\": " + std::to_string(id)) + ", \"type\": \"" + name_of(gate.type) +
            "\", \"inputs\": " + numbers_text(gate.inputs) + ", \"name\": " + quoted(gate.name);
    if (gate.type == GateType::kConst) text += ", \"value\": " + std::to_string(gate.constant);
    if (gate.type == GateType::kLinear)
      text += ", \"coef\": " + numbers_text(gate.coefficients) + ", \"bias\": " + std::to_string(gate.constant);
    if (gate.type == GateType::kRead || gate.type == GateType::kCumsum || gate.type == GateType::kWrite)
      text += ", \"channel\": " + std::to_string(gate.channel);
    text += "}";
  }
  return text + "\n ]\n}\n";
}

}  // namespace rondo::phase
