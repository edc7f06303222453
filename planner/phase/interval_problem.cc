#include "planner/phase/interval_problem.h"

#include <algorithm>

namespace rondo::phase {
namespace {

void tie(IntervalProblem& problem, uint32_t earlier, uint32_t later, int32_t weight) {
  problem.after[earlier].push_back({later, weight});
  problem.before[later].push_back({earlier, weight});
}

void link_values(IntervalProblem& problem) {
  problem.reads.resize(problem.tasks.size());
  problem.makes.resize(problem.tasks.size());
  for (uint32_t value = 0; value < problem.values.size(); ++value) {
    if (problem.values[value].task >= 0) {
      problem.makes[static_cast<size_t>(problem.values[value].task)].push_back(value);
    } else {
      ++problem.floor;
    }
    for (uint32_t reader : problem.readers[value]) problem.reads[reader].push_back(value);
  }
}

}  // namespace

IntervalProblem interval_problem(const GateGraph& graph, const Windows& windows, uint32_t layers, Mode mode) {
  IntervalProblem problem;
  problem.mode = mode;
  problem.times = 2 * layers;
  const size_t ops = graph.ops.size();
  problem.tasks.resize(ops);
  problem.after.resize(ops);
  problem.before.resize(ops);
  for (uint32_t op = 0; op < ops; ++op) {
    const OpType type = graph.ops[op].type;
    problem.tasks[op] = {windows.low[op],
                         windows.high[op],
                         type == OpType::kPersist ? 1U : 2U,
                         type == OpType::kLookup ? heads_of(graph.ops[op]) : 0,
                         type == OpType::kReglu,
                         type == OpType::kPersist};
    std::vector<uint32_t> producers;
    for_each_producer(graph, op, [&](uint32_t producer) { producers.push_back(producer); });
    std::sort(producers.begin(), producers.end());
    producers.erase(std::unique(producers.begin(), producers.end()), producers.end());
    for (uint32_t producer : producers)
      tie(problem, producer, op, static_cast<int32_t>(lag(graph.ops[producer].type, type)));
  }
  // In the layer of the lookup: a ReGLU exactly one later, a persist at most one.
  for (const Colocation& pair : graph.colocations) tie(problem, pair.op, pair.lookup, -1);
  for (uint32_t dim = 0; dim < graph.dims.size(); ++dim) {
    const int32_t op = graph.dims[dim].op;
    problem.values.push_back({op, graph.is_output[dim] || graph.is_protected[dim], graph.is_average[dim]});
    problem.readers.push_back(graph.dims[dim].consumers);
  }
  link_values(problem);
  return problem;
}

IntervalProblem interval_problem(const SlotGraph& graph, const Windows& windows, uint32_t layers) {
  IntervalProblem problem;
  problem.mode = Mode::kStrict;
  problem.times = 4 * layers + 2;  // and the end of the step
  const size_t gates = graph.gates.size();
  problem.tasks.resize(gates);
  problem.after.resize(gates);
  problem.before.resize(gates);
  for (uint32_t id = 0; id < gates; ++id) {
    const Gate& gate = graph.gates[id];
    const bool write = gate.type == GateType::kWrite;
    IntervalProblem::Task& task = problem.tasks[id];
    task.low = write ? windows.high[id] : windows.low[id];
    task.high = windows.high[id];
    task.step = gate.type == GateType::kLinear ? 2 : 4;
    IntervalProblem::Value value{static_cast<int32_t>(id), graph.is_output[id], false};
    std::vector<uint32_t> readers;
    for (uint32_t reader : gate.consumers) {
      if (graph.gates[reader].type == GateType::kWrite) {
        value.forever = true;
      } else {
        readers.push_back(reader);
        tie(problem, id, reader, 1);
      }
    }
    if (write) value = {-1, true, false};  // holds no slot: not counted below
    problem.values.push_back(value);
    problem.readers.push_back(std::move(readers));
    if (const int32_t before = graph.previous_cumsum[id]; before >= 0)
      tie(problem, static_cast<uint32_t>(before), id, 1);
  }
  link_values(problem);
  problem.floor = 0;
  return problem;
}

uint32_t forced_width(const IntervalProblem& problem) {
  std::vector<int32_t> change(problem.times + 2, 0);
  const bool closed = problem.mode == Mode::kDelayed || problem.mode == Mode::kStrict;
  for (uint32_t id = 0; id < problem.values.size(); ++id) {
    const IntervalProblem::Value& value = problem.values[id];
    if (value.task < 0 && problem.mode == Mode::kStrict) continue;
    const uint32_t begin = value.task < 0 ? 0 : problem.tasks[static_cast<size_t>(value.task)].high;
    uint32_t last = value.task < 0 ? 0 : problem.tasks[static_cast<size_t>(value.task)].low;
    for (uint32_t reader : problem.readers[id]) last = std::max(last, problem.tasks[reader].low);
    // Where it may be read only inside the half-layer that makes it, it may need no slot.
    const bool may_not_rest = problem.mode != Mode::kStrict && value.task >= 0 && last <= begin && !value.forever;
    if (may_not_rest) continue;
    const uint32_t end =
        value.forever ? problem.times : last + (closed || (value.average && problem.mode == Mode::kMixed) ? 1 : 0);
    if (begin >= end) continue;
    ++change[begin];
    --change[end];
  }
  int32_t at_rest = 0, most = static_cast<int32_t>(problem.floor);
  for (int32_t each : change) most = std::max(most, at_rest += each);
  return static_cast<uint32_t>(most);
}

}  // namespace rondo::phase
