#include "tests/planner/fusion/exact_optimum.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <queue>
#include <utility>

#include "planner/fusion/geometry.h"
#include "planner/fusion/walk_tiles.h"

namespace rondo::fusion {
namespace {

using State = std::array<uint32_t, 3>;  // operators computed, tensors stored, tensors resident: one bit each

std::vector<std::vector<uint32_t>> orders_of(const Geometry& geometry) {
  std::vector<std::vector<uint32_t>> orders(4);
  const auto rows = static_cast<uint32_t>(geometry.tile_rows);
  const auto columns = static_cast<uint32_t>(geometry.tile_columns);
  for (uint32_t row = 0; row < rows; ++row)
    for (uint32_t column = 0; column < columns; ++column) {
      orders[0].push_back(row * columns + column);
      orders[1].push_back(row * columns + (row % 2 == 0 ? column : columns - 1 - column));
    }
  for (uint32_t column = 0; column < columns; ++column)
    for (uint32_t row = 0; row < rows; ++row) {
      orders[2].push_back(row * columns + column);
      orders[3].push_back((column % 2 == 0 ? row : rows - 1 - row) * columns + column);
    }
  return orders;
}

double latency_of(const Problem& problem, const Geometry& geometry) {
  double best = std::numeric_limits<double>::infinity();
  double costs[TileClass::kCount];
  std::fill(std::begin(costs), std::end(costs), -1.0);
  for (const std::vector<uint32_t>& order : orders_of(geometry)) {
    double total = 0;
    walk_tiles(geometry, order, [&](TileClass tile, int64_t, int64_t) {
      double& cost = costs[tile.index()];
      if (cost < 0) {
        cost = 0;
        for (int64_t k_step = 0; k_step < geometry.k_steps; ++k_step) {
          const StepCost step = cost_of_step(problem, geometry, moment_of(geometry, tile, k_step));
          cost += std::max(step.compute, static_cast<double>(step.loaded + step.evicted) / problem.bandwidth);
        }
      }
      total += cost;
    });
    best = std::min(best, total);
  }
  return best;
}

std::vector<uint32_t> ids_of(uint32_t bits) {
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; bits >> id != 0; ++id)
    if ((bits >> id & 1) != 0) ids.push_back(id);
  return ids;
}

// Operators are numbered topologically in generated problems.
double best_of_group(const Problem& problem, uint32_t group, uint32_t resident, uint32_t retained, Geometry& any) {
  Subgraph subgraph{ids_of(group), 1, 1, 1, ids_of(retained), {}};
  double best = std::numeric_limits<double>::infinity();
  for (subgraph.w = 1; subgraph.w <= problem.native; ++subgraph.w)
    for (subgraph.h = 1; subgraph.h <= problem.native; ++subgraph.h)
      for (subgraph.k = 1; subgraph.k <= problem.native; ++subgraph.k) {
        Geometry geometry;
        if (derive_geometry(problem, subgraph, ids_of(resident), false, geometry)) continue;
        if (working_set(problem, geometry).total() > problem.capacity) continue;
        const double latency = latency_of(problem, geometry);
        if (latency < best) {
          best = latency;
          any = geometry;
        }
      }
  return best;
}

}  // namespace

double exact_optimum(const Problem& problem) {
  const auto count = static_cast<uint32_t>(problem.operators.size());
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  for (uint32_t t = 0; t < problem.tensors.size(); ++t) {
    if (problem.is_input(t)) inputs |= 1U << t;
    if (problem.is_output(t)) outputs |= 1U << t;
  }
  std::map<std::array<uint32_t, 3>, std::pair<double, Geometry>> prices;
  std::map<State, double> known;
  using Entry = std::pair<double, State>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  const auto reach = [&](const State& state, double cost) {
    const auto [at, is_new] = known.emplace(state, cost);
    if (!is_new && at->second <= cost) return;
    at->second = cost;
    open.push({cost, state});
  };
  reach({0, inputs, 0}, 0);
  while (!open.empty()) {
    const auto [cost, state] = open.top();
    open.pop();
    if (known.at(state) < cost) continue;
    const auto [computed, stored, resident] = state;
    if (computed == (1U << count) - 1 && (stored & outputs) == outputs) return cost;
    for (uint32_t group = 1; group < 1U << count; ++group) {
      uint32_t made = 0;
      for (uint32_t op : ids_of(group)) made |= 1U << problem.operators[op].output;
      for (uint32_t retained = made;; retained = (retained - 1) & made) {
        const auto [at, is_new] = prices.try_emplace({group, resident, retained});
        if (is_new) at->second.first = best_of_group(problem, group, resident, retained, at->second.second);
        const auto& [price, geometry] = at->second;
        bool runs = price < std::numeric_limits<double>::infinity();
        for (uint32_t t : geometry.inputs) runs = runs && ((stored | resident) >> t & 1) != 0;
        if (runs) {
          uint32_t after = stored;
          for (uint32_t t : geometry.outputs)
            if (!geometry.retains(t)) after |= 1U << t;
          reach({computed | group, after, retained}, cost + price);
        }
        if (retained == 0) break;
      }
    }
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace rondo::fusion
