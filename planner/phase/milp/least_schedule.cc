#include "planner/phase/milp/least_schedule.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include "planner/phase/lifetimes.h"
#include "planner/phase/milp/gate_model.h"
#include "planner/phase/milp/slot_model.h"
#include "planner/phase/realise.h"
#include "planner/phase/search.h"
#include "planner/phase/windows.h"

namespace rondo::phase {
namespace {

using milp::SolverKind;
using milp::SolveStatus;

// Moves of the local search that makes the first placement: a fraction of a second on the graphs of
// 600 ops it was tried on.
constexpr uint64_t kStartMoves = 20'000;

std::vector<uint32_t> halves_of(std::span<const uint32_t> phases) {
  std::vector<uint32_t> halves;
  for (const uint32_t phase : phases) halves.push_back(half_of(phase));
  return halves;
}

std::vector<uint32_t> phases_of(const GateGraph& graph, std::span<const uint32_t> halves) {
  std::vector<uint32_t> phases;
  for (size_t op = 0; op < halves.size(); ++op) phases.push_back(phase_of(graph.ops[op].type, halves[op]));
  return phases;
}

// The programme a certificate speaks of.
struct Claim {
  std::string graph;
  uint32_t layers = 0;
  Mode mode = Mode::kDelayed;
  std::string rows;  // width, width+heads or neurons
  std::optional<uint32_t> columns;

  std::vector<std::pair<std::string, std::string>> lines() const {
    std::vector<std::pair<std::string, std::string>> about{
        {"graph", graph}, {"layers", std::to_string(layers)}, {"mode", name_of(mode)}, {"rows", rows}};
    if (columns.has_value()) about.emplace_back("columns", std::to_string(*columns));
    return about;
  }
};

Result<Claim> claim_of(const milp::Certificate& certificate, const std::string& file) {
  const auto refuse = [&](const std::string& what) {
    return make_error(ErrorCode::kInvalidArgument, "what the proof is about: " + what, {.file = file});
  };
  Claim claim;
  const auto number = [](const std::string& text, uint32_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  };
  for (const auto& [word, value] : certificate.about) {
    if (word == "graph") {
      claim.graph = value;
    } else if (word == "layers") {
      if (!number(value, claim.layers)) return refuse("layers '" + value + "' is no number");
    } else if (word == "mode") {
      bool known = false;
      for (const Mode mode : {Mode::kDelayed, Mode::kFused, Mode::kMixed, Mode::kStrict}) {
        if (value != name_of(mode)) continue;
        claim.mode = mode;
        known = true;
      }
      if (!known) return refuse("no mode is called '" + value + "'");
    } else if (word == "rows") {
      claim.rows = value;
    } else if (word == "columns") {
      if (uint32_t columns = 0; number(value, columns)) {
        claim.columns = columns;
      } else {
        return refuse("columns '" + value + "' is no number");
      }
    } else {
      return refuse("'" + word + "' is not known");
    }
  }
  if (claim.layers == 0) return refuse("the layers are missing");
  return claim;
}

Result<ScheduleModel> model_of(const GateGraph& graph, const Claim& claim) {
  GateModelOptions options{.layers = claim.layers, .mode = claim.mode, .heads = false};
  if (claim.rows == "neurons" && claim.columns.has_value()) {
    options.heads = true;
    options.given_columns = claim.columns;
    options.lazy = true;
  } else if (claim.rows == "width+heads") {
    options.heads = true;
  } else if (claim.rows != "width") {
    return make_error(ErrorCode::kInvalidArgument, "no programme has rows '" + claim.rows + "'");
  }
  return build_gate_model(graph, options);
}

Result<ScheduleModel> model_of(const SlotGraph& graph, const Claim& claim) {
  if (claim.rows != "width") {
    return make_error(ErrorCode::kInvalidArgument, "no programme of a slot graph has rows '" + claim.rows + "'");
  }
  return build_slot_model(graph, claim.layers);
}

template <class Graph>
Result<ProvenBound> check(const Graph& graph, bool strict, std::string_view text, const std::string& file) {
  const Result<milp::Certificate> head = milp::parse_certificate_head(text, file);
  if (!head.ok()) return head.error();
  const Result<Claim> claim = claim_of(*head, file);
  if (!claim.ok()) return claim.error();
  if (claim->graph != graph.name) {
    return make_error(ErrorCode::kInvalidArgument,
                      "the proof is about graph '" + claim->graph + "', not '" + graph.name + "'", {.file = file});
  }
  if (strict != (claim->mode == Mode::kStrict)) {
    return make_error(ErrorCode::kInvalidArgument, "the proof is about the other machine", {.file = file});
  }
  const Result<ScheduleModel> model = model_of(graph, *claim);
  if (!model.ok()) return model.error();
  const Result<milp::Certificate> certificate = milp::parse_certificate(model->model(), text, file);
  if (!certificate.ok()) return certificate.error();
  if (const Status status = check_certificate(model->model(), *certificate); !status.ok()) return status.error();
  ProvenBound bound{claim->layers, claim->mode, claim->rows == "neurons" ? claim->columns : std::nullopt, 0};
  const int64_t units = strict || bound.columns.has_value() ? 1 : 2;
  bound.bound = static_cast<uint32_t>(std::max<int64_t>(0, certificate->bound * units));
  return bound;
}

// One programme solved: by the solver that was asked for, certified by the own search.
struct Step {
  std::vector<uint32_t> times;  // empty: no point
  int64_t bound = 0;
  bool certified = false;  // `bound` is
  bool infeasible = false;
  std::string certificate;
};

class Steps {
 public:
  Steps(const LeastOptions& options, LeastSchedule& result) : options_(options), result_(result) {}

  Result<Step> solve(const ScheduleModel& model, const Claim& claim, std::span<const uint32_t> start) {
    milp::SolveOptions wanted;
    wanted.time_limit_s = options_.time_limit_s;
    wanted.threads = options_.threads;
    wanted.progress = options_.progress;
    wanted.cancelled = options_.cancelled;
    wanted.round = [&](std::span<const double> point) { return model.round(point); };
    if (!start.empty()) {
      if (std::optional<std::vector<double>> point = model.point_of(start)) wanted.start = std::move(*point);
    }
    Step step;
    const bool other = options_.solver == SolverKind::kCbc || options_.solver == SolverKind::kHighs;
    if (other) {
      Result<milp::SolveResult> found = milp::solve(model.model(), options_.solver, wanted);
      if (!found.ok()) return found.error();
      count(*found);
      result_.claimed = found->status;
      if (!found->point.empty()) wanted.start = found->point;
    }
    const Result<milp::SolveResult> own = milp::solve(model.model(), SolverKind::kOwn, wanted);
    if (!own.ok()) return own.error();
    count(*own);
    const std::vector<double>& best = own->point.empty() ? wanted.start : own->point;
    if (!other || best != wanted.start) {
      result_.solver = SolverKind::kOwn;
      result_.claimed = own->status;
    } else {
      result_.solver = options_.solver;
    }
    if (!best.empty()) step.times = model.times_of(best);
    step.infeasible = own->status == SolveStatus::kInfeasible;
    if (own->certificate.has_value()) {
      milp::Certificate certificate = *own->certificate;
      certificate.about = claim.lines();
      step.certified = true;
      step.bound = certificate.bound;
      step.certificate = print_certificate(model.model(), certificate);
    }
    return step;
  }

 private:
  void count(const milp::SolveResult& result) {
    result_.nodes += result.nodes;
    result_.seconds += result.seconds;
  }

  const LeastOptions& options_;
  LeastSchedule& result_;
};

Result<LeastSchedule> least_at(const GateGraph& graph, const LeastOptions& options);
Result<LeastSchedule> least_at(const SlotGraph& graph, const LeastOptions& options);

uint32_t columns_of(const GateGraph&, const PhaseSchedule& schedule) { return d_model_of(schedule); }
uint32_t columns_of(const SlotGraph&, const PhaseSchedule& schedule) { return schedule.width; }

Result<uint32_t> fewest_of(const GateGraph& graph) { return least_layers(graph); }
Result<uint32_t> fewest_of(const SlotGraph& graph) { return least_layers(graph); }

template <class Graph>
Result<LeastSchedule> least(const Graph& graph, const LeastOptions& options) {
  Result<LeastSchedule> all = least_at(graph, options);
  if (!all.ok() || !options.fewest_layers) return all;
  const Result<uint32_t> fewest = fewest_of(graph);
  if (!fewest.ok()) return fewest.error();
  all->layers_bound = options.layers;
  bool proven = true;  // that fewer layers than `layers` do not do
  for (uint32_t layers = std::max(1u, *fewest); layers < options.layers; ++layers) {
    LeastOptions fewer = options;
    fewer.layers = layers;
    fewer.start.clear();
    Result<LeastSchedule> less = least_at(graph, fewer);
    if (!less.ok() && less.error().code != ErrorCode::kDoesNotFit) return less.error();
    all->nodes += less.ok() ? less->nodes : 0;
    all->seconds += less.ok() ? less->seconds : 0;
    if (!less.ok()) {
      proven = false;  // nothing that fits, or nothing found in time
      continue;
    }
    const uint32_t columns = columns_of(graph, all->schedule);
    if (columns_of(graph, less->schedule) <= columns &&
        ((!options.lazy && !options.columns.has_value()) || less->schedule.d_ffn <= all->schedule.d_ffn)) {
      // What no schedule of more layers is below, none of fewer is.
      less->schedule.proof = all->schedule.proof;
      all->schedule = std::move(less->schedule);
      all->layers_bound = proven ? layers : std::max(1u, *fewest);
      return all;
    }
    proven = proven && (less->columns_bound > columns ||
                        (options.lazy && less->columns_bound == columns && less->neurons_bound > all->schedule.d_ffn) ||
                        (options.columns.has_value() && less->neurons_bound > all->schedule.d_ffn));
  }
  if (!proven) all->layers_bound = std::max(1u, *fewest);
  return all;
}

}  // namespace

Result<LeastSchedule> least_schedule(const GateGraph& graph, const LeastOptions& options) {
  return least(graph, options);
}
Result<LeastSchedule> least_schedule(const SlotGraph& graph, const LeastOptions& options) {
  return least(graph, options);
}

Result<ProvenBound> check_bound(const GateGraph& graph, std::string_view text, const std::string& file) {
  return check(graph, false, text, file);
}
Result<ProvenBound> check_bound(const SlotGraph& graph, std::string_view text, const std::string& file) {
  return check(graph, true, text, file);
}

namespace {

Result<LeastSchedule> least_at(const GateGraph& graph, const LeastOptions& options) {
  if (options.columns.has_value() && *options.columns % 2 != 0) {
    return make_error(ErrorCode::kInvalidArgument,
                      "columns come in pairs: " + std::to_string(*options.columns) + " is odd");
  }
  LeastSchedule result;
  Steps steps(options, result);
  std::vector<uint32_t> start = options.start;
  if (start.empty()) {
    const Result<SearchResult> found = search(graph, options.layers, {.mode = options.mode, .moves = kStartMoves});
    if (!found.ok()) return found.error();
    start = found->schedule.phase_of_op;
  }
  // Width, at first without the rows of heads: they seldom bind, and a bound without them holds.
  bool narrowest = false;
  std::vector<uint32_t> halves = halves_of(start);
  uint32_t columns = options.columns.value_or(0);
  if (!options.columns.has_value()) {
    std::optional<PhaseSchedule> best;
    for (const bool heads : {false, true}) {
      const Claim claim{graph.name, options.layers, options.mode, heads ? "width+heads" : "width", std::nullopt};
      const Result<ScheduleModel> model = model_of(graph, claim);
      if (!model.ok()) return model.error();
      Result<Step> step = steps.solve(*model, claim, halves);
      if (!step.ok()) return step.error();
      if (step->certified && 2 * step->bound > result.columns_bound) {
        result.columns_bound = static_cast<uint32_t>(2 * step->bound);
        result.certificate = std::move(step->certificate);
      }
      for (const std::vector<uint32_t>& times : {step->times, halves}) {
        if (times.empty()) continue;
        Result<PhaseSchedule> schedule =
            realise(graph, options.layers, phases_of(graph, times), {.mode = options.mode});
        if (!schedule.ok()) return schedule.error();
        if (!best.has_value() || d_model_of(*schedule) < d_model_of(*best)) best = std::move(*schedule);
      }
      halves = halves_of(best->phase_of_op);
      if (d_model_of(*best) <= result.columns_bound) break;
    }
    columns = d_model_of(*best);
    narrowest = columns == result.columns_bound;
    result.schedule = std::move(*best);
    if (!options.lazy) {
      result.schedule.proof = narrowest ? Proof::kOptimal : Proof::kFeasible;
      return result;
    }
  }
  const Claim claim{graph.name, options.layers, options.mode, "neurons", columns};
  const Result<ScheduleModel> model = model_of(graph, claim);
  if (!model.ok()) return model.error();
  Result<Step> step = steps.solve(*model, claim, halves);
  if (!step.ok()) return step.error();
  if (step->infeasible) {
    return make_error(ErrorCode::kDoesNotFit, "no schedule of " + std::to_string(options.layers) + " layers fits " +
                                                  std::to_string(columns) + " columns in mode " +
                                                  name_of(options.mode));
  }
  if (step->certified) {
    result.neurons_bound = static_cast<uint32_t>(step->bound);
    result.neurons_certificate = std::move(step->certificate);
  }
  std::optional<PhaseSchedule> best;
  for (const std::vector<uint32_t>& times : {step->times, halves}) {
    if (times.empty()) continue;
    Result<PhaseSchedule> schedule = realise(graph, options.layers, phases_of(graph, times),
                                             {.mode = options.mode, .lazy = true, .columns = columns});
    if (schedule.ok() && (!best.has_value() || schedule->d_ffn < best->d_ffn)) best = std::move(*schedule);
  }
  if (!best.has_value()) {
    return make_error(ErrorCode::kDoesNotFit,
                      "no schedule of " + std::to_string(columns) + " columns was found in time");
  }
  result.schedule = std::move(*best);
  const bool fewest = step->certified && result.schedule.d_ffn == result.neurons_bound;
  result.schedule.proof = fewest && (narrowest || options.columns.has_value()) ? Proof::kOptimal : Proof::kFeasible;
  return result;
}

Result<LeastSchedule> least_at(const SlotGraph& graph, const LeastOptions& options) {
  if (options.lazy || options.columns.has_value()) {
    return make_error(ErrorCode::kInvalidArgument,
                      "the strict machine has neither neurons to save nor columns to give");
  }
  LeastSchedule result;
  Steps steps(options, result);
  std::vector<uint32_t> start = options.start;
  if (start.empty()) {
    const Result<SearchResult> found = search(graph, options.layers, {.moves = kStartMoves});
    if (!found.ok()) return found.error();
    start = found->schedule.phase_of_op;
  }
  const Claim claim{graph.name, options.layers, Mode::kStrict, "width", std::nullopt};
  const Result<ScheduleModel> model = model_of(graph, claim);
  if (!model.ok()) return model.error();
  Result<Step> step = steps.solve(*model, claim, start);
  if (!step.ok()) return step.error();
  if (step->certified) {
    result.columns_bound = static_cast<uint32_t>(step->bound);
    result.certificate = std::move(step->certificate);
  }
  std::optional<PhaseSchedule> best;
  for (const std::vector<uint32_t>& times : {step->times, start}) {
    if (times.empty()) continue;
    Result<PhaseSchedule> schedule = realise(graph, options.layers, times);
    if (!schedule.ok()) return schedule.error();
    if (!best.has_value() || schedule->width < best->width) best = std::move(*schedule);
  }
  result.schedule = std::move(*best);
  result.schedule.proof = result.schedule.width == result.columns_bound ? Proof::kOptimal : Proof::kFeasible;
  return result;
}

}  // namespace

}  // namespace rondo::phase
