#include "planner/phase/search.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include "planner/phase/anneal.h"
#include "planner/phase/interval_problem.h"
#include "planner/phase/lifetimes.h"
#include "planner/phase/placements.h"
#include "planner/phase/realise.h"

namespace rondo::phase {
namespace {

// Moves of a walk before the next one, longer, begins; hot and cold in units of cost.
// Chosen on the published interpreters; not measured elsewhere.
constexpr uint64_t kFirstWalk = 1u << 17;
constexpr double kHot = 2.0;
constexpr double kCold = 0.15;

using Times = std::vector<uint32_t>;

// What both machines share: starts, limits that tighten, moves that run out.
class Descent {
 public:
  struct Found {
    PhaseSchedule schedule;
    Times times;
  };
  using Realise = std::function<std::optional<PhaseSchedule>(const Times&)>;

  Descent(const IntervalProblem& problem, const SearchOptions& options, Realise realise)
      : problem_(problem),
        options_(options),
        realise_(std::move(realise)),
        strict_(problem.mode == Mode::kStrict),
        bound_(forced_width(problem)),
        begin_(std::chrono::steady_clock::now()) {}

  void consider(const Times& times) {
    std::optional<PhaseSchedule> schedule = realise_(times);
    if (!schedule) return;
    starts_.push_back(times);
    if (!best_ || key(*schedule) < key(best_->schedule)) best_ = Found{*std::move(schedule), times};
  }

  SearchResult run() {
    Annealer annealer(problem_, best_->times, options_.seed);
    const uint32_t step = strict_ ? 1 : 2;
    uint32_t wanted = options_.columns;
    // Fewer columns first, with half of the moves kept for the neurons.
    while (!ended() && columns(best_->schedule) > std::max(wanted, least_columns())) {
      // Erasing at once has the smoother cost, and waiting seldom saves a column.
      AnnealLimits limits{columns(best_->schedule) - step, AnnealLimits::kNone, false};
      if (!tighten(annealer, limits, strict_ ? options_.moves : options_.moves / 2)) break;
    }
    while (!ended() && !strict_ && best_->schedule.d_ffn > 1) {
      const uint32_t allowed = std::max(wanted, columns(best_->schedule));
      if (!tighten(annealer, {allowed, best_->schedule.d_ffn - 1, options_.lazy}, options_.moves)) break;
    }
    SearchResult result{std::move(best_->schedule), bound_, annealer.moves()};
    if (columns(result.schedule) <= least_columns()) result.schedule.proof = Proof::kOptimal;
    return result;
  }

  bool has_start() const { return best_.has_value(); }
  uint32_t bound() const { return bound_; }

 private:
  uint32_t columns(const PhaseSchedule& schedule) const { return strict_ ? schedule.width : d_model_of(schedule); }
  uint32_t least_columns() const { return strict_ ? bound_ : bound_ + bound_ % 2; }
  std::tuple<uint32_t, uint32_t, uint32_t> key(const PhaseSchedule& schedule) const {
    return {std::max(columns(schedule), options_.columns), schedule.d_ffn, columns(schedule)};
  }

  bool ended() {
    if (ended_) return true;
    if (options_.time_limit_seconds > 0)
      ended_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count() >
               options_.time_limit_seconds;
    return ended_;
  }

  // Walks of growing length from the best placement and from the starts in turn, until
  // the limits are kept or the moves are spent.
  bool tighten(Annealer& annealer, const AnnealLimits& limits, uint64_t budget) {
    uint64_t length = kFirstWalk;
    for (size_t walk = 0; annealer.moves() < budget; ++walk) {
      const uint64_t before = annealer.moves();
      AnnealLimits each = limits;
      each.lazy = limits.lazy && walk % 3 != 0;  // what keeps the limits erasing at once keeps them lazily
      annealer.set_limits(each);
      annealer.restart(walk % 3 == 2 ? starts_[walk / 3 % starts_.size()] : best_->times);
      const bool found = annealer.walk(std::min(length, budget - annealer.moves()), kHot, kCold, [&] {
        if (options_.progress && !ended_)
          ended_ = options_.progress({annealer.moves(), columns(best_->schedule), best_->schedule.d_ffn, bound_});
        return ended();
      });
      if (found) {
        std::optional<PhaseSchedule> schedule = realise_(annealer.times());
        if (schedule && key(*schedule) < key(best_->schedule)) {
          best_ = Found{*std::move(schedule), annealer.times()};
          return true;
        }
      }
      if (ended() || annealer.moves() == before) return false;
      if (walk % 3 == 2) length *= 2;
    }
    return false;
  }

  const IntervalProblem& problem_;
  const SearchOptions& options_;
  Realise realise_;
  const bool strict_;
  const uint32_t bound_;
  const std::chrono::steady_clock::time_point begin_;
  bool ended_ = false;
  std::vector<Times> starts_;
  std::optional<Found> best_;
};

}  // namespace

Result<SearchResult> search(const GateGraph& graph, uint32_t layers, const SearchOptions& options) {
  if (options.mode == Mode::kStrict || options.columns % 2 != 0)
    return make_error(ErrorCode::kInvalidArgument,
                      "a gate graph wants mode delayed, fused or mixed and an even number of columns");
  Result<Windows> windows = phase::windows(graph, layers);
  if (!windows.ok()) return windows.error();
  const IntervalProblem problem = interval_problem(graph, *windows, layers, options.mode);
  const auto phases_of = [&](const Times& halves) {
    Times phases(halves.size());
    for (size_t op = 0; op < halves.size(); ++op) phases[op] = phase_of(graph.ops[op].type, halves[op]);
    return phases;
  };
  const auto halves_of = [](Times phases) {
    for (uint32_t& phase : phases) phase = half_of(phase);
    return phases;
  };
  Descent descent(problem, options, [&](const Times& halves) -> std::optional<PhaseSchedule> {
    const Times phases = phases_of(halves);
    Result<PhaseSchedule> schedule = realise(graph, layers, phases, {options.mode, options.lazy, options.columns});
    // Too few columns for this placement: as few as it has.
    if (!schedule.ok()) schedule = realise(graph, layers, phases, {options.mode, options.lazy, 0});
    if (!schedule.ok()) return std::nullopt;
    return *std::move(schedule);
  });
  if (!options.start.empty()) {
    if (Status status = check_placement(graph, layers, options.start); !status.ok()) return status.error();
    descent.consider(halves_of(options.start));
  }
  descent.consider(halves_of(place_greedy(graph, *windows)));
  descent.consider(halves_of(place_latest(graph, *windows)));
  descent.consider(halves_of(place_earliest(graph, *windows)));
  SearchResult result = descent.run();
  if (options.columns != 0 && d_model_of(result.schedule) > options.columns)
    return make_error(ErrorCode::kDoesNotFit, "no placement within " + std::to_string(options.columns) +
                                                  " columns was found; the narrowest has " +
                                                  std::to_string(d_model_of(result.schedule)));
  return result;
}

Result<SearchResult> search(const SlotGraph& graph, uint32_t layers, const SearchOptions& options) {
  Result<Windows> windows = phase::windows(graph, layers);
  if (!windows.ok()) return windows.error();
  const IntervalProblem problem = interval_problem(graph, *windows, layers);
  Descent descent(problem, options, [&](const Times& phases) -> std::optional<PhaseSchedule> {
    Result<PhaseSchedule> schedule = realise(graph, layers, phases);
    if (!schedule.ok()) return std::nullopt;
    return *std::move(schedule);
  });
  const auto consider = [&](Times phases) {
    for (uint32_t id = 0; id < phases.size(); ++id)
      if (graph.gates[id].type == GateType::kWrite) phases[id] = windows->high[id];
    descent.consider(phases);
  };
  if (!options.start.empty()) {
    if (Status status = check_placement(graph, layers, options.start); !status.ok()) return status.error();
    consider(options.start);
  }
  consider(place_latest(graph, *windows));
  consider(windows->low);
  return descent.run();
}

}  // namespace rondo::phase
