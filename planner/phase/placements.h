// Placements by rule: the baselines that every search starts from and is compared with.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/slot_graph.h"
#include "planner/phase/windows.h"

namespace rondo::phase {

// Phases of all ops: each as early, or as late, as its window has it (ASAP, ALAP).
std::vector<uint32_t> place_earliest(const GateGraph& graph, const Windows& windows);
std::vector<uint32_t> place_latest(const GateGraph& graph, const Windows& windows);
std::vector<uint32_t> place_latest(const SlotGraph& graph, const Windows& windows);

// A list schedule that watches how many values are at rest: half-layer by half-layer it
// runs what must run, and then whatever frees as many values as it makes. A persist is
// weighed together with the ops it alone reads, whose values then never rest.
std::vector<uint32_t> place_greedy(const GateGraph& graph, const Windows& windows);

struct SlotPlacement {
  uint32_t layers = 0;
  std::vector<uint32_t> phase_of_gate;
};

// psionic's list schedule, version 1: each gate as early as it can, writes a phase after
// what they read, which may cost a layer.
SlotPlacement list_schedule(const SlotGraph& graph);

// psionic's scheduler of version 2, there called E4: the best, by (slots, sum of
// lifetimes, last phase, phases), of the list schedule, the latest placement below its
// last phase, and single-gate moves in up to four passes; for graphs of up to 12 gates an
// enumeration of at most 75,000 nodes. A move tries every fourth phase from the first of
// the gate's type, so a linear gate never comes to the second persist phase of a layer by
// a move. Work grows with the square of the gates. Kept as published (60 slots and 6
// layers on its window interpreter), to be compared with.
SlotPlacement published_heuristic(const SlotGraph& graph);

}  // namespace rondo::phase
