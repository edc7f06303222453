#include "planner/fusion/explain.h"

#include <algorithm>

#include "planner/fusion/ceil_div.h"
#include "planner/fusion/walk_tiles.h"

namespace rondo::fusion {
namespace {

// The order is walked as a list, which a user's file could make as long as it likes.
constexpr int64_t kMostTilesListed = int64_t{1} << 20;

// The next extents on either side that change the number of pieces; 0: there is none.
int64_t larger_extent(int64_t whole, int64_t extent, bool divisible) {
  if (extent >= whole) return 0;
  int64_t next = ceil_div(whole, ceil_div(whole, extent) - 1);
  while (divisible && whole % next != 0) ++next;
  return next;
}
int64_t smaller_extent(int64_t whole, int64_t extent, bool divisible) {
  extent = std::min(extent, whole);
  if (extent <= 1) return 0;
  int64_t next = std::min(extent - 1, ceil_div(whole, ceil_div(whole, extent) + 1));
  while (divisible && whole % next != 0) --next;
  return next;
}

Alternative try_granularity(const Problem& problem, Subgraph subgraph, const std::vector<uint32_t>& resident,
                            const EvaluateOptions& options, char axis, int64_t value) {
  Alternative alternative{axis, value, {}, 0};
  (axis == 'w' ? subgraph.w : axis == 'h' ? subgraph.h : subgraph.k) = value;
  subgraph.order.clear();
  SubgraphVerdict verdict = judge_subgraph(problem, subgraph, resident, options);
  alternative.violation = verdict.violation;
  alternative.latency = verdict.cost.latency;
  if (verdict.violation || verdict.geometry.tiles() > kMostTilesListed) return alternative;
  for (auto* snake : {&snake_by_rows, &snake_by_columns}) {
    subgraph.order = snake(verdict.geometry);
    alternative.latency =
        std::min(alternative.latency, judge_subgraph(problem, subgraph, resident, options).cost.latency);
  }
  return alternative;
}

}  // namespace

std::vector<Alternative> alternatives(const Problem& problem, const Subgraph& subgraph,
                                      const std::vector<uint32_t>& resident, const EvaluateOptions& options) {
  const Geometry geometry = judge_subgraph(problem, subgraph, resident, options).geometry;
  const bool has_loop = std::any_of(geometry.executions.begin(), geometry.executions.end(),
                                    [](const SliceExecution& execution) { return execution.owns_loop; });
  struct AxisOf {
    char name;
    int64_t whole, extent;
  };
  std::vector<AxisOf> axes{{'w', geometry.grid_width, geometry.w}, {'h', geometry.grid_height, geometry.h}};
  if (has_loop) axes.push_back({'k', geometry.depth, geometry.k});
  std::vector<Alternative> list;
  for (const AxisOf& axis : axes)
    for (int64_t value : {larger_extent(axis.whole, axis.extent, options.divisible),
                          smaller_extent(axis.whole, axis.extent, options.divisible)})
      if (value != 0) list.push_back(try_granularity(problem, subgraph, resident, options, axis.name, value));
  return list;
}

std::vector<uint32_t> snake_by_rows(const Geometry& geometry) {
  std::vector<uint32_t> order;
  order.reserve(static_cast<size_t>(geometry.tiles()));
  for (int64_t row = 0; row < geometry.tile_rows; ++row)
    for (int64_t i = 0; i < geometry.tile_columns; ++i)
      order.push_back(
          static_cast<uint32_t>(row * geometry.tile_columns + (row % 2 == 0 ? i : geometry.tile_columns - 1 - i)));
  return order;
}

std::vector<uint32_t> snake_by_columns(const Geometry& geometry) {
  std::vector<uint32_t> order;
  order.reserve(static_cast<size_t>(geometry.tiles()));
  for (int64_t column = 0; column < geometry.tile_columns; ++column)
    for (int64_t i = 0; i < geometry.tile_rows; ++i)
      order.push_back(
          static_cast<uint32_t>((column % 2 == 0 ? i : geometry.tile_rows - 1 - i) * geometry.tile_columns + column));
  return order;
}

const char* order_name(const Subgraph& subgraph, const Geometry& geometry) {
  if (subgraph.order.empty() || std::is_sorted(subgraph.order.begin(), subgraph.order.end())) return "raster";
  int64_t rows = 0, columns = 0;  // changed from one tile to the next
  for (size_t at = 1; at < subgraph.order.size(); ++at) {
    const int64_t here = subgraph.order[at], before = subgraph.order[at - 1];
    const bool row = here / geometry.tile_columns != before / geometry.tile_columns;
    const bool column = here % geometry.tile_columns != before % geometry.tile_columns;
    if (row && column) return "other";
    rows += row ? 1 : 0;
    columns += column ? 1 : 0;
  }
  if (rows == geometry.tile_rows - 1) return "row snake";
  return columns == geometry.tile_columns - 1 ? "column snake" : "other";
}

std::vector<StepTime> first_steps(const Problem& problem, const Subgraph& subgraph, const Geometry& geometry,
                                  int64_t limit) {
  std::vector<StepTime> steps;
  int64_t row_before = -1;
  int64_t column_before = -1;
  for (int64_t i = 0; i < geometry.tiles() && static_cast<int64_t>(steps.size()) < limit; ++i) {
    const int64_t tile = subgraph.order.empty() ? i : subgraph.order[static_cast<size_t>(i)];
    const int64_t row = tile / geometry.tile_columns;
    const int64_t column = tile % geometry.tile_columns;
    for (int64_t k_step = 0; k_step < geometry.k_steps && static_cast<int64_t>(steps.size()) < limit; ++k_step) {
      const Moment moment{{row, column, k_step}, row_before < 0, row != row_before, column != column_before};
      const StepCost cost = cost_of_step(problem, geometry, moment);
      steps.push_back({cost.compute, static_cast<double>(cost.loaded + cost.evicted) / problem.bandwidth});
    }
    row_before = row;
    column_before = column;
  }
  return steps;
}

}  // namespace rondo::fusion
