#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <queue>

#include "planner/phase/gate_graph.h"

namespace rondo::phase {
namespace {

using At = GraphFault::At;

std::string op_words(const GateGraph& graph, uint32_t op) {
  return std::string(name_of(graph.ops[op].type)) + " op " + std::to_string(op);
}

class Finisher {
 public:
  explicit Finisher(GateGraph& graph) : graph_(graph), dims_(static_cast<uint32_t>(graph.dims.size())) {}

  GraphFault run() {
    GraphFault fault = check_lists();
    for (uint32_t op = 0; fault.ok() && op < graph_.ops.size(); ++op) fault = check_op(op);
    if (fault.ok()) fault = link_dims();
    if (fault.ok()) fault = order_ops();
    if (fault.ok()) derive();
    return fault;
  }

 private:
  // Special, protected and output dims.
  GraphFault check_lists() {
    if (graph_.dims.empty()) return {At::kGraph, 0, "a gate graph has at least the dims one and position"};
    for (const auto& [name, dim] : {std::pair{"one", graph_.special.one},
                                    {"position", graph_.special.position},
                                    {"inv_log_pos", graph_.special.inv_log_pos},
                                    {"position_sq", graph_.special.position_sq}}) {
      if (dim >= dims_)
        return {At::kGraph, 0,
                "special dim '" + std::string(name) + "' is " + std::to_string(dim) + ", which is not among the " +
                    std::to_string(dims_) + " dims"};
      if (graph_.dims[dim].op != Dim::kInput)
        return {At::kDim, dim,
                "special dim '" + std::string(name) + "' is made by op " + std::to_string(graph_.dims[dim].op) +
                    "; it must be an input"};
    }
    graph_.is_protected.assign(dims_, false);
    for (uint32_t dim : graph_.protected_dims) {
      if (dim >= dims_) return {At::kGraph, 0, "protected dim " + std::to_string(dim) + " does not exist"};
      if (graph_.dims[dim].op != Dim::kInput)
        return {At::kDim, dim,
                "dim " + std::to_string(dim) + " is protected, so it must be an input; op " +
                    std::to_string(graph_.dims[dim].op) + " makes it"};
      if (graph_.is_protected[dim]) return {At::kDim, dim, "dim " + std::to_string(dim) + " is protected twice"};
      graph_.is_protected[dim] = true;
    }
    graph_.is_output.assign(dims_, false);
    std::sort(graph_.outputs.begin(), graph_.outputs.end());
    for (uint32_t dim : graph_.outputs) {
      if (dim >= dims_) return {At::kGraph, 0, "output dim " + std::to_string(dim) + " does not exist"};
      if (graph_.is_output[dim]) return {At::kDim, dim, "dim " + std::to_string(dim) + " is listed as an output twice"};
      graph_.is_output[dim] = true;
    }
    return {};
  }

  GraphFault check_op(uint32_t id) {
    const Op& op = graph_.ops[id];
    const auto fault = [&](const std::string& message) {
      return GraphFault{At::kOp, id, op_words(graph_, id) + " " + message};
    };
    if (op.type == OpType::kLookup ? op.outputs.empty() : op.outputs.size() != 1)
      return fault("makes " + std::to_string(op.outputs.size()) + " dims; wanted " +
                   (op.type == OpType::kLookup ? "1 or more" : "exactly 1"));
    const size_t wanted = op.type == OpType::kLookup ? 4 + op.outputs.size() : op.type == OpType::kReglu ? 2 : 1;
    if (op.expressions.size() != wanted)
      return fault("has " + std::to_string(op.expressions.size()) + " expressions; wanted " + std::to_string(wanted) +
                   (op.type == OpType::kLookup ? " (query 2, key 2, one value for each output)" : ""));
    std::vector<uint32_t> read;
    if (op.type == OpType::kLookup) read.push_back(graph_.special.inv_log_pos);
    for (const Expression& expression : op.expressions) {
      for (const Term& term : expression) {
        if (term.dim >= dims_) return fault("reads dim " + std::to_string(term.dim) + ", which does not exist");
        if (!std::isfinite(term.coefficient) || term.coefficient == 0)
          return fault("has a term of dim " + std::to_string(term.dim) + " whose coefficient is zero or not finite");
        read.push_back(term.dim);
      }
    }
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    if (read != op.inputs) {
      std::vector<uint32_t> odd;
      std::set_symmetric_difference(read.begin(), read.end(), op.inputs.begin(), op.inputs.end(),
                                    std::back_inserter(odd));
      if (odd.empty()) return fault("lists an input twice or out of order");
      const bool missing = std::binary_search(read.begin(), read.end(), odd.front());
      return fault(missing ? "reads dim " + std::to_string(odd.front()) + " but does not list it as an input"
                           : "lists input dim " + std::to_string(odd.front()) + " but no expression of it reads it");
    }
    return {};
  }

  // Producers and consumers of dims.
  GraphFault link_dims() {
    std::vector<int32_t> producer(dims_, Dim::kInput);
    for (Dim& dim : graph_.dims) dim.consumers.clear();
    for (uint32_t id = 0; id < graph_.ops.size(); ++id) {
      for (uint32_t dim : graph_.ops[id].outputs) {
        if (dim >= dims_)
          return {At::kOp, id, op_words(graph_, id) + " makes dim " + std::to_string(dim) + ", which does not exist"};
        if (producer[dim] != Dim::kInput)
          return {At::kOp, id,
                  "dim " + std::to_string(dim) + " is made by op " + std::to_string(producer[dim]) + " and by op " +
                      std::to_string(id)};
        producer[dim] = static_cast<int32_t>(id);
      }
      for (uint32_t dim : graph_.ops[id].inputs) graph_.dims[dim].consumers.push_back(id);
    }
    graph_.inputs = 0;
    for (uint32_t dim = 0; dim < dims_; ++dim) {
      if (graph_.dims[dim].op != producer[dim])
        return {At::kDim, dim,
                "dim " + std::to_string(dim) +
                    (graph_.dims[dim].op == Dim::kInput ? " is an input"
                                                        : " is made by op " + std::to_string(graph_.dims[dim].op)) +
                    ", but " +
                    (producer[dim] == Dim::kInput ? "no op lists it as an output"
                                                  : "op " + std::to_string(producer[dim]) + " lists it as an output")};
      graph_.inputs += producer[dim] == Dim::kInput ? 1 : 0;
    }
    return {};
  }

  // Kahn, least id first, so that the order depends on nothing but the graph.
  GraphFault order_ops() {
    const auto for_each_input_op = [&](uint32_t op, auto&& visit) {
      for (uint32_t dim : graph_.ops[op].inputs)
        if (graph_.dims[dim].op != Dim::kInput) visit(static_cast<uint32_t>(graph_.dims[dim].op));
    };
    const auto for_each_reader = [&](uint32_t op, auto&& visit) {
      for (uint32_t dim : graph_.ops[op].outputs)
        for (uint32_t reader : graph_.dims[dim].consumers) visit(reader);
    };
    const auto count = static_cast<uint32_t>(graph_.ops.size());
    std::vector<uint32_t> missing(count, 0);
    for (uint32_t op = 0; op < count; ++op) for_each_input_op(op, [&](uint32_t) { ++missing[op]; });
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
    for (uint32_t op = 0; op < count; ++op)
      if (missing[op] == 0) ready.push(op);
    graph_.order.clear();
    while (!ready.empty()) {
      const uint32_t op = ready.top();
      ready.pop();
      graph_.order.push_back(op);
      for_each_reader(op, [&](uint32_t reader) {
        if (--missing[reader] == 0) ready.push(reader);
      });
    }
    if (graph_.order.size() == count) return {};
    // What is left has an unplaced producer each: walking back from one must come round.
    uint32_t op = 0;
    while (missing[op] == 0) ++op;
    std::vector<int32_t> seen_at(count, -1);
    std::vector<uint32_t> walk;
    while (seen_at[op] < 0) {
      seen_at[op] = static_cast<int32_t>(walk.size());
      walk.push_back(op);
      uint32_t back = op;
      for_each_input_op(op, [&](uint32_t producer) {
        if (missing[producer] != 0) back = producer;
      });
      op = back;
    }
    std::string path = std::to_string(op);
    const size_t length = walk.size() - static_cast<size_t>(seen_at[op]);
    for (size_t i = walk.size(); i-- > static_cast<size_t>(seen_at[op]);) {
      if (length > 8 && walk.size() - i == 7) {
        path += " -> ...";
        i = static_cast<size_t>(seen_at[op]);
      }
      path += " -> " + std::to_string(walk[i]);
    }
    return {At::kOp, op, "ops form a cycle: " + path};
  }

  void derive() {
    mark_averages();
    std::vector<Colocation> pairs;
    for (uint32_t lookup = 0; lookup < graph_.ops.size(); ++lookup) {
      if (graph_.ops[lookup].type != OpType::kLookup || graph_.ops[lookup].tie_break != TieBreak::kAverage) continue;
      for (uint32_t dim : graph_.ops[lookup].outputs)
        for (uint32_t op : graph_.dims[dim].consumers)
          if (graph_.ops[op].type != OpType::kLookup) pairs.push_back({op, lookup});
    }
    std::sort(pairs.begin(), pairs.end(), [](const Colocation& a, const Colocation& b) {
      return a.op != b.op ? a.op < b.op : a.lookup < b.lookup;
    });
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    graph_.colocations = std::move(pairs);
  }

  void mark_averages() {
    graph_.is_average.assign(dims_, false);
    for (const Op& op : graph_.ops)
      if (op.type == OpType::kLookup && op.tie_break == TieBreak::kAverage)
        for (uint32_t dim : op.outputs) graph_.is_average[dim] = true;
  }

  GateGraph& graph_;
  const uint32_t dims_;
};

}  // namespace

GraphFault finish_graph(GateGraph& graph) { return Finisher(graph).run(); }

}  // namespace rondo::phase
