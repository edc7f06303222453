// Gate graphs of the strict-phase machine: every gate is one scalar in a slot of its own.
//
// The machine is that of psionic's ALM backend (OpenAgentsInc, tassadar_alm_graph.rs and
// tassadar_alm_backend.rs). Phase 0 is the embedding; layer L is the phases 4L+1
// (attention: read, cumsum), 4L+2 (persist: linear), 4L+3 (feed-forward: reglu) and 4L+4
// (persist). A gate runs in a later phase than every gate it reads. Gates are listed so
// that none reads a later one. Thread safety: immutable values once read.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "rondo/result.h"

namespace rondo::json {
struct Node;
}

namespace rondo::phase {

enum class GateType : uint8_t {
  kInput,
  kConst,
  kLinear,  // bias + sum of coefficient * input
  kReglu,   // inputs: value, gate; value * max(gate, 0)
  kRead,    // input: the key; the latest value written to the channel under it
  kCumsum,  // input: the value; its sum over the steps so far
  kWrite,   // inputs: key, value; takes effect at the end of the step and owns no slot
};
constexpr const char* name_of(GateType type) {
  constexpr const char* kNames[] = {"input", "const", "linear", "reglu", "read", "cumsum", "write"};
  return kNames[static_cast<uint8_t>(type)];
}

struct Gate {
  GateType type = GateType::kInput;
  std::string name;
  std::vector<uint32_t> inputs;       // in the order of the type; an input may stand twice
  std::vector<int64_t> coefficients;  // kLinear: one for each input
  int64_t constant = 0;               // kConst: the value; kLinear: the bias
  uint32_t channel = 0;               // kRead, kCumsum, kWrite
  std::vector<uint32_t> consumers;    // derived: gates that read it, ascending, each once
};

struct SlotGraph {
  std::string name;
  std::vector<Gate> gates;
  std::vector<uint32_t> outputs;  // gates that live to the end of the step
  // Derived by finish_graph().
  std::vector<bool> is_output;
  // The cumsum before this one on the same channel, which must keep its order; -1: none.
  std::vector<int32_t> previous_cumsum;
};

// Checks a graph made in memory and fills what is derived; GraphFault::kOp names a gate.
GraphFault finish_graph(SlotGraph& graph);

// Format alm-graph/1. Errors: kInvalidGraph with line and column; kTooComplex above 2^20 gates.
Result<SlotGraph> parse_slot_graph(std::string_view text, const std::string& file);
Result<SlotGraph> read_slot_graph(const json::Node& root, const std::string& file);
std::string print_slot_graph(const SlotGraph& graph);

}  // namespace rondo::phase
