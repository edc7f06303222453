// Both machines as one problem: tasks in time under difference constraints, values that
// live from the task that makes them to the last that reads them, a width to keep.
//
// What the local search works on; slots and erasures are realise()'s.
#pragma once
#include <cstdint>
#include <vector>

#include "planner/phase/gate_graph.h"
#include "planner/phase/phase_schedule.h"
#include "planner/phase/slot_graph.h"
#include "planner/phase/windows.h"

namespace rondo::phase {

struct IntervalProblem {
  struct Task {
    uint32_t low = 0, high = 0;  // its window
    uint32_t step = 1;           // may run at low, low + step, ...
    uint32_t heads = 0;          // of a lookup
    bool neuron = false;         // a ReGLU
    bool persist = false;        // passes what it reads from a slot through a head or neuron
  };
  // time(other) >= time(task) + weight, kept at both of its ends.
  struct Edge {
    uint32_t other = 0;
    int32_t weight = 0;
  };
  struct Value {
    int32_t task = -1;  // that makes it; -1: there from the beginning
    bool forever = false;
    bool average = false;  // mode mixed: in a slot of its own, clean before and after
  };

  Mode mode = Mode::kDelayed;
  uint32_t times = 0;
  uint32_t floor = 0;  // values before the first time
  std::vector<Task> tasks;
  std::vector<std::vector<Edge>> after, before;
  std::vector<Value> values;
  std::vector<std::vector<uint32_t>> readers;       // tasks, of each value
  std::vector<std::vector<uint32_t>> reads, makes;  // values, of each task
};

IntervalProblem interval_problem(const GateGraph& graph, const Windows& windows, uint32_t layers, Mode mode);
// Tasks and values are gates; writes are tasks that never move.
IntervalProblem interval_problem(const SlotGraph& graph, const Windows& windows, uint32_t layers);

// A width no schedule goes below: the most values whose windows alone force them to be
// at rest at one time, and the values that are there from the beginning.
uint32_t forced_width(const IntervalProblem& problem);

}  // namespace rondo::phase
