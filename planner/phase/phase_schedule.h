// A schedule of a gate graph: which phase runs each op, which slot holds each value,
// and when a stale value is subtracted from its slot.
//
// Time of the layered machine (gate_graph.h): half-layer 2L is the attention of layer L,
// 2L+1 its feed-forward part. Global phase p = 4L + s with s = 0 lookup, 1 persist, 2
// ReGLU, 3 persist; the half-layer is p / 2. All reads of a half-layer see the residual as
// it was when the half-layer began, all its writes are added at its end. Of the
// strict-phase machine (slot_graph.h): phase 0 is the embedding, layer L is the phases
// 4L+1 .. 4L+4.
// Thread safety: immutable values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/result.h"

namespace rondo::phase {

// When a slot may hold its next value.
enum class Mode : uint8_t {
  kDelayed,  // a half-layer after the old one was subtracted: exact for every float
  kFused,    // in the half-layer that subtracts it, as one write of new - old: exact for integers below 2^53
  kMixed,    // fused but for averages: they come into a clean slot and are cleared alone
  kStrict,   // of the strict-phase machine: in a later phase than the last one that reads the old value
};
constexpr const char* name_of(Mode mode) {
  constexpr const char* kNames[] = {"delayed", "fused", "mixed", "strict"};
  return kNames[static_cast<uint8_t>(mode)];
}

// The value of `dim` is subtracted from `slot`.
struct Erase {
  uint32_t slot = 0;
  uint32_t dim = 0;
  friend bool operator==(const Erase&, const Erase&) = default;
};

enum class Proof : uint8_t {
  kFeasible,  // a schedule; nothing is claimed about better ones
  kOptimal,   // no narrower one exists with these layers and this mode
};
constexpr const char* name_of(Proof proof) { return proof == Proof::kOptimal ? "optimal" : "feasible"; }

struct PhaseSchedule {
  static constexpr int32_t kNoSlot = -1;

  std::string graph;  // its name
  Mode mode = Mode::kDelayed;
  uint32_t layers = 0;
  std::vector<uint32_t> phase_of_op;  // of each op or gate
  // Of each dim or gate. kNoSlot: it never rests in the residual (read only inside the
  // half-layer that makes it, or never). A write gate has the slot of its value.
  std::vector<int32_t> slot_of_dim;
  // For each half-layer, 2 * layers of them; of the strict machine for each phase, and
  // there an erase is the subtraction made when the next value comes into the slot.
  std::vector<std::vector<Erase>> erases;
  uint32_t width = 0;  // slots used
  uint32_t heads = 0;  // most of one layer; 0 on the strict machine
  uint32_t d_ffn = 0;  // most neurons of one layer; 0 on the strict machine
  Proof proof = Proof::kFeasible;
};

// d_model: an even number of columns that hold the slots, and two for each head.
constexpr uint32_t d_model_of(const PhaseSchedule& schedule) {
  const uint32_t columns = schedule.width > 2 * schedule.heads ? schedule.width : 2 * schedule.heads;
  return columns + columns % 2;
}

// The certificate: a JSON object {graph, mode, layers, width, heads, d_ffn, status,
// phase_of_op [..], slot_of_dim {"dim": slot} (dims without a slot left out),
// erases_by_half_layer [[[slot, dim] ..] ..]}. On the strict machine mode is "strict" and
// the last key is erases_by_phase; heads and d_ffn are left out. Parsing checks form and
// ranges only: whether it is true of a graph is the checker's to say. `dims` is the number
// of dims (gates) of the graph.
// Errors: kInvalidSchedule with line and column.
std::string print_certificate(const PhaseSchedule& schedule);
Result<PhaseSchedule> parse_certificate(std::string_view text, const std::string& file, uint32_t dims);

}  // namespace rondo::phase
