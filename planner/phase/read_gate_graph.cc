// Format phase-graph/1.
#include <algorithm>
#include <cstdio>

#include "planner/phase/gate_graph.h"
#include "planner/phase/json_fields.h"
#include "schedules/json/json.h"
#include "schedules/json/node.h"

namespace rondo::phase {
namespace {

using json::Kind;
using json::Node;

constexpr uint64_t kMost = uint64_t{1} << 20;  // ops, dims

class GateGraphReader {
 public:
  GateGraphReader(const Node& root, const std::string& file) : root_(root), fields_(file, ErrorCode::kInvalidGraph) {}

  Result<GateGraph> run() {
    read();
    if (!fields_.ok()) return fields_.error();
    GraphFault fault = finish_graph(graph_);
    if (!fault.ok()) {
      fields_.fail(node_of(fault), std::move(fault.message));
      return fields_.error();
    }
    check_colocations();
    if (!fields_.ok()) return fields_.error();
    return std::move(graph_);
  }

 private:
  const Node& node_of(const GraphFault& fault) const {
    if (fault.at == GraphFault::At::kDim) return *dim_nodes_[fault.index];
    if (fault.at == GraphFault::At::kOp) return *op_nodes_[fault.index];
    return root_;
  }

  // The members of a list in the order of their ids, which are 0 to n-1, each once.
  std::vector<const Node*> by_id(const Node& list, const std::string& noun) {
    std::vector<const Node*> nodes(list.items.size(), nullptr);
    if (list.items.size() > kMost) {
      fields_.fail_too_complex(list, "the file lists " + std::to_string(list.items.size()) + " " + noun +
                                         "s; at most " + std::to_string(kMost));
      return nodes;
    }
    for (const Node& item : list.items) {
      if (!fields_.ok()) return nodes;
      const int64_t id = fields_.integer_of(item, "id", (noun == "op" ? "an " : "a ") + noun, 0,
                                            static_cast<int64_t>(list.items.size()) - 1);
      if (!fields_.ok()) return nodes;
      const Node*& slot = nodes[static_cast<size_t>(id)];
      if (slot != nullptr) {
        fields_.fail(item,
                     noun + " " + std::to_string(id) + " is listed twice, first in line " + std::to_string(slot->line));
        return nodes;
      }
      slot = &item;
    }
    return nodes;
  }

  void read() {
    if (const Node* format = fields_.required(root_, "format", Kind::kString, "the graph"))
      fields_.word(*format, "the format", {"phase-graph/1"});
    if (const Node* name = fields_.optional(root_, "name", Kind::kString, "the graph")) graph_.name = name->text;
    const Node* dims = fields_.required(root_, "dims", Kind::kArray, "the graph");
    const Node* ops = fields_.required(root_, "ops", Kind::kArray, "the graph");
    if (!fields_.ok()) return;
    dim_nodes_ = by_id(*dims, "dim");
    op_nodes_ = by_id(*ops, "op");
    if (!fields_.ok()) return;
    graph_.dims.resize(dim_nodes_.size());
    graph_.ops.resize(op_nodes_.size());
    for (uint32_t dim = 0; fields_.ok() && dim < graph_.dims.size(); ++dim) read_dim(dim);
    read_special();
    graph_.outputs = id_list("outputs");
    graph_.protected_dims = id_list("protected");
    for (uint32_t op = 0; fields_.ok() && op < graph_.ops.size(); ++op) read_op(op);
    for (uint32_t dim = 0; fields_.ok() && dim < graph_.dims.size(); ++dim) check_kind(dim);
  }

  std::vector<uint32_t> id_list(const char* key) {
    const Node* list = fields_.required(root_, key, Kind::kArray, "the graph");
    return list == nullptr ? std::vector<uint32_t>()
                           : fields_.ids(*list, "'" + std::string(key) + "'", "dim", graph_.dims.size());
  }

  void read_special() {
    const Node* special = fields_.required(root_, "special", Kind::kObject, "the graph");
    if (special == nullptr) return;
    const auto read_one = [&](const char* key) {
      return static_cast<uint32_t>(
          fields_.integer_of(*special, key, "'special'", 0, static_cast<int64_t>(graph_.dims.size()) - 1));
    };
    graph_.special = {read_one("one"), read_one("position"), read_one("inv_log_pos"), read_one("position_sq")};
  }

  void read_dim(uint32_t id) {
    const Node& node = *dim_nodes_[id];
    const std::string what = "dim " + std::to_string(id);
    if (const Node* name = fields_.optional(node, "name", Kind::kString, what)) graph_.dims[id].name = name->text;
    graph_.dims[id].op = static_cast<int32_t>(
        fields_.integer_of(node, "op", what, Dim::kInput, static_cast<int64_t>(graph_.ops.size()) - 1));
  }

  // The kind of a dim says again which type of op makes it.
  void check_kind(uint32_t id) {
    const Node* kind = fields_.required(*dim_nodes_[id], "kind", Kind::kString, "dim " + std::to_string(id));
    if (kind == nullptr) return;
    fields_.word(*kind, "the kind of dim " + std::to_string(id), {"lookup", "reglu", "persist", "input"});
    if (!fields_.ok()) return;
    const int32_t op = graph_.dims[id].op;
    const std::string made = op == Dim::kInput ? "input" : name_of(graph_.ops[static_cast<size_t>(op)].type);
    if (kind->text != made)
      fields_.fail(*kind, "dim " + std::to_string(id) + " is called a " + kind->text + ", but " +
                              (op == Dim::kInput ? "no op makes it"
                                                 : "the " + made + " op " + std::to_string(op) + " makes it"));
  }

  void read_op(uint32_t id) {
    const Node& node = *op_nodes_[id];
    const std::string what = "op " + std::to_string(id);
    Op& op = graph_.ops[id];
    if (const Node* name = fields_.optional(node, "name", Kind::kString, what)) op.name = name->text;
    if (const Node* type = fields_.required(node, "type", Kind::kString, what))
      op.type = static_cast<OpType>(fields_.word(*type, "the type of " + what, {"lookup", "reglu", "persist"}));
    if (const Node* inputs = fields_.required(node, "inputs", Kind::kArray, what))
      op.inputs = fields_.ids(*inputs, "inputs of " + what, "dim", graph_.dims.size());
    if (const Node* outputs = fields_.required(node, "outputs", Kind::kArray, what))
      op.outputs = fields_.ids(*outputs, "outputs of " + what, "dim", graph_.dims.size());
    std::sort(op.inputs.begin(), op.inputs.end());
    const Node* expressions = fields_.required(node, "exprs", Kind::kObject, what);
    if (expressions == nullptr || !fields_.ok()) return;
    switch (op.type) {
      case OpType::kLookup:
        read_expressions(*expressions, "query", what, op);
        check_count(*expressions, "query", op.expressions.size(), 2, what);
        read_expressions(*expressions, "key", what, op);
        check_count(*expressions, "key", op.expressions.size(), 4, what);
        read_expressions(*expressions, "value", what, op);
        if (const Node* tie = fields_.required(node, "tie_break", Kind::kString, what))
          op.tie_break = static_cast<TieBreak>(fields_.word(*tie, "'tie_break' of " + what, {"latest", "average"}));
        if (const Node* heads = fields_.optional(node, "heads", Kind::kNumber, what))
          fields_.integer(*heads,
                          "'heads' of " + what + ", which makes " + std::to_string(op.outputs.size()) + " dims,",
                          heads_of(op), heads_of(op));
        break;
      case OpType::kReglu:
        read_expression(*expressions, "a", what, op);
        read_expression(*expressions, "b", what, op);
        break;
      case OpType::kPersist:
        read_expression(*expressions, "sum", what, op);
        break;
    }
  }

  void check_count(const Node& at, const char* key, size_t seen, size_t wanted, const std::string& what) {
    if (seen != wanted) fields_.fail(at, "'" + std::string(key) + "' of " + what + " wants two expressions");
  }

  void read_expressions(const Node& object, const char* key, const std::string& what, Op& op) {
    const Node* list = fields_.required(object, key, Kind::kArray, "'exprs' of " + what);
    if (list == nullptr) return;
    for (const Node& item : list->items) add_expression(item, key, what, op);
  }

  void read_expression(const Node& object, const char* key, const std::string& what, Op& op) {
    if (const Node* node = fields_.required(object, key, Kind::kArray, "'exprs' of " + what))
      add_expression(*node, key, what, op);
  }

  void add_expression(const Node& node, const char* key, const std::string& what, Op& op) {
    if (!fields_.ok()) return;
    Expression& expression = op.expressions.emplace_back();
    expression.reserve(node.items.size());
    if (!node.is(Kind::kArray))
      fields_.fail(node, "'" + std::string(key) + "' of " + what + " wants a list of [dim, coefficient] pairs");
    for (const Node& pair : node.items) {
      if (!pair.is(Kind::kArray) || pair.items.size() != 2 || !pair.items[1].is(Kind::kNumber)) {
        fields_.fail(pair, "'" + std::string(key) + "' of " + what + " wants [dim, coefficient] pairs");
        return;
      }
      const int64_t dim = fields_.integer(pair.items[0], "a dim of '" + std::string(key) + "' of " + what, 0,
                                          static_cast<int64_t>(graph_.dims.size()) - 1);
      // A dim with coefficient zero is not read.
      if (pair.items[1].number != 0) expression.push_back({static_cast<uint32_t>(dim), pair.items[1].number});
    }
  }

  // The list is derived from the graph; a file that states it must state the same.
  void check_colocations() {
    const Node* list = fields_.optional(root_, "colocate_same_layer", Kind::kArray, "the graph");
    if (list == nullptr) return;
    std::vector<Colocation> stated;
    for (const Node& pair : list->items) {
      if (!pair.is(Kind::kArray) || pair.items.size() != 2) {
        fields_.fail(pair, "'colocate_same_layer' wants [op, lookup op] pairs");
        return;
      }
      const std::vector<uint32_t> ids = fields_.ids(pair, "'colocate_same_layer'", "op", graph_.ops.size());
      if (!fields_.ok()) return;
      const Colocation wanted{ids[0], ids[1]};
      if (std::find(graph_.colocations.begin(), graph_.colocations.end(), wanted) == graph_.colocations.end()) {
        fields_.fail(pair, "op " + std::to_string(ids[0]) + " reads no average of op " + std::to_string(ids[1]) +
                               ", so nothing ties them to one layer");
        return;
      }
      stated.push_back(wanted);
    }
    for (const Colocation& pair : graph_.colocations)
      if (std::find(stated.begin(), stated.end(), pair) == stated.end())
        fields_.fail(*list, "op " + std::to_string(pair.op) + " reads an average of op " + std::to_string(pair.lookup) +
                                "; 'colocate_same_layer' lacks the pair");
  }

  const Node& root_;
  JsonFields fields_;
  GateGraph graph_;
  std::vector<const Node*> dim_nodes_, op_nodes_;
};

// As short as reads back the same.
std::string number(double value) {
  char text[32];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

std::string ids_text(const std::vector<uint32_t>& ids) {
  std::string text = "[";
  for (size_t i = 0; i < ids.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(ids[i]);
  return text + "]";
}

std::string printed(const Expression& expression) {
  std::string text = "[";
  for (size_t i = 0; i < expression.size(); ++i)
    text += (i == 0 ? "[" : ", [") + std::to_string(expression[i].dim) + ", " + number(expression[i].coefficient) + "]";
  return text + "]";
}

std::string printed(const Op& op) {
  const std::vector<Expression>& e = op.expressions;
  if (op.type == OpType::kReglu) return "{\"a\": " + printed(e[0]) + ", \"b\": " + printed(e[1]) + "}";
  if (op.type == OpType::kPersist) return "{\"sum\": " + printed(e[0]) + "}";
  std::string text = "{\"query\": [" + printed(e[0]) + ", " + printed(e[1]) + "], \"key\": [" + printed(e[2]) + ", " +
                     printed(e[3]) + "], \"value\": [";
  for (size_t i = 4; i < e.size(); ++i) text += (i == 4 ? "" : ", ") + printed(e[i]);
  return text + "]}";
}

}  // namespace

Result<GateGraph> read_gate_graph(const json::Node& root, const std::string& file) {
  return GateGraphReader(root, file).run();
}

Result<GateGraph> parse_gate_graph(std::string_view text, const std::string& file) {
  Result<Node> root = json::parse(text, file, ErrorCode::kInvalidGraph);
  if (!root.ok()) return root.error();
  return read_gate_graph(*root, file);
}

std::string print_gate_graph(const GateGraph& graph) {
  const auto quoted = [](const std::string& name) { return json::Json(name).dump(); };
  std::string text = "{\n \"format\": \"phase-graph/1\",\n \"name\": " + quoted(graph.name) + ",\n";
  text += " \"special\": {\"one\": " + std::to_string(graph.special.one) +
          ", \"position\": " + std::to_string(graph.special.position) +
          ", \"inv_log_pos\": " + std::to_string(graph.special.inv_log_pos) +
          ", \"position_sq\": " + std::to_string(graph.special.position_sq) + "},\n";
  text += " \"protected\": " + ids_text(graph.protected_dims) + ",\n \"outputs\": " + ids_text(graph.outputs) +
          ",\n \"dims\": [";
  for (size_t id = 0; id < graph.dims.size(); ++id) {
    const Dim& dim = graph.dims[id];
    text += (id == 0 ? "\n  " : ",\n  ") + ("{\"id\": " + std::to_string(id)) + ", \"name\": " + quoted(dim.name) +
            ", \"kind\": \"" +
            (dim.op == Dim::kInput ? "input" : name_of(graph.ops[static_cast<size_t>(dim.op)].type)) +
            "\", \"op\": " + std::to_string(dim.op) + "}";
  }
  text += "\n ],\n \"ops\": [";
  for (size_t id = 0; id < graph.ops.size(); ++id) {
    const Op& op = graph.ops[id];
    text += (id == 0 ? "\n  " : ",\n  ") + ("{\"id\": " + std::to_string(id)) + ", \"type\": \"" + name_of(op.type) +
            "\", \"name\": " + quoted(op.name) + ", \"outputs\": " + ids_text(op.outputs) +
            ", \"inputs\": " + ids_text(op.inputs);
    if (op.type == OpType::kLookup)
      text += std::string(", \"tie_break\": \"") + (op.tie_break == TieBreak::kAverage ? "average" : "latest") +
              "\", \"heads\": " + std::to_string(heads_of(op));
    text += ", \"exprs\": " + printed(op) + "}";
  }
  return text + "\n ]\n}\n";
}

}  // namespace rondo::phase
