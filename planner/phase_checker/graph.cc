#include "planner/phase_checker/graph.h"
#include <algorithm>
#include "planner/phase_checker/read_graph.h"
#include "rondo/load.h"

namespace rondo::phase_checker {
namespace {

std::string titled(const char* what, uint32_t index, const std::string& name) {
  return std::string(what) + " " + std::to_string(index) + (name.empty() ? "" : " (" + name + ")");
}

// "op 3 reads dim 7, which op 5 makes; op 5 reads ...": a cycle among ops that Kahn's
// algorithm could not order. Each of them waits for another one of them.
std::string spell_cycle(const Graph& graph, const std::vector<uint32_t>& open) {
  std::vector<uint32_t> step_of(graph.ops.size(), 0), path;
  uint32_t op =
      static_cast<uint32_t>(std::find_if(open.begin(), open.end(), [](uint32_t n) { return n != 0; }) - open.begin());
  while (step_of[op] == 0) {
    path.push_back(op);
    step_of[op] = static_cast<uint32_t>(path.size());
    for (uint32_t dim : graph.ops[op].reads) {
      const int32_t maker = graph.dims[dim].maker;
      if (maker == kInputDim || open[static_cast<size_t>(maker)] == 0) continue;
      op = static_cast<uint32_t>(maker);
      break;
    }
  }
  path.erase(path.begin(), path.begin() + step_of[op] - 1);
  std::string text = op_title(graph, op);
  for (size_t i = 1; i < path.size() && i < 8; ++i) text += " needs " + op_title(graph, path[i]);
  if (path.size() > 8) text += " needs ... (" + std::to_string(path.size()) + " ops)";
  return text + " needs " + op_title(graph, op);
}

// Ops, producers first (Kahn 1962). `open`: what each op still waits for at the end.
std::vector<uint32_t> order_ops(const Graph& graph, std::vector<uint32_t>& open) {
  open.assign(graph.ops.size(), 0);
  std::vector<uint32_t> ready;
  for (uint32_t op = 0; op < graph.ops.size(); ++op) {
    for (uint32_t dim : graph.ops[op].reads) open[op] += graph.dims[dim].maker != kInputDim;
    if (open[op] == 0) ready.push_back(op);
  }
  for (size_t next = 0; next < ready.size(); ++next)
    for (uint32_t dim : graph.ops[ready[next]].makes)
      for (uint32_t reader : graph.dims[dim].readers)
        if (--open[reader] == 0) ready.push_back(reader);
  return ready;
}

void derive_same_layer(Graph& graph) {
  for (uint32_t index = 0; index < graph.ops.size(); ++index) {
    const Op& op = graph.ops[index];
    if (op.kind == OpKind::kLookup) continue;
    for (uint32_t dim : op.reads) {
      const int32_t maker = graph.dims[dim].maker;
      if (maker != kInputDim && graph.ops[static_cast<size_t>(maker)].average)
        graph.same_layer.emplace_back(index, static_cast<uint32_t>(maker));
    }
  }
  std::sort(graph.same_layer.begin(), graph.same_layer.end());
  graph.same_layer.erase(std::unique(graph.same_layer.begin(), graph.same_layer.end()), graph.same_layer.end());
}

bool finish(const json::Node& document, JsonFields& fields, Graph& graph) {
  graph.is_output.resize(graph.dims.size());
  graph.is_protected.resize(graph.dims.size());
  for (uint32_t dim : graph.outputs) graph.is_output[dim] = true;
  for (uint32_t dim : graph.protected_dims) graph.is_protected[dim] = true;
  for (uint32_t op = 0; op < graph.ops.size(); ++op)
    for (uint32_t dim : graph.ops[op].reads) graph.dims[dim].readers.push_back(op);
  std::vector<uint32_t> open;
  graph.order = order_ops(graph, open);
  if (graph.order.size() != graph.ops.size())
    return fields.fail(document, "W1: the graph has a cycle: " + spell_cycle(graph, open));
  if (graph.machine == Machine::kStrict) return true;
  for (const Op& op : graph.ops)
    for (uint32_t dim : op.makes) graph.dims[dim].average = op.average;
  derive_same_layer(graph);
  return true;
}

}  // namespace

std::string dim_title(const Graph& graph, uint32_t dim) {
  if (dim >= graph.dims.size()) return titled("dim", dim, "");
  return titled(graph.machine == Machine::kStrict ? "gate" : "dim", dim, graph.dims[dim].name);
}

std::string op_title(const Graph& graph, uint32_t op) {
  if (graph.machine == Machine::kStrict) return titled("gate", op, graph.ops[op].name);
  return titled(name_of(graph.ops[op].kind), op, graph.ops[op].name);
}

Result<Graph> parse_graph(std::string_view text, const std::string& file) {
  const Result<json::Node> document = json::parse(text, file);
  if (!document.ok()) return document.error();
  JsonFields fields(file, ErrorCode::kInvalidGraph);
  Graph graph;
  graph.file = file;
  std::string format;
  if (!fields.text(*document, "format", "the graph", format)) return fields.error();
  if (const json::Node* name = document->find("name"); name != nullptr) graph.name = name->text;
  bool read = false;
  if (format == "phase-graph/1")
    read = read_layered(*document, fields, graph);
  else if (format == "alm-graph/1")
    read = read_strict(*document, fields, graph);
  else
    fields.fail(*document->find("format"),
                "the format '" + format + "' is unknown; there are phase-graph/1 and alm-graph/1");
  if (!read || !finish(*document, fields, graph)) return fields.error();
  return graph;
}

Result<Graph> load_graph(const std::string& path) {
  const Result<std::vector<std::byte>> bytes = read_file(path, json::Limits().bytes);
  if (!bytes.ok()) return bytes.error();
  return parse_graph({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace rondo::phase_checker
