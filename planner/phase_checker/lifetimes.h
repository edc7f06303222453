// When each dim is born and dies, recomputed from the phases.
//
// Time is the half-layer (layered: phase / 2) or the phase (strict). A layered write of
// half-layer h is seen from h + 1 on; a strict write of phase p within p, where rows run
// one after another.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>
#include "planner/phase_checker/certificate.h"
#include "planner/phase_checker/graph.h"

namespace rondo::phase_checker {

inline constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kBeforeAll = -1;  // when inputs of the layered machine are born

struct Lifetimes {
  int64_t times = 0;              // half-layers 0 .. 2N-1, or phases 0 .. 4N
  std::vector<int64_t> birth;     // of each dim
  std::vector<int64_t> death;     // its last reader; kForever; its birth if nothing reads it
  std::vector<bool> needs_slot;   // it must rest in the residual
  std::vector<bool> has_readers;  // outputs and protected dims too
};

// Precondition: every op has a phase within the layers (obligation S1).
Lifetimes derive_lifetimes(const Graph& graph, const Certificate& certificate);

// Layered: the slots that are passed through in half-layer h, because a persist of h
// reads them: those of its operands that no lookup or ReGLU of h has just made. Slots
// ascending, each once, for every h.
std::vector<std::vector<uint32_t>> persist_reads(const Graph& graph, const Certificate& certificate);

}  // namespace rondo::phase_checker
