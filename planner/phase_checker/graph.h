// A gate graph as the checker reads it: both machines in one form.
//
// This is the checker's own reading of phase-graph/1 (layered) and alm-graph/1
// (strict): it shares neither types nor code with the planner whose schedules it
// judges. On the strict machine op i, dim i and gate i are the same thing, and inputs
// and constants are ops too. Thread safety: immutable values once read.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "rondo/result.h"

namespace rondo::phase_checker {

enum class Machine : uint8_t { kLayered, kStrict };
constexpr const char* name_of(Machine machine) { return machine == Machine::kLayered ? "layered" : "strict"; }

enum class OpKind : uint8_t { kLookup, kReglu, kPersist, kInput, kConst, kLinear, kRead, kCumsum, kWrite };
constexpr const char* name_of(OpKind kind) {
  constexpr const char* kNames[] = {"lookup", "reglu", "persist", "input", "const",
                                    "linear", "read",  "cumsum",  "write"};
  return kNames[static_cast<uint8_t>(kind)];
}

struct Term {
  uint32_t dim = 0;
  double coefficient = 0;
};
using Sum = std::vector<Term>;

inline constexpr int32_t kInputDim = -1;

struct Dim {
  std::string name;
  int32_t maker = kInputDim;      // the op; kInputDim: there before layer 0
  std::vector<uint32_t> readers;  // ops, ascending, each once
  // A mean of the rows that match, and so no integer: what mixed mode never fuses.
  bool average = false;
};

struct Op {
  OpKind kind = OpKind::kPersist;
  bool average = false;  // of a lookup
  std::string name;
  std::vector<uint32_t> reads;     // dims, ascending, each once
  std::vector<uint32_t> operands;  // strict: in the order of the kind
  std::vector<uint32_t> makes;
  // lookup: query x and y, key x and y, then one for each dim it makes; reglu: a, b;
  // persist and linear: the sum. Empty where the file has no expressions.
  std::vector<Sum> sums;
  double constant = 0;   // const: the value; linear: the bias
  uint32_t channel = 0;  // read, cumsum, write
};

struct Graph {
  Machine machine = Machine::kLayered;
  std::string file, name;
  std::vector<Dim> dims;
  std::vector<Op> ops;
  std::vector<uint32_t> order;  // ops, producers first
  std::vector<uint32_t> outputs;
  std::vector<bool> is_output;
  // Layered only.
  uint32_t one = 0, position = 0, inv_log_pos = 0, position_sq = 0;
  std::vector<uint32_t> protected_dims;
  std::vector<bool> is_protected;
  // Op, and the lookup in whose layer it must run: derived from averages, and what the
  // file lists beside them. Ascending, each once.
  std::vector<std::pair<uint32_t, uint32_t>> same_layer;
};

inline constexpr uint32_t kMaxOps = 1u << 20;

// "dim 23 (carry)", "op 5 (step+)".
std::string dim_title(const Graph& graph, uint32_t dim);
std::string op_title(const Graph& graph, uint32_t op);

// Errors: kInvalidGraph with line, column and the obligation (W1 to W4) where one is
// broken; kTooComplex above kMaxOps ops or dims; of load_graph also kNotFound, kIo.
Result<Graph> parse_graph(std::string_view text, const std::string& file);
Result<Graph> load_graph(const std::string& path);

}  // namespace rondo::phase_checker
