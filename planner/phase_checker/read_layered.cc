// phase-graph/1: dims and ops of the layered machine.
#include <algorithm>
#include "planner/phase_checker/read_graph.h"

namespace rondo::phase_checker {
namespace {

using json::Kind;
using json::Node;

// Ids count from 0 in the order of their list, which makes them unique.
bool read_id(const Node& node, size_t expected, const char* list, JsonFields& fields) {
  const std::string what = "entry " + std::to_string(expected) + " of " + list;
  const Node* id = fields.field(node, "id", Kind::kNumber, what);
  if (id == nullptr) return false;
  if (id->is_integer && id->integer == static_cast<int64_t>(expected)) return true;
  return fields.fail(*id, "W1: " + what + " must have id " + std::to_string(expected) +
                              ": ids are unique and count from 0 in the order of the list");
}

bool read_sum(const Node& node, const Graph& graph, const std::string& what, JsonFields& fields, Sum& sum) {
  if (!fields.is(node, Kind::kArray, what)) return false;
  for (const Node& pair : node.items) {
    if (!fields.is(pair, Kind::kArray, "a term of " + what)) return false;
    if (pair.items.size() != 2) return fields.fail(pair, "a term of " + what + " must be [dim, coefficient]");
    Term term;
    if (!fields.index(pair.items[0], graph.dims.size(), "W1: a dim in " + what, term.dim)) return false;
    if (!fields.is(pair.items[1], Kind::kNumber, "a coefficient in " + what)) return false;
    term.coefficient = pair.items[1].number;
    sum.push_back(term);
  }
  return true;
}

// "query", "key", "value" hold several sums, the others one.
bool read_sums(const Node& exprs, std::string_view key, int64_t count, const Graph& graph, const std::string& what,
               JsonFields& fields, Op& op) {
  const Node* node = fields.field(exprs, key, Kind::kArray, "\"exprs\" of " + what);
  if (node == nullptr) return false;
  const std::string name = std::string(key) + " of " + what;
  if (count < 0) return read_sum(*node, graph, name, fields, op.sums.emplace_back());
  if (node->items.size() != static_cast<size_t>(count))
    return fields.fail(
        *node, name + " must be " + std::to_string(count) + " sums, there are " + std::to_string(node->items.size()));
  return std::all_of(node->items.begin(), node->items.end(),
                     [&](const Node& sum) { return read_sum(sum, graph, name, fields, op.sums.emplace_back()); });
}

bool read_expressions(const Node& exprs, const Graph& graph, const std::string& what, JsonFields& fields, Op& op) {
  const auto values = static_cast<int64_t>(op.makes.size());
  const auto sums = [&](std::string_view key, int64_t count) {
    return read_sums(exprs, key, count, graph, what, fields, op);
  };
  if (op.kind == OpKind::kLookup) return sums("query", 2) && sums("key", 2) && sums("value", values);
  if (op.kind == OpKind::kReglu) return sums("a", -1) && sums("b", -1);
  return sums("sum", -1);
}

// What an op reads is what its expressions name, and inv_log_pos for a lookup, whose
// ties it breaks. A list of inputs that says otherwise would hide a dependency.
bool check_inputs(const Node& node, const Graph& graph, const std::string& what, JsonFields& fields, const Op& op) {
  std::vector<uint32_t> named;
  for (const Sum& sum : op.sums)
    for (const Term& term : sum)
      if (term.coefficient != 0) named.push_back(term.dim);
  if (op.kind == OpKind::kLookup) named.push_back(graph.inv_log_pos);
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  if (named == op.reads) return true;
  std::vector<uint32_t> differing;
  std::set_symmetric_difference(named.begin(), named.end(), op.reads.begin(), op.reads.end(),
                                std::back_inserter(differing));
  return fields.fail(node, "W1: the inputs of " + what + " are not what its expressions read: they differ in dim " +
                               std::to_string(differing[0]));
}

bool read_op(const Node& node, Graph& graph, JsonFields& fields, uint32_t index) {
  const std::string what = "op " + std::to_string(index);
  Op op;
  std::string type;
  if (!read_id(node, index, "\"ops\"", fields) || !fields.text(node, "type", what, type)) return false;
  if (type == "lookup")
    op.kind = OpKind::kLookup;
  else if (type == "reglu")
    op.kind = OpKind::kReglu;
  else if (type == "persist")
    op.kind = OpKind::kPersist;
  else
    return fields.fail(*node.find("type"),
                       "W1: " + what + " has the unknown type '" + type + "'; there are lookup, reglu and persist");
  if (const Node* name = node.find("name"); name != nullptr) op.name = name->text;
  const Node* inputs = fields.field(node, "inputs", Kind::kArray, what);
  const Node* outputs = inputs == nullptr ? nullptr : fields.field(node, "outputs", Kind::kArray, what);
  if (outputs == nullptr) return false;
  if (!fields.indices(*inputs, graph.dims.size(), "W1: the inputs of " + what, op.reads)) return false;
  if (!fields.indices(*outputs, graph.dims.size(), "W1: the outputs of " + what, op.makes)) return false;
  std::sort(op.reads.begin(), op.reads.end());
  op.reads.erase(std::unique(op.reads.begin(), op.reads.end()), op.reads.end());
  if (op.makes.empty() || (op.kind != OpKind::kLookup && op.makes.size() != 1))
    return fields.fail(*outputs, what + " makes " + std::to_string(op.makes.size()) +
                                     " dims: a lookup makes one or "
                                     "more, the others one");
  for (uint32_t dim : op.makes) {
    if (graph.dims[dim].maker != kInputDim)
      return fields.fail(*outputs, "W1: dim " + std::to_string(dim) + " has two producers, op " +
                                       std::to_string(graph.dims[dim].maker) + " and " + what);
    graph.dims[dim].maker = static_cast<int32_t>(index);
  }
  if (op.kind == OpKind::kLookup) {
    std::string tie;
    if (!fields.text(node, "tie_break", what, tie)) return false;
    if (tie != "latest" && tie != "average")
      return fields.fail(*node.find("tie_break"),
                         "tie_break of " + what + " must be latest or average, this is '" + tie + "'");
    op.average = tie == "average";
  }
  if (const Node* exprs = node.find("exprs"); exprs != nullptr)
    if (!read_expressions(*exprs, graph, what, fields, op) || !check_inputs(*inputs, graph, what, fields, op))
      return false;
  graph.ops.push_back(std::move(op));
  return true;
}

// The `op` and `kind` of a dim say again what the ops say: refused where they disagree.
bool check_dim(const Node& node, const Graph& graph, JsonFields& fields, uint32_t index) {
  const Dim& dim = graph.dims[index];
  const std::string what = "dim " + std::to_string(index);
  if (const Node* op = node.find("op"); op != nullptr && (!op->is_integer || op->integer != dim.maker))
    return fields.fail(*op, "W1: " + what + " names another op than the one that makes it (" +
                                (dim.maker == kInputDim ? "none" : "op " + std::to_string(dim.maker)) + ")");
  const std::string kind = dim.maker == kInputDim ? "input" : name_of(graph.ops[static_cast<size_t>(dim.maker)].kind);
  if (const Node* stated = node.find("kind"); stated != nullptr && stated->text != kind)
    return fields.fail(*stated, "W1: " + what + " is called '" + stated->text + "' and is '" + kind +
                                    "': no op makes it, or one of another type");
  return true;
}

bool read_specials(const Node& document, JsonFields& fields, Graph& graph) {
  const Node* special = fields.field(document, "special", Kind::kObject, "the graph");
  if (special == nullptr) return false;
  const std::pair<const char*, uint32_t*> kNames[] = {{"one", &graph.one},
                                                      {"position", &graph.position},
                                                      {"inv_log_pos", &graph.inv_log_pos},
                                                      {"position_sq", &graph.position_sq}};
  for (const auto& [name, dim] : kNames) {
    const Node* node = fields.field(*special, name, Kind::kNumber, "\"special\"");
    if (node == nullptr || !fields.index(*node, graph.dims.size(), std::string("W2: ") + name, *dim)) return false;
  }
  return true;
}

bool check_specials(const Node& document, JsonFields& fields, const Graph& graph) {
  for (const auto& [name, node] : document.find("special")->fields)
    if (node.is_integer && node.integer >= 0 && node.integer < static_cast<int64_t>(graph.dims.size()) &&
        graph.dims[static_cast<size_t>(node.integer)].maker != kInputDim)
      return fields.fail(node, "W2: " + name + " is dim " + std::to_string(node.integer) + ", which an op makes");
  const Node& list = *document.find("protected");
  for (size_t i = 0; i < graph.protected_dims.size(); ++i) {
    const uint32_t dim = graph.protected_dims[i];
    const std::string title = "W2: protected dim " + std::to_string(dim);
    if (graph.dims[dim].maker != kInputDim) return fields.fail(list.items[i], title + " is made by an op");
    if (std::count(graph.protected_dims.begin(), graph.protected_dims.end(), dim) != 1)
      return fields.fail(list.items[i], title + " is listed twice");
  }
  return true;
}

bool read_same_layer(const Node& document, JsonFields& fields, Graph& graph) {
  const Node* list = document.find("colocate_same_layer");
  if (list == nullptr) return true;
  if (!fields.is(*list, Kind::kArray, "\"colocate_same_layer\"")) return false;
  for (const Node& pair : list->items) {
    std::vector<uint32_t> ops;
    if (!fields.indices(pair, graph.ops.size(), "a pair of \"colocate_same_layer\"", ops)) return false;
    if (ops.size() != 2 || graph.ops[ops[1]].kind != OpKind::kLookup)
      return fields.fail(pair, "a pair of \"colocate_same_layer\" must be [op, lookup]");
    graph.same_layer.emplace_back(ops[0], ops[1]);
  }
  return true;
}

}  // namespace

bool read_layered(const Node& document, JsonFields& fields, Graph& graph) {
  const Node* dims = fields.field(document, "dims", Kind::kArray, "the graph");
  const Node* ops = dims == nullptr ? nullptr : fields.field(document, "ops", Kind::kArray, "the graph");
  if (ops == nullptr) return false;
  if (dims->items.size() > kMaxOps || ops->items.size() > kMaxOps)
    return fields.fail(*ops, "more than " + std::to_string(kMaxOps) + " ops or dims", ErrorCode::kTooComplex);
  graph.machine = Machine::kLayered;
  graph.dims.resize(dims->items.size());
  for (uint32_t i = 0; i < dims->items.size(); ++i) {
    if (!read_id(dims->items[i], i, "\"dims\"", fields)) return false;
    if (const Node* name = dims->items[i].find("name"); name != nullptr) graph.dims[i].name = name->text;
  }
  if (!read_specials(document, fields, graph)) return false;
  for (uint32_t i = 0; i < ops->items.size(); ++i)
    if (!read_op(ops->items[i], graph, fields, i)) return false;
  for (uint32_t i = 0; i < dims->items.size(); ++i)
    if (!check_dim(dims->items[i], graph, fields, i)) return false;
  const Node* outputs = fields.field(document, "outputs", Kind::kArray, "the graph");
  if (outputs == nullptr) return false;
  if (!fields.indices(*outputs, graph.dims.size(), "W3: \"outputs\"", graph.outputs)) return false;
  const Node* kept = fields.field(document, "protected", Kind::kArray, "the graph");
  if (kept == nullptr || !fields.indices(*kept, graph.dims.size(), "W2: \"protected\"", graph.protected_dims))
    return false;
  return check_specials(document, fields, graph) && read_same_layer(document, fields, graph);
}

}  // namespace rondo::phase_checker
