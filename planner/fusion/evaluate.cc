#include "planner/fusion/evaluate.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "planner/fusion/judge_subgraph.h"
#include "planner/fusion/walk_tiles.h"
#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

// What a subgraph costs, given its geometry, or R9 or R12.
class Pricing {
 public:
  explicit Pricing(const Problem& problem) : problem_(problem) {}

  std::optional<Violation> price(const Subgraph& subgraph, const Geometry& geometry, SubgraphCost& cost) {
    cost = {};
    cost.working_set = working_set(problem_, geometry).total();
    if (cost.working_set > problem_.capacity)
      return Violation{Rule::kR9, sentence("working set ", cost.working_set, " exceeds capacity ", problem_.capacity)};
    if (!subgraph.order.empty() && !is_permutation(subgraph.order, geometry.tiles()))
      return Violation{Rule::kR12,
                       sentence("the traversal order (", subgraph.order.size(),
                                " entries) does not name each of the tiles 0 to ", geometry.tiles() - 1, " once")};
    cost.tiles = geometry.tiles();
    cost.k_steps = geometry.k_steps;
    add_steps(geometry, subgraph.order, cost);
    return {};
  }

 private:
  static bool is_permutation(const std::vector<uint32_t>& order, int64_t tiles) {
    if (static_cast<int64_t>(order.size()) != tiles) return false;
    std::vector<bool> seen(order.size(), false);
    for (uint32_t tile : order) {
      if (tile >= order.size() || seen[tile]) return false;
      seen[tile] = true;
    }
    return true;
  }

  // All middle k-steps of a tile cost the same, and so do all tiles of a class.
  struct TileCost {
    bool known = false;
    double latency = 0, compute = 0, memory = 0;
    int64_t loaded = 0, evicted = 0;
  };
  TileCost cost_of_tile(const Geometry& geometry, TileClass tile) const {
    TileCost cost;
    cost.known = true;
    const auto add = [&](int64_t k_step, int64_t times) {
      const StepCost step = cost_of_step(problem_, geometry, moment_of(geometry, tile, k_step));
      const double memory = static_cast<double>(step.loaded + step.evicted) / problem_.bandwidth;
      const auto count = static_cast<double>(times);
      cost.latency += count * std::max(step.compute, memory);
      cost.compute += count * step.compute;
      cost.memory += count * memory;
      cost.loaded = add_times(cost.loaded, step.loaded, times);
      cost.evicted = add_times(cost.evicted, step.evicted, times);
    };
    add(0, 1);
    if (geometry.k_steps > 1) add(geometry.k_steps - 1, 1);
    if (geometry.k_steps > 2) add(1, geometry.k_steps - 2);
    return cost;
  }

  // Counts that no int64 holds stay at its largest: they are reported, never compared.
  static int64_t add_times(int64_t sum, int64_t value, int64_t times) {
    int64_t product = 0;
    int64_t total = 0;
    if (__builtin_mul_overflow(value, times, &product) || __builtin_add_overflow(sum, product, &total))
      return std::numeric_limits<int64_t>::max();
    return total;
  }

  void add_steps(const Geometry& geometry, const std::vector<uint32_t>& order, SubgraphCost& cost) {
    TileCost costs[TileClass::kCount];
    const auto cost_of = [&](TileClass tile) -> const TileCost& {
      TileCost& known = costs[tile.index()];
      if (!known.known) known = cost_of_tile(geometry, tile);
      return known;
    };
    int64_t counts[TileClass::kCount] = {};
    const bool walk = !order.empty() || geometry.tiles() <= kMostTilesWalked - walked_;
    if (walk) {
      if (order.empty()) walked_ += geometry.tiles();
      walk_tiles(geometry, order, [&](TileClass tile, int64_t, int64_t) {
        cost.latency += cost_of(tile).latency;
        ++counts[tile.index()];
      });
    } else {
      count_raster(geometry, counts);
    }
    for (int i = 0; i < TileClass::kCount; ++i) {
      if (counts[i] == 0) continue;
      const TileCost& tile = cost_of(TileClass::at(i));
      const auto count = static_cast<double>(counts[i]);
      if (!walk) cost.latency += count * tile.latency;
      cost.compute += count * tile.compute;
      cost.memory += count * tile.memory;
      cost.loaded = add_times(cost.loaded, tile.loaded, counts[i]);
      cost.evicted = add_times(cost.evicted, tile.evicted, counts[i]);
    }
  }

  const Problem& problem_;
  int64_t walked_ = 0;
};

class Judge {
 public:
  Judge(const Problem& problem, const Solution& solution, const EvaluateOptions& options)
      : problem_(problem), solution_(solution), options_(options), pricing_(problem) {}

  Result<Evaluation> run() {
    stored_.resize(problem_.tensors.size());
    for (size_t tensor = 0; tensor < stored_.size(); ++tensor) stored_[tensor] = problem_.producer[tensor] < 0;
    covered_.resize(problem_.operators.size());
    for (size_t i = 0; i < solution_.subgraphs.size(); ++i)
      if (std::optional<Violation> found = run_subgraph(solution_.subgraphs[i]))
        return refusal(*found, sentence("subgraph ", i, ": "));
    if (std::optional<Violation> found = at_the_end()) return refusal(*found, "");
    return std::move(evaluation_);
  }

 private:
  static Error refusal(const Violation& violation, const std::string& where) {
    return make_error(ErrorCode::kInvalidSchedule, sentence(name_of(violation.rule), ": ", where, violation.message));
  }

  std::optional<Violation> run_subgraph(const Subgraph& subgraph) {
    Geometry geometry;
    if (std::optional<Violation> found = derive_geometry(problem_, subgraph, resident_, options_.divisible, geometry))
      return found;
    for (uint32_t tensor : geometry.inputs)
      if (!stored_[tensor] && !geometry.is_resident(tensor))
        return Violation{Rule::kR7, sentence("input tensor ", tensor, " is neither in slow memory nor retained")};
    SubgraphCost cost;
    if (std::optional<Violation> found = pricing_.price(subgraph, geometry, cost)) return found;
    for (uint32_t tensor : geometry.outputs)
      if (!geometry.retains(tensor)) stored_[tensor] = true;
    for (uint32_t op : subgraph.operators) covered_[op] = true;
    resident_ = std::move(geometry.retained);
    evaluation_.latency += cost.latency;
    evaluation_.subgraphs.push_back(cost);
    return {};
  }

  std::optional<Violation> at_the_end() const {
    for (size_t op = 0; op < covered_.size(); ++op)
      if (!covered_[op]) return Violation{Rule::kC1, sentence("operator ", op, " is in no subgraph")};
    for (size_t tensor = 0; tensor < stored_.size(); ++tensor)
      if (problem_.is_output(static_cast<uint32_t>(tensor)) && !stored_[tensor])
        return Violation{Rule::kC2, sentence("graph output ", tensor, " is not in slow memory at the end")};
    return {};
  }

  const Problem& problem_;
  const Solution& solution_;
  const EvaluateOptions& options_;
  std::vector<bool> stored_;   // tensors in slow memory
  std::vector<bool> covered_;  // operators executed
  std::vector<uint32_t> resident_;
  Pricing pricing_;
  Evaluation evaluation_;
};

}  // namespace

Result<Evaluation> evaluate(const Problem& problem, const Solution& solution, const EvaluateOptions& options) {
  return Judge(problem, solution, options).run();
}

SubgraphVerdict judge_subgraph(const Problem& problem, const Subgraph& subgraph, const std::vector<uint32_t>& resident,
                               const EvaluateOptions& options) {
  SubgraphVerdict verdict;
  verdict.violation = derive_geometry(problem, subgraph, resident, options.divisible, verdict.geometry);
  if (!verdict.violation) verdict.violation = Pricing(problem).price(subgraph, verdict.geometry, verdict.cost);
  return verdict;
}

}  // namespace rondo::fusion
