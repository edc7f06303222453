// Graph files: YAML into Graph. What can be said without types is checked here; the
// rest is finish_graph's.
#include <cstdio>
#include <string>
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
  names.reserve(std::size(list));
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
    if (Status status = read_section("scalars", "scalar", &GraphReader::read_scalar); !status.ok()) return status;
    if (Status status = read_section("states", "state", &GraphReader::read_state); !status.ok()) return status;
    if (Status status = read_section("tables", "table", &GraphReader::read_table); !status.ok()) return status;
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

  // A name that is taken is left to finish_graph, which says so.
  Status add_tensor(GraphTensor tensor) {
    tensors_.emplace(tensor.name, static_cast<uint32_t>(graph_.tensors.size()));
    graph_.tensors.push_back(std::move(tensor));
    return {};
  }

  using ReadEntry = Status (GraphReader::*)(const std::string&, yaml::Mark, const yaml::Node&);
  Status read_section(std::string_view key, std::string_view entry, ReadEntry read_entry) {
    const yaml::Node* section = document_.root.find(key);
    if (section == nullptr) return {};
    if (!section->is_map())
      return fail("'" + std::string(key) + "' must be a map from names to " + std::string(entry) + "s", *section);
    for (size_t i = 0; i < section->fields.size(); ++i)
      if (Status status =
              (this->*read_entry)(section->fields[i].first, section->field_marks[i], section->fields[i].second);
          !status.ok())
        return status;
    return {};
  }

  Status read_scalar(const std::string& name, yaml::Mark mark, const yaml::Node& node) {
    const std::string what = "scalar '" + name + "'";
    if (Status status = yaml::check_keys(document_, node, what, kCode, names_of(kScalarKeys)); !status.ok())
      return status;
    GraphScalar scalar;
    scalar.name = name;
    scalar.place = {document_.file, mark.line, mark.column};
    if (const yaml::Node* min = node.find("min")) {
      Result<int64_t> read = yaml::as_integer(document_, *min, "min of " + what, kCode, INT64_MIN, INT64_MAX);
      if (!read.ok()) return read.error();
      scalar.min = *read;
    }
    const yaml::Node* max = node.find("max");
    if (max == nullptr) return fail(what + " needs 'max', the largest value it may have", node);
    Result<int64_t> read = yaml::as_integer(document_, *max, "max of " + what, kCode, INT64_MIN, INT64_MAX);
    if (!read.ok()) return read.error();
    scalar.max = *read;
    scalars_.emplace(name, static_cast<uint32_t>(graph_.scalars.size()));
    graph_.scalars.push_back(std::move(scalar));
    return {};
  }

  Status read_dtype(const yaml::Node& node, const std::string& what, DType& dtype) {
    const yaml::Node* written = node.find("dtype");
    if (written == nullptr) return {};
    for (const DTypeInfo& candidate : kDTypes)
      if (written->is_scalar() && written->text == candidate.name) {
        dtype = candidate.dtype;
        return {};
      }
    return fail("dtype of " + what + " is '" + written->text + "'" +
                    yaml::did_you_mean(written->text, names_of(kDTypes)) + "; allowed: " + joined(names_of(kDTypes)),
                *written);
  }

  Status read_extents(const yaml::Node& node, const std::string& what, std::vector<uint32_t>& extents) {
    if (!node.is_sequence() || node.items.empty())
      return fail("shape of " + what + " must be a list of 1 to 4 extents, like [128, 64]", node);
    for (size_t axis = 0; axis < node.items.size(); ++axis) {
      Result<int64_t> extent = yaml::as_integer(document_, node.items[axis],
                                                "axis " + std::to_string(axis) + " of " + what, kCode, 0, UINT32_MAX);
      if (!extent.ok()) return extent.error();
      extents.push_back(static_cast<uint32_t>(*extent));
    }
    return {};
  }

  // What states and tables share.
  Status read_bound(const std::string& what, yaml::Mark mark, const yaml::Node& node, GraphTensor& tensor) {
    tensor.place = {document_.file, mark.line, mark.column};
    if (Status status = read_dtype(node, what, tensor.dtype); !status.ok()) return status;
    const yaml::Node* shape = node.find("shape");
    if (shape == nullptr) return fail(what + " needs a 'shape'", node);
    return read_extents(*shape, what, tensor.shape);
  }

  Status read_state(const std::string& name, yaml::Mark mark, const yaml::Node& node) {
    const std::string what = "state '" + name + "'";
    if (Status status = yaml::check_keys(document_, node, what, kCode, names_of(kStateKeys)); !status.ok())
      return status;
    GraphTensor tensor;
    tensor.name = name;
    tensor.role = TensorRole::kState;
    if (Status status = read_bound(what, mark, node, tensor); !status.ok()) return status;
    if (const yaml::Node* filled = node.find("filled"); filled != nullptr && filled->text != "all") {
      if (Status status = read_moving(*filled, "filled of " + what, tensor.filled); !status.ok()) return status;
      if (!tensor.filled.moves())
        return fail("filled of " + what + " must be a scalar or all, not '" + filled->text + "'", *filled);
    }
    return add_tensor(std::move(tensor));
  }

  Status read_table(const std::string& name, yaml::Mark mark, const yaml::Node& node) {
    const std::string what = "table '" + name + "'";
    if (Status status = yaml::check_keys(document_, node, what, kCode, names_of(kTableKeys)); !status.ok())
      return status;
    GraphTensor tensor;
    tensor.name = name;
    tensor.role = TensorRole::kTable;
    tensor.dtype = DType::kI32;
    if (Status status = read_bound(what, mark, node, tensor); !status.ok()) return status;
    const yaml::Node* limit = node.find("limit");
    if (limit == nullptr) return fail(what + " needs a 'limit' that its entries are below", node);
    Result<int64_t> read = yaml::as_integer(document_, *limit, "limit of " + what, kCode, 1, INT64_MAX);
    if (!read.ok()) return read.error();
    tensor.index_limit = static_cast<uint64_t>(*read);
    if (const yaml::Node* distinct = node.find("distinct")) {
      Result<bool> flag = yaml::as_bool(document_, *distinct, "distinct of " + what, kCode);
      if (!flag.ok()) return flag.error();
      tensor.distinct = *flag;
    }
    return add_tensor(std::move(tensor));
  }

  // "3", "position", "position + 1", "position - 2".
  Status read_moving(const yaml::Node& node, const std::string& what, Moving& moving) {
    const auto refuse = [&](const std::string& why) {
      return fail(what + " is '" + node.text + "'" + why + "; allowed is an integer, a scalar, or a scalar + or - an " +
                      "integer",
                  node);
    };
    constexpr int64_t kMostPlus = int64_t{1} << 40;
    if (!node.is_scalar()) return refuse("");
    if (!node.text.empty() && (node.text[0] == '-' || (node.text[0] >= '0' && node.text[0] <= '9'))) {
      Result<int64_t> read = yaml::as_integer(document_, node, what, kCode, -kMostPlus, kMostPlus);
      if (!read.ok()) return read.error();
      moving.plus = *read;
      return {};
    }
    const std::vector<std::string_view> parts = words(node.text);
    if (parts.size() != 1 && (parts.size() != 3 || (parts[1] != "+" && parts[1] != "-"))) return refuse("");
    const auto found = scalars_.find(std::string(parts[0]));
    if (found == scalars_.end())
      return refuse(", and there is no scalar '" + std::string(parts[0]) + "'" +
                    yaml::did_you_mean(parts[0], names_of(graph_.scalars)));
    moving.scalar = found->second;
    if (parts.size() == 1) return {};
    yaml::Node number = node;
    number.text = parts[2];
    Result<int64_t> read = yaml::as_integer(document_, number, what, kCode, 0, kMostPlus);
    if (!read.ok()) return read.error();
    moving.plus = parts[1] == "-" ? -*read : *read;
    return {};
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

    if (Status status = read_dtype(node, what, tensor.dtype); !status.ok()) return status;
    if (const yaml::Node* shape = node.find("shape"))
      if (Status status = read_extents(*shape, what, tensor.shape); !status.ok()) return status;
    return add_tensor(std::move(tensor));
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
      op.output = static_cast<uint32_t>(graph_.tensors.size());
      if (Status status = add_tensor(std::move(tensor)); !status.ok()) return status;
    }
    graph_.operators.push_back(std::move(op));
    return {};
  }

  Status read_attributes(const yaml::Node& node, const std::string& what, GraphOperator& op) {
    Status status = read_flag(node, "transpose_a", what, op.transpose_a);
    if (status.ok()) status = read_flag(node, "transpose_b", what, op.transpose_b);
    if (status.ok()) status = read_flag(node, "keep_axis", what, op.keep_axis);
    if (status.ok()) status = read_flag(node, "causal", what, op.causal);
    if (status.ok()) status = read_choice(node, "form", "erf", "tanh", what, op.gelu_tanh);
    if (status.ok()) status = read_choice(node, "pairing", "half", "interleaved", what, op.interleaved);
    if (status.ok()) status = read_number(node, "epsilon", 0, 1, what, op.epsilon);
    if (status.ok()) status = read_number(node, "scale", 1e-30, 1e30, what, op.scale);
    if (status.ok()) status = read_integer(node, "axis", INT32_MIN, INT32_MAX, what, op.axis);
    if (status.ok()) status = read_integer(node, "heads", 1, UINT32_MAX, what, op.heads);
    if (status.ok()) status = read_integer(node, "kv_heads", 1, UINT32_MAX, what, op.kv_heads);
    if (status.ok()) status = read_list(node, "shape", 1, what, op.shape);
    if (status.ok()) status = read_list(node, "order", 0, what, op.order);
    if (status.ok()) status = read_places(node, what, op);
    return status;
  }

  Status read_flag(const yaml::Node& node, std::string_view key, const std::string& what, bool& value) {
    const yaml::Node* found = node.find(key);
    if (found == nullptr) return {};
    Result<bool> read = yaml::as_bool(document_, *found, std::string(key) + " of " + what, kCode);
    if (!read.ok()) return read.error();
    value = *read;
    return {};
  }

  // `value` becomes whether the second word stands there.
  Status read_choice(const yaml::Node& node, std::string_view key, std::string_view first, std::string_view second,
                     const std::string& what, bool& value) {
    const yaml::Node* found = node.find(key);
    if (found == nullptr) return {};
    if (!found->is_scalar() || (found->text != first && found->text != second))
      return fail(std::string(key) + " of " + what + " must be " + std::string(first) + " or " + std::string(second) +
                      ", not '" + found->text + "'",
                  *found);
    value = found->text == second;
    return {};
  }

  Status read_number(const yaml::Node& node, std::string_view key, double low, double high, const std::string& what,
                     float& value) {
    const yaml::Node* found = node.find(key);
    if (found == nullptr) return {};
    Result<double> read = yaml::as_number(document_, *found, std::string(key) + " of " + what, kCode);
    if (!read.ok()) return read.error();
    if (!(*read >= low && *read <= high)) {
      char range[64];
      std::snprintf(range, sizeof range, "%g to %g", low, high);
      return fail(std::string(key) + " of " + what + " is " + found->text + "; allowed is " + range, *found);
    }
    value = static_cast<float>(*read);
    return {};
  }

  template <class Integer>
  Status read_integer(const yaml::Node& node, std::string_view key, int64_t low, int64_t high, const std::string& what,
                      Integer& value) {
    const yaml::Node* found = node.find(key);
    if (found == nullptr) return {};
    Result<int64_t> read = yaml::as_integer(document_, *found, std::string(key) + " of " + what, kCode, low, high);
    if (!read.ok()) return read.error();
    value = static_cast<Integer>(*read);
    return {};
  }

  Status read_list(const yaml::Node& node, std::string_view key, int64_t low, const std::string& what,
                   std::vector<uint32_t>& list) {
    const yaml::Node* found = node.find(key);
    if (found == nullptr) return {};
    if (!found->is_sequence() || found->items.empty() || found->items.size() > kMaxRank)
      return fail(std::string(key) + " of " + what + " must be a list of 1 to 4 integers, like [1, 0]", *found);
    for (const yaml::Node& item : found->items) {
      Result<int64_t> read =
          yaml::as_integer(document_, item, std::string(key) + " of " + what, kCode, low, UINT32_MAX);
      if (!read.ok()) return read.error();
      list.push_back(static_cast<uint32_t>(*read));
    }
    return {};
  }

  // begin and end of a slice, or at and length; at of an append.
  Status read_places(const yaml::Node& node, const std::string& what, GraphOperator& op) {
    const yaml::Node *begin = node.find("begin"), *end = node.find("end"), *at = node.find("at"),
                     *length = node.find("length");
    if (at != nullptr && (begin != nullptr || end != nullptr))
      return fail(what + " has 'at' beside 'begin' or 'end'; at and length go together, and begin and end", *at);
    if (length != nullptr && at == nullptr) return fail(what + " has 'length' without 'at'", *length);
    if (const yaml::Node* from = at != nullptr ? at : begin)
      if (Status status = read_moving(*from, (at != nullptr ? "at of " : "begin of ") + what, op.begin); !status.ok())
        return status;
    if (end != nullptr) {
      if (Status status = read_moving(*end, "end of " + what, op.end); !status.ok()) return status;
      op.has_end = true;
    }
    if (at != nullptr && op.kind == OperatorKind::kSlice && length == nullptr)
      return fail(what + " has 'at' without 'length'", *at);
    if (length != nullptr) {
      int64_t entries = 0;
      if (Status status = read_integer(node, "length", 1, UINT32_MAX, what, entries); !status.ok()) return status;
      op.end = {op.begin.scalar, op.begin.plus + entries};
      op.has_end = true;
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
  std::unordered_map<std::string, uint32_t> tensors_, scalars_;
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
