// Gate graphs of the layered residual: what the phase planner schedules.
//
// One step of such a program is a directed acyclic graph. Every value is a *dim*: one
// scalar in the residual stream of a transformer. Ops make dims from linear expressions
// over dims, and wiring is free: only an op's type and the dims it reads matter to a
// schedule. The machine model is that of transformer-vm (Percepta, Apache-2.0,
// graph/core.py and scheduler/milp.py): a layer is an attention half and a
// feed-forward half, and a write adds to a slot of the residual.
//
// The other machine, in which every gate owns a slot and phases are strict, is
// slot_graph.h. The file formats are in docs/phase.md.
// Thread safety: immutable values once read.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/result.h"

namespace rondo::json {
struct Node;
}

namespace rondo::phase {

struct Term {
  uint32_t dim = 0;
  double coefficient = 0;  // finite, not zero
};
// The sum of its terms; no term is zero, an empty sum is 0.
using Expression = std::vector<Term>;

enum class OpType : uint8_t {
  kLookup,   // attention read: values of the row of the history whose key matches the query best
  kReglu,    // relu(b) * a: one neuron
  kPersist,  // materialises a sum, so that its operands may die
};
constexpr const char* name_of(OpType type) {
  constexpr const char* kNames[] = {"lookup", "reglu", "persist"};
  return kNames[static_cast<uint8_t>(type)];
}

enum class TieBreak : uint8_t {
  kLatest,   // the latest of the rows that match best
  kAverage,  // the mean of them: not an integer
};

struct Dim {
  static constexpr int32_t kInput = -1;

  std::string name;
  int32_t op = kInput;              // the one that makes it; kInput: alive before layer 0
  std::vector<uint32_t> consumers;  // ops that read it, ascending, each once
};

struct Op {
  OpType type = OpType::kPersist;
  TieBreak tie_break = TieBreak::kLatest;  // of a lookup
  std::string name;
  std::vector<uint32_t> inputs;   // dims it reads, ascending, each once; of a lookup with inv_log_pos
  std::vector<uint32_t> outputs;  // dims it makes: one, of a lookup one or more
  // lookup: query x, query y, key x, key y, then one for each output; reglu: a, b; persist: the sum.
  std::vector<Expression> expressions;
};

// Heads that carry the values of a lookup: the head dimension is 2.
constexpr uint32_t heads_of(const Op& lookup) { return static_cast<uint32_t>((lookup.outputs.size() + 1) / 2); }

struct SpecialDims {
  uint32_t one = 0;
  uint32_t position = 0;
  uint32_t inv_log_pos = 0;
  uint32_t position_sq = 0;
};

// An op and the lookup whose layer it must share.
struct Colocation {
  uint32_t op = 0;
  uint32_t lookup = 0;
  friend bool operator==(const Colocation&, const Colocation&) = default;
};

struct GateGraph {
  std::string name;
  std::vector<Dim> dims;
  std::vector<Op> ops;
  SpecialDims special;
  // Inputs that live for ever in slots 0, 1, ...: the position encoding writes there.
  std::vector<uint32_t> protected_dims;
  std::vector<uint32_t> outputs;  // dims in the output expressions, ascending: they live for ever
  // Derived by finish_graph(): ReGLU and persists that read an average must run in the
  // layer that makes it, because an average is no integer and must not be carried.
  std::vector<Colocation> colocations;
  std::vector<uint32_t> order;  // ops, producers before consumers, by id among equals
  std::vector<bool> is_output;  // of each dim
  std::vector<bool> is_protected;
  std::vector<bool> is_average;  // made by a lookup that averages: an integer only by chance
  uint32_t inputs = 0;           // dims that no op makes
};

// What is wrong with a graph, and which of its parts it is about.
struct GraphFault {
  enum class At : uint8_t { kGraph, kDim, kOp };
  At at = At::kGraph;
  uint32_t index = 0;
  std::string message;  // empty: nothing is wrong
  bool ok() const { return message.empty(); }
};

// Checks a graph made in memory and fills what is derived: ids in range, one producer
// for each dim, inputs that match the expressions, no cycle (one is spelled out), special
// and protected dims that are inputs. Whether co-location can hold at all is
// least_layers()'s to say, in windows.h.
GraphFault finish_graph(GateGraph& graph);

// Format phase-graph/1. Errors: kInvalidGraph with line and column; kTooComplex above
// 2^20 ops or dims.
Result<GateGraph> parse_gate_graph(std::string_view text, const std::string& file);
Result<GateGraph> read_gate_graph(const json::Node& root, const std::string& file);
std::string print_gate_graph(const GateGraph& graph);

}  // namespace rondo::phase
