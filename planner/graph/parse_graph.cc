// Graph files: YAML into Graph. What can be said without types is checked here; the
// rest is finish_graph's.
#include <unordered_map>

#include "planner/graph/graph_keys.h"
#include "rondo/graph.h"
#include "schedules/yaml/document.h"

namespace rondo {
namespace {

constexpr ErrorCode kCode = ErrorCode::kInvalidGraph;

struct RoleName {
  TensorRole role;
  std::string_view name;
};
constexpr RoleName kRoles[] = {{TensorRole::kInput, "input"},
                               {TensorRole::kConstant, "constant"},
                               {TensorRole::kOutput, "output"},
                               {TensorRole::kIntermediate, "intermediate"}};

// "a, b, c" and, apart from it, the words for did_you_mean.
template <class List>
std::vector<std::string_view> names_of(const List& list) {
  std::vector<std::string_view> names;
  for (const auto& item : list) names.push_back(item.name);
  return names;
}
std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

std::vector<std::string_view> words(std::string_view list) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    out.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

class GraphReader {
 public:
  GraphReader(const yaml::Document& document, Graph& graph) : document_(document), graph_(graph) {}

  Status read() {
    const yaml::Node& root = document_.root;
    if (Status status = yaml::check_keys(document_, root, "the graph", kCode, names_of(kGraphKeys)); !status.ok())
      return status;
    if (const yaml::Node* name = root.find("graph")) {
      Result<std::string> text = yaml::as_text(document_, *name, "graph", kCode);
      if (!text.ok()) return text.error();
      graph_.name = *std::move(text);
    }
    const yaml::Node* tensors = root.find("tensors");
    const yaml::Node* operators = root.find("operators");
    if (tensors == nullptr || operators == nullptr)
      return fail(std::string("the graph has no '") + (tensors == nullptr ? "tensors" : "operators") + "'", root);
    if (!tensors->is_map()) return fail("'tensors' must be a map from names to tensors", *tensors);
    if (!operators->is_sequence()) return fail("'operators' must be a list", *operators);

    for (size_t i = 0; i < tensors->fields.size(); ++i)
      if (Status status = read_tensor(tensors->fields[i].first, tensors->field_marks[i], tensors->fields[i].second);
          !status.ok())
        return status;
    // Outputs first: an operator may read what a later one in the file produces.
    for (const yaml::Node& op : operators->items)
      if (Status status = read_operator(op); !status.ok()) return status;
    for (size_t i = 0; i < operators->items.size(); ++i)
      if (Status status = read_inputs(*operators->items[i].find("inputs"), graph_.operators[i]); !status.ok())
        return status;
    return {};
  }

 private:
  Error fail(std::string message, const yaml::Node& node) const {
    return make_error(kCode, std::move(message), document_.place(node));
  }
  std::vector<std::string_view> tensor_names() const { return names_of(graph_.tensors); }

  uint32_t add_tensor(GraphTensor tensor) {
    const auto index = static_cast<uint32_t>(graph_.tensors.size());
    tensors_.emplace(tensor.name, index);
    graph_.tensors.push_back(std::move(tensor));
    return index;
  }

  Status read_tensor(const std::string& name, yaml::Mark mark, const yaml::Node& node) {
    const std::string what = "tensor '" + name + "'";
    if (Status status = yaml::check_keys(document_, node, what, kCode, names_of(kTensorKeys)); !status.ok())
      return status;
    GraphTensor tensor;
    tensor.name = name;
    tensor.place = {document_.file, mark.line, mark.column};

    const yaml::Node* role = node.find("role");
    if (role == nullptr)
      return make_error(kCode, what + " has no role; allowed: " + joined(names_of(kRoles)), tensor.place);
    bool known = false;
    for (const RoleName& candidate : kRoles)
      if (role->is_scalar() && role->text == candidate.name) tensor.role = candidate.role, known = true;
    if (!known)
      return fail("role of " + what + " is '" + role->text + "'" + yaml::did_you_mean(role->text, names_of(kRoles)) +
                      "; allowed: " + joined(names_of(kRoles)),
                  *role);

    if (const yaml::Node* dtype = node.find("dtype")) {
      known = false;
      for (const DTypeInfo& candidate : kDTypes)
        if (dtype->is_scalar() && dtype->text == candidate.name) tensor.dtype = candidate.dtype, known = true;
      if (!known)
        return fail("dtype of " + what + " is '" + dtype->text + "'" +
                        yaml::did_you_mean(dtype->text, names_of(kDTypes)) + "; allowed: " + joined(names_of(kDTypes)),
                    *dtype);
    }
    if (const yaml::Node* shape = node.find("shape")) {
      if (!shape->is_sequence() || shape->items.empty())
        return fail("shape of " + what + " must be a list of 1 to 4 extents, like [128, 64]", *shape);
      for (size_t axis = 0; axis < shape->items.size(); ++axis) {
        Result<int64_t> extent = yaml::as_integer(document_, shape->items[axis],
                                                  "axis " + std::to_string(axis) + " of " + what, kCode, 0, UINT32_MAX);
        if (!extent.ok()) return extent.error();
        tensor.shape.push_back(static_cast<uint32_t>(*extent));
      }
    }
    add_tensor(std::move(tensor));
    return {};
  }

  Status read_operator(const yaml::Node& node) {
    const std::string position = "operator " + std::to_string(graph_.operators.size());
    if (!node.is_map()) return fail(position + " must be a map with op, inputs and output", node);
    const yaml::Node* kind = node.find("op");
    if (kind == nullptr) return fail(position + " has no 'op'", node);
    const OperatorInfo* known = nullptr;
    for (const OperatorInfo& candidate : kOperators)
      if (kind->is_scalar() && kind->text == candidate.name) known = &candidate;
    if (known == nullptr)
      return fail("unknown operator '" + kind->text + "'" + yaml::did_you_mean(kind->text, names_of(kOperators)) +
                      "; known: " + joined(names_of(kOperators)),
                  *kind);
    GraphOperator op;
    op.kind = known->kind;
    op.place = document_.place(node);
    if (const yaml::Node* name = node.find("name")) {
      Result<std::string> text = yaml::as_text(document_, *name, "name of " + position, kCode);
      if (!text.ok()) return text.error();
      op.name = *std::move(text);
    }
    const std::string what =
        std::string(known->name) + " '" +
        (op.name.empty() ? std::string(known->name) + "_" + std::to_string(graph_.operators.size()) : op.name) + "'";

    std::vector<std::string_view> allowed = names_of(kOperatorKeys);
    for (std::string_view attribute : words(known->attributes)) allowed.push_back(attribute);
    if (Status status = yaml::check_keys(document_, node, what, kCode, allowed); !status.ok()) return status;
    if (Status status = read_attributes(node, what, op); !status.ok()) return status;

    const yaml::Node* inputs = node.find("inputs");
    if (inputs == nullptr || !inputs->is_sequence())
      return fail(what + " needs 'inputs', a list of tensor names: " + std::string(known->inputs),
                  inputs == nullptr ? node : *inputs);
    const yaml::Node* output = node.find("output");
    if (output == nullptr || !output->is_scalar())
      return fail(what + " needs 'output', a tensor name", output == nullptr ? node : *output);
    if (const auto found = tensors_.find(output->text); found != tensors_.end()) {
      op.output = found->second;
    } else {
      GraphTensor tensor;
      tensor.name = output->text;
      tensor.place = document_.place(*output);
      op.output = add_tensor(std::move(tensor));
    }
    graph_.operators.push_back(std::move(op));
    return {};
  }

  Status read_attributes(const yaml::Node& node, const std::string& what, GraphOperator& op) {
    const auto flag = [&](std::string_view key, bool& value) -> Status {
      const yaml::Node* found = node.find(key);
      if (found == nullptr) return {};
      Result<bool> read = yaml::as_bool(document_, *found, std::string(key) + " of " + what, kCode);
      if (!read.ok()) return read.error();
      value = *read;
      return {};
    };
    if (Status status = flag("transpose_a", op.transpose_a); !status.ok()) return status;
    if (Status status = flag("transpose_b", op.transpose_b); !status.ok()) return status;
    if (const yaml::Node* form = node.find("form")) {
      if (!form->is_scalar() || (form->text != "erf" && form->text != "tanh"))
        return fail("form of " + what + " must be erf or tanh, not '" + form->text + "'", *form);
      op.gelu_tanh = form->text == "tanh";
    }
    if (const yaml::Node* epsilon = node.find("epsilon")) {
      Result<double> read = yaml::as_number(document_, *epsilon, "epsilon of " + what, kCode);
      if (!read.ok()) return read.error();
      if (*read < 0 || *read > 1)
        return fail("epsilon of " + what + " is " + epsilon->text + "; allowed is 0 to 1", *epsilon);
      op.epsilon = static_cast<float>(*read);
    }
    return {};
  }

  Status read_inputs(const yaml::Node& inputs, GraphOperator& op) {
    for (const yaml::Node& input : inputs.items) {
      const auto found = input.is_scalar() ? tensors_.find(input.text) : tensors_.end();
      if (found == tensors_.end())
        return fail("input '" + input.text + "' of " + std::string(info(op.kind).name) + " is no tensor" +
                        yaml::did_you_mean(input.text, tensor_names()),
                    input);
      op.inputs.push_back(found->second);
    }
    return {};
  }

  const yaml::Document& document_;
  Graph& graph_;
  std::unordered_map<std::string, uint32_t> tensors_;
};

}  // namespace

Result<Graph> parse_graph(std::string_view text, std::string file) {
  Result<yaml::Document> document = yaml::parse(text, std::move(file), kCode);
  if (!document.ok()) return document.error();
  Graph graph;
  if (Status status = GraphReader(*document, graph).read(); !status.ok()) return status.error();
  if (Status status = finish_graph(graph); !status.ok()) {
    Error error = status.error();
    if (error.place.file.empty()) error.place.file = document->file;
    return error;
  }
  return graph;
}

}  // namespace rondo
