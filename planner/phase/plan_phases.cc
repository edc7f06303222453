#include "planner/phase/plan_phases.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include "planner/phase/costs.h"
#include "planner/phase/lifetimes.h"
#include "planner/phase/milp/gate_model.h"
#include "planner/phase/milp/least_schedule.h"
#include "planner/phase/milp/slot_model.h"
#include "planner/phase/milp/solver.h"
#include "planner/phase/placements.h"
#include "planner/phase/realise.h"
#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

class Clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Result<uint32_t> least_layers_of(const AnyGraph& graph) {
  if (const auto* gates = std::get_if<GateGraph>(&graph)) return least_layers(*gates);
  return least_layers(std::get<SlotGraph>(graph));
}

class Planner {
 public:
  Planner(const AnyGraph& graph, uint32_t layers, const PlanPhasesOptions& options, const Clock& clock)
      : graph_(graph), layers_(layers), options_(options), clock_(clock) {}

  Result<PhasePlan> run() {
    if (Status status = run_search(options_.columns, options_.moves); !status.ok()) return status.error();
    // The solver knows of erasures at death when it looks at columns alone.
    const bool nothing_to_prove = options_.columns != 0 && !options_.lazy;
    if (options_.solver != Solver::kNone && !nothing_to_prove && !ended_)
      if (Status status = solve(); !status.ok()) return status.error();
    plan_.seconds = clock_.seconds();
    plan_.columns_given = options_.columns != 0;
    return std::move(plan_);
  }

 private:
  double seconds_left() const {
    return options_.time_limit_seconds > 0 ? std::max(0.01, options_.time_limit_seconds - clock_.seconds())
                                           : kSolverSeconds;
  }

  // From the schedule there is, if there is one.
  Status run_search(uint32_t columns, uint64_t moves) {
    SearchOptions search_options;
    search_options.mode = options_.mode;
    search_options.lazy = options_.lazy;
    search_options.columns = columns;
    search_options.seed = options_.seed;
    search_options.moves = moves;
    search_options.start = plan_.method.empty() ? options_.start : plan_.schedule.phase_of_op;
    if (options_.time_limit_seconds > 0)
      search_options.time_limit_seconds = options_.solver == Solver::kNone ? seconds_left() : seconds_left() / 4;
    if (options_.progress)
      search_options.progress = [&](const SearchProgress& progress) {
        return report("search", static_cast<double>(progress.moves) / static_cast<double>(moves), progress.columns,
                      progress.bound);
      };
    Result<SearchResult> found =
        std::visit([&](const auto& each) { return search(each, layers_, search_options); }, graph_);
    if (!found.ok()) return found.error();
    plan_.schedule = std::move(found->schedule);
    if (plan_.method.empty()) {
      plan_.method = "search";
      plan_.bound = found->bound;
      plan_.bound_from = "windows";
    }
    return {};
  }

  bool report(const char* stage, double fraction, uint32_t columns, uint32_t bound) {
    ended_ = ended_ || (options_.progress && options_.progress({stage, fraction, columns, bound}));
    return ended_;
  }

  Status solve() {
    constexpr milp::SolverKind kKinds[] = {milp::SolverKind::kOwn, milp::SolverKind::kCbc, milp::SolverKind::kHighs,
                                           milp::SolverKind::kOwn};
    const auto* gates = std::get_if<GateGraph>(&graph_);
    const bool neurons =
        gates != nullptr && options_.lazy && (options_.columns != 0 || options_.objective == Objective::kNeurons);
    LeastOptions least;
    least.layers = layers_;
    least.mode = options_.mode;
    least.lazy = neurons;
    if (options_.columns != 0) least.columns = options_.columns;
    least.fewest_layers = options_.fewest_layers;
    least.solver = kKinds[static_cast<size_t>(options_.solver)];
    least.time_limit_s = seconds_left();
    least.start = plan_.schedule.phase_of_op;
    if (options_.progress) {
      least.progress = [&](const milp::Progress& progress) {
        report(milp::name_of(least.solver), progress.seconds / least.time_limit_s, columns_of(plan_.schedule),
               plan_.bound);
      };
      least.cancelled = [&] { return ended_; };
    }
    Result<LeastSchedule> found =
        gates != nullptr ? least_schedule(*gates, least) : least_schedule(std::get<SlotGraph>(graph_), least);
    if (!found.ok()) return found.error().code == ErrorCode::kCancelled ? Status() : Status(found.error());
    if (found->columns_bound > plan_.bound) {
      plan_.bound = found->columns_bound;
      plan_.bound_from = "proof";
    }
    plan_.neurons_bound = found->neurons_bound;
    plan_.certificate = options_.columns != 0 ? found->neurons_certificate : found->certificate;

    PhaseSchedule schedule = std::move(found->schedule);
    if (gates != nullptr && options_.lazy && !neurons)
      if (Result<PhaseSchedule> lazy = realise(*gates, schedule.layers, schedule.phase_of_op, {options_.mode, true});
          lazy.ok())
        schedule = *std::move(lazy);
    const auto key = [&](const PhaseSchedule& each) {
      const uint32_t columns = std::max(options_.columns, columns_of(each));
      return options_.fewest_layers && !neurons ? std::tuple(columns, each.layers, each.d_ffn)
                                                : std::tuple(columns, each.d_ffn, each.layers);
    };
    const bool narrower = columns_of(schedule) < columns_of(plan_.schedule) || schedule.layers < layers_;
    if (key(schedule) < key(plan_.schedule)) {
      plan_.schedule = std::move(schedule);
      plan_.method = milp::name_of(found->solver);
      layers_ = plan_.schedule.layers;
    }
    // The solver looked at the width alone; or the time of the search was cut short for it.
    const bool search_again = narrower || options_.time_limit_seconds > 0;
    if (gates != nullptr && search_again && !neurons && !ended_)
      if (Status status = run_search(d_model_of(plan_.schedule), options_.moves / 2); !status.ok()) return status;
    const bool narrowest = options_.columns == 0 && columns_of(plan_.schedule) <= plan_.bound;
    plan_.schedule.proof = narrowest ? Proof::kOptimal : Proof::kFeasible;
    return {};
  }

  const AnyGraph& graph_;
  uint32_t layers_;
  const PlanPhasesOptions& options_;
  const Clock& clock_;
  PhasePlan plan_;
  bool ended_ = false;
};

}  // namespace

uint32_t columns_of(const PhaseSchedule& schedule) {
  return schedule.mode == Mode::kStrict ? schedule.width : d_model_of(schedule);
}

Result<PhasePlan> plan_phases(const AnyGraph& graph, const PlanPhasesOptions& options) {
  const Clock clock;
  const Result<uint32_t> least = least_layers_of(graph);
  if (!least.ok()) return least.error();
  const uint32_t layers = options.layers == 0 ? *least : options.layers;
  if (options.objective != Objective::kFlops) return Planner(graph, layers, options, clock).run();
  if (std::holds_alternative<SlotGraph>(graph))
    return make_error(ErrorCode::kInvalidArgument,
                      "objective flops needs a layered gate graph: a slot graph has no d_ffn");
  std::optional<PhasePlan> best;
  constexpr uint32_t kMore = 4;
  for (uint32_t more = 0; more <= (options.layers == 0 ? kMore : 0); ++more) {
    Result<PhasePlan> plan = Planner(graph, layers + more, options, clock).run();
    if (!plan.ok()) return plan.error();
    if (!best || flops_per_token(plan->schedule) < flops_per_token(best->schedule)) best = *std::move(plan);
    if (options.time_limit_seconds > 0 && clock.seconds() > options.time_limit_seconds) break;
  }
  best->seconds = clock.seconds();
  return *std::move(best);
}

Result<std::vector<PhasePlan>> compare_methods(const AnyGraph& graph, const std::vector<Mode>& modes,
                                               const PlanPhasesOptions& options) {
  const Result<uint32_t> least = least_layers_of(graph);
  if (!least.ok()) return least.error();
  const uint32_t layers = options.layers == 0 ? *least : options.layers;
  std::vector<PhasePlan> plans;
  std::optional<Error> error;
  const auto add = [&](std::string method, const Clock& clock, Result<PhaseSchedule> schedule) {
    if (schedule.ok())
      plans.push_back({.schedule = *std::move(schedule), .method = std::move(method), .seconds = clock.seconds()});
    else if (!error)
      error = schedule.error();
  };
  const auto add_planned = [&](Mode mode, bool lazy, Solver solver) {
    PlanPhasesOptions each = options;
    each.solver = solver;
    each.layers = layers;
    each.mode = mode;
    each.lazy = lazy;
    each.objective = lazy && solver != Solver::kNone ? Objective::kNeurons : Objective::kWidth;
    each.columns = 0;
    // The solver goes on from what the search of the row before found.
    if (solver != Solver::kNone && !error) each.start = plans.back().schedule.phase_of_op;
    Result<PhasePlan> plan = plan_phases(graph, each);
    if (!plan.ok()) {
      if (!error) error = plan.error();
      return;
    }
    // What the solver only proved is its row as well.
    if (solver != Solver::kNone) plan->method = name_of(solver == Solver::kAuto ? Solver::kOwn : solver);
    if (lazy) plan->method += "+lazy";
    plans.push_back(*std::move(plan));
  };

  if (const auto* slots = std::get_if<SlotGraph>(&graph)) {
    const Result<Windows> windows = phase::windows(*slots, layers);
    if (!windows.ok()) return windows.error();
    const Clock listed;
    SlotPlacement placed = list_schedule(*slots);
    add("list-schedule", listed, realise(*slots, placed.layers, placed.phase_of_gate));
    const Clock published;
    placed = published_heuristic(*slots);
    add("published-heuristic", published, realise(*slots, placed.layers, placed.phase_of_gate));
    const Clock latest;
    add("alap", latest, realise(*slots, layers, place_latest(*slots, *windows)));
    add_planned(Mode::kStrict, false, Solver::kNone);
    if (options.solver != Solver::kNone) add_planned(Mode::kStrict, false, options.solver);
  } else {
    const auto& gates = std::get<GateGraph>(graph);
    const Result<Windows> windows = phase::windows(gates, layers);
    if (!windows.ok()) return windows.error();
    add("no-reuse", Clock(), realise_without_reuse(gates, layers, place_earliest(gates, *windows)));
    for (Mode mode : modes) {
      const Clock earliest;
      add("asap", earliest, realise(gates, layers, place_earliest(gates, *windows), {mode}));
      const Clock latest;
      add("alap", latest, realise(gates, layers, place_latest(gates, *windows), {mode}));
      const Clock greedy;
      add("greedy", greedy, realise(gates, layers, place_greedy(gates, *windows), {mode}));
      for (bool lazy : {false, true}) {
        add_planned(mode, lazy, Solver::kNone);
        if (options.solver != Solver::kNone) add_planned(mode, lazy, options.solver);
      }
    }
  }
  if (error) return *error;
  return plans;
}

Result<std::string> programme_of(const AnyGraph& graph, const PlanPhasesOptions& options) {
  const Result<uint32_t> least = least_layers_of(graph);
  if (!least.ok()) return least.error();
  const uint32_t layers = options.layers == 0 ? *least : options.layers;
  Result<ScheduleModel> model = make_error(ErrorCode::kBug, "no programme");
  if (const auto* gates = std::get_if<GateGraph>(&graph)) {
    GateModelOptions model_options{.layers = layers, .mode = options.mode, .lazy = options.lazy};
    if (options.columns != 0) model_options.given_columns = options.columns;
    model = build_gate_model(*gates, model_options);
  } else {
    model = build_slot_model(std::get<SlotGraph>(graph), layers);
  }
  if (!model.ok()) return model.error();
  return milp::print_mps(model->model());
}

std::string status_of(const PhasePlan& plan) {
  if (plan.bound == 0) return "-";
  const uint32_t step = plan.schedule.mode == Mode::kStrict ? 1 : 2;
  const uint32_t least = (plan.bound + step - 1) / step * step, columns = columns_of(plan.schedule);
  const uint32_t neurons = plan.schedule.d_ffn - std::min(plan.schedule.d_ffn, plan.neurons_bound);
  if (plan.columns_given) {
    if (plan.neurons_bound == 0) return "-";
    return neurons == 0 ? "optimal" : "d_ffn gap " + std::to_string(neurons);
  }
  if (columns > least) return "gap " + std::to_string(columns - least);
  return plan.neurons_bound != 0 && neurons != 0 ? "optimal, d_ffn gap " + std::to_string(neurons) : "optimal";
}

}  // namespace rondo::phase
