#include "planner/tile/issue_loads.h"

#include <algorithm>
#include "planner/tile/find_conflicts.h"
#include "planner/tile/predict_makespan.h"

namespace rondo::tiling {
namespace {

constexpr uint32_t kAhead = 16;  // copies looked at; not measured
constexpr double kNotYet = -1;

class Issuer {
 public:
  Issuer(const Graph& graph, const MicroProgram& micro, const PlacedProgram& program, const Machine& machine,
         uint32_t products)
      : micro_(micro),
        program_(program),
        machine_(machine),
        conflicts_(find_conflicts(graph, micro, program)),
        products_(products),
        engines_(program.lanes * Queues::kPerLane),
        computes_(program.lanes),
        done_(program.ops.size(), kNotYet),
        computes_before_(program.ops.size(), 0) {
    const Queues queues(machine);
    for (uint32_t i = 0; i < program.ops.size(); ++i) {
      const PlacedOp& op = program.ops[i];
      EngineQueue& engine = engines_[queues.of(micro, op)];
      (op.kind == PlacedKind::kLoad ? engine.loads : engine.others).push_back(i);
      computes_before_[i] = static_cast<uint32_t>(computes_[op.lane].ops.size());
      if (engine_of(micro, op) == Engine::kCompute) computes_[op.lane].ops.push_back(i);
    }
  }

  std::vector<uint32_t> run() {
    std::vector<uint32_t> order;
    order.reserve(program_.ops.size());
    while (order.size() < program_.ops.size()) {
      Choice best;
      for (uint32_t engine = 0; engine < engines_.size(); ++engine) look(engine, best);
      issue(best);
      order.push_back(best.op);
    }
    return order;
  }

 private:
  struct EngineQueue {
    std::vector<uint32_t> loads, others;     // ops, in the order of the list
    uint32_t next_load = 0, next_other = 0;  // the first that is not issued
    double free = 0;
  };
  struct Computes {
    std::vector<uint32_t> ops;
  };
  struct Choice {
    uint32_t op = kNone, engine = 0;
    double start = 0;
  };

  // When all that the op comes after is done; kNotYet where some of it is not issued.
  double ready(uint32_t op) const {
    double at = 0;
    for (uint32_t j = conflicts_.first[op]; j < conflicts_.first[op + 1]; ++j) {
      const uint32_t before = conflicts_.before[j];
      if (done_[before] == kNotYet) return kNotYet;
      const bool crosses = program_.ops[before].lane != program_.ops[op].lane;
      at = std::max(at, done_[before] + (crosses ? machine_.token_ns : 0));
    }
    return at;
  }

  // A load never runs further ahead than scratch was placed for.
  double ready_load(uint32_t op) const {
    const uint32_t before = computes_before_[op];
    if (before <= products_) return ready(op);
    const uint32_t gate = computes_[program_.ops[op].lane].ops[before - products_ - 1];
    if (done_[gate] == kNotYet) return kNotYet;
    const double at = ready(op);
    return at == kNotYet ? kNotYet : std::max(at, done_[gate] - cost_of(micro_, program_.ops[gate], machine_));
  }

  void look(uint32_t index, Choice& best) const {
    const EngineQueue& engine = engines_[index];
    const auto consider = [&](uint32_t op, double ready_at) {
      if (ready_at == kNotYet) return;
      const double start = std::max(ready_at, engine.free);
      if (best.op == kNone || start < best.start || (start == best.start && op < best.op)) best = {op, index, start};
    };
    if (engine.next_other < engine.others.size())
      consider(engine.others[engine.next_other], ready(engine.others[engine.next_other]));
    uint32_t seen = 0;
    for (uint32_t i = engine.next_load; i < engine.loads.size() && seen < kAhead; ++i) {
      const uint32_t op = engine.loads[i];
      if (done_[op] != kNotYet) continue;
      ++seen;
      const double at = ready_load(op);
      consider(op, at);
      if (at != kNotYet && at <= engine.free) return;  // none behind it begins earlier
    }
  }

  void issue(const Choice& choice) {
    EngineQueue& engine = engines_[choice.engine];
    done_[choice.op] = engine.free = choice.start + cost_of(micro_, program_.ops[choice.op], machine_);
    if (program_.ops[choice.op].kind != PlacedKind::kLoad) ++engine.next_other;
    while (engine.next_load < engine.loads.size() && done_[engine.loads[engine.next_load]] != kNotYet)
      ++engine.next_load;
  }

  const MicroProgram& micro_;
  const PlacedProgram& program_;
  const Machine& machine_;
  const Conflicts conflicts_;
  const uint32_t products_;
  std::vector<EngineQueue> engines_;
  std::vector<Computes> computes_;         // by lane
  std::vector<double> done_;               // by op
  std::vector<uint32_t> computes_before_;  // of its lane, by op
};

}  // namespace

PlacedProgram issue_loads(const Graph& graph, const MicroProgram& micro, PlacedProgram program, const Machine& machine,
                          uint32_t products) {
  if (products == 0) return program;
  const std::vector<uint32_t> order = Issuer(graph, micro, program, machine, products).run();
  std::vector<PlacedOp> ops;
  std::vector<uint32_t> places;
  ops.reserve(program.ops.size());
  places.reserve(program.places.size());
  for (const uint32_t from : order) {
    PlacedOp op = program.ops[from];
    const size_t end =
        from + size_t{1} < program.ops.size() ? program.ops[from + 1].first_place : program.places.size();
    const uint32_t first = op.first_place;
    op.first_place = static_cast<uint32_t>(places.size());
    places.insert(places.end(), program.places.begin() + first, program.places.begin() + static_cast<ptrdiff_t>(end));
    ops.push_back(op);
  }
  program.ops = std::move(ops);
  program.places = std::move(places);
  return program;
}

}  // namespace rondo::tiling
