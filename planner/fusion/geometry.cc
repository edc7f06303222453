#include "planner/fusion/geometry.h"

#include <algorithm>
#include <unordered_map>

#include "planner/fusion/ceil_div.h"
#include "schedules/structure/sentence.h"

namespace rondo::fusion {
namespace {

std::vector<uint32_t> sorted_unique(std::vector<uint32_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}
bool has(const std::vector<uint32_t>& sorted, uint32_t id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

class Derivation {
 public:
  Derivation(const Problem& problem, const Subgraph& subgraph, bool divisible, Geometry& geometry)
      : problem_(problem), subgraph_(subgraph), divisible_(divisible), g_(geometry) {}

  using Found = std::optional<Violation>;

  Found run() {
    if (Found found = well_formed()) return found;
    if (Found found = native_tiles()) return found;
    find_tensors();
    if (Found found = retains_what_is_made()) return found;
    if (Found found = connected()) return found;
    if (Found found = topological_order()) return found;
    if (Found found = one_grid()) return found;
    demand_slices();
    if (Found found = one_depth()) return found;
    if (Found found = step_within_depth()) return found;
    g_.k_steps = owners_.empty() ? 1 : ceil_div(g_.depth, g_.k);
    if (Found found = tiles_divide()) return found;
    if (Found found = prologue_in_one_piece()) return found;
    if (Found found = ephemeral_granule()) return found;
    time_executions();
    find_buffers();
    return {};
  }

 private:
  template <class... Words>
  Found violation(Rule rule, const Words&... words) const {
    return Violation{rule, sentence(words...)};
  }

  bool contains(int32_t op) const { return op >= 0 && has(members_, static_cast<uint32_t>(op)); }
  const Operator& op_at(uint32_t op) const { return problem_.operators[op]; }

  Found well_formed() {
    const std::vector<uint32_t>& ops = subgraph_.operators;
    if (ops.empty()) return violation(Rule::kR0, "it has no operators");
    members_ = sorted_unique(ops);
    if (members_.back() >= problem_.operators.size())
      return violation(Rule::kR0, "it lists operator ", members_.back(), "; there are ", problem_.operators.size(),
                       ", from 0");
    if (members_.size() != ops.size()) {
      std::vector<uint32_t> sorted = ops;
      std::sort(sorted.begin(), sorted.end());
      return violation(Rule::kR0, "it lists operator ", *std::adjacent_find(sorted.begin(), sorted.end()), " twice");
    }
    if (g_.w < 1 || g_.h < 1 || g_.k < 1)
      return violation(Rule::kR0, "granularity [", g_.w, ", ", g_.h, ", ", g_.k, "]; each must be 1 or more");
    return {};
  }

  Found native_tiles() const {
    const int64_t n = problem_.native;
    if (g_.w > n || g_.h > n) return violation(Rule::kR1, "tile ", g_.w, " x ", g_.h, " exceeds native ", n, " x ", n);
    if (g_.k > n)
      for (uint32_t op : subgraph_.operators)
        if (problem_.is_matmul(op)) return violation(Rule::kR1, "k = ", g_.k, " exceeds native ", n);
    return {};
  }

  void find_tensors() {
    std::vector<uint32_t> read;
    for (uint32_t op : subgraph_.operators) {
      made_.push_back(op_at(op).output);
      read.insert(read.end(), op_at(op).inputs.begin(), op_at(op).inputs.end());
    }
    read = sorted_unique(std::move(read));
    for (uint32_t tensor : made_)
      if (!has(read, tensor)) g_.outputs.push_back(tensor);
    std::sort(made_.begin(), made_.end());
    for (uint32_t tensor : read) (has(made_, tensor) ? g_.ephemeral : g_.inputs).push_back(tensor);
  }

  Found retains_what_is_made() const {
    for (uint32_t tensor : subgraph_.retained)
      if (!has(made_, tensor)) return violation(Rule::kR8, "it retains tensor ", tensor, ", which it does not make");
    return {};
  }

  // Union-find over positions in the operator list, through the first toucher of a tensor.
  Found connected() const {
    const std::vector<uint32_t>& ops = subgraph_.operators;
    std::vector<size_t> parent(ops.size());
    for (size_t i = 0; i < ops.size(); ++i) parent[i] = i;
    const auto root = [&](size_t i) {
      while (parent[i] != i) i = parent[i] = parent[parent[i]];
      return i;
    };
    std::unordered_map<uint32_t, size_t> first;
    for (size_t i = 0; i < ops.size(); ++i) {
      const auto touch = [&](uint32_t tensor) {
        const auto [at, is_new] = first.emplace(tensor, i);
        if (!is_new) parent[root(i)] = root(at->second);
      };
      touch(op_at(ops[i]).output);
      for (uint32_t tensor : op_at(ops[i]).inputs) touch(tensor);
    }
    for (size_t i = 1; i < ops.size(); ++i)
      if (root(i) != root(0))
        return violation(Rule::kR4, "operators ", ops[0], " and ", ops[i], " have nothing in common that links them");
    return {};
  }

  Found topological_order() const {
    std::unordered_map<uint32_t, size_t> place;
    for (size_t i = 0; i < subgraph_.operators.size(); ++i) place[subgraph_.operators[i]] = i;
    for (size_t i = 0; i < subgraph_.operators.size(); ++i)
      for (uint32_t tensor : op_at(subgraph_.operators[i]).inputs) {
        const int32_t producer = problem_.producer[tensor];
        if (contains(producer) && place[static_cast<uint32_t>(producer)] >= i)
          return violation(Rule::kR5, "operator ", subgraph_.operators[i], " is listed before ", producer,
                           ", which makes its input");
      }
    return {};
  }

  Found one_grid() {
    const uint32_t first = g_.outputs.front();
    const Tensor& shape = problem_.tensors[first];
    for (uint32_t tensor : g_.outputs) {
      const Tensor& other = problem_.tensors[tensor];
      if (other != shape)
        return violation(Rule::kR3, "outputs ", first, " (", shape.width, " x ", shape.height, ") and ", tensor, " (",
                         other.width, " x ", other.height, ") differ in shape");
    }
    g_.grid_width = shape.width;
    g_.grid_height = shape.height;
    g_.tile_columns = ceil_div(shape.width, g_.w);
    g_.tile_rows = ceil_div(shape.height, g_.h);
    return {};
  }

  void demand_slices() {
    for (uint32_t tensor : g_.outputs) g_.needs[tensor].insert(kTile);
    // Consumers come later in the list (R5), so an operator's demands are complete here.
    for (auto op = subgraph_.operators.rbegin(); op != subgraph_.operators.rend(); ++op) {
      const Operator& o = op_at(*op);
      for (const NamedSlice& slice : g_.needs[o.output]) {
        const bool matmul = problem_.is_matmul(*op);
        const bool owns = matmul && slice == kTile;
        g_.executions.push_back({*op, slice, owns, When::kEvery});
        if (owns) owners_.push_back(*op);
        if (matmul) {
          const SliceAxis reduced = owns ? SliceAxis::kDepth : SliceAxis::kAll;
          g_.needs[o.inputs[0]].insert({slice.rows, reduced});
          g_.needs[o.inputs[1]].insert({reduced, slice.columns});
        } else {
          for (uint32_t tensor : o.inputs) g_.needs[tensor].insert(slice);
        }
      }
    }
    std::reverse(g_.executions.begin(), g_.executions.end());
  }

  Found one_depth() {
    if (owners_.empty()) return {};
    g_.depth = problem_.depth(owners_.front());
    for (uint32_t op : owners_)
      if (problem_.depth(op) != g_.depth)
        return violation(Rule::kR6, "MatMuls ", owners_.front(), " and ", op,
                         " loop over k with different K: ", g_.depth, " and ", problem_.depth(op));
    return {};
  }

  Found step_within_depth() const {
    for (uint32_t op : subgraph_.operators)
      if (problem_.is_matmul(op) && g_.k > problem_.depth(op))
        return violation(Rule::kR2, "k = ", g_.k, " exceeds K = ", problem_.depth(op), " of MatMul ", op);
    return {};
  }

  Found tiles_divide() const {
    if (!divisible_) return {};
    const auto ragged = [](int64_t full, int64_t part) { return part < full && full % part != 0; };
    if (ragged(g_.grid_width, g_.w) || ragged(g_.grid_height, g_.h) || (!owners_.empty() && ragged(g_.depth, g_.k)))
      return violation(Rule::kR13, "[", g_.w, ", ", g_.h, ", ", g_.k, "] does not divide ", g_.grid_width, " x ",
                       g_.grid_height, ", K = ", g_.depth);
    return {};
  }

  Found prologue_in_one_piece() const {
    for (uint32_t op : subgraph_.operators) {
      if (!problem_.is_matmul(op)) continue;
      for (int side = 0; side < 2; ++side) {
        const int32_t producer = problem_.producer[op_at(op).inputs[side]];
        if (!contains(producer) || problem_.is_matmul(static_cast<uint32_t>(producer))) continue;
        const int64_t extent = side == 0 ? g_.w : g_.h;
        if (extent < problem_.depth(op))
          return violation(Rule::kR10, "Pointwise ", producer, " feeds the ", side == 0 ? "LHS" : "RHS", " of MatMul ",
                           op, ": ", side == 0 ? "w" : "h", " = ", extent, " is below K = ", problem_.depth(op));
      }
    }
    return {};
  }

  Found ephemeral_granule() const {
    for (uint32_t tensor : g_.ephemeral)
      for (const NamedSlice& slice : g_.needs.at(tensor)) {
        const Extent extent = largest_extent(problem_, g_, tensor, slice);
        if (extent.rows > problem_.native || extent.columns > problem_.native)
          return violation(Rule::kR11, "the slice of tensor ", tensor, ", which lives only inside, is ", extent.columns,
                           " x ", extent.rows, "; native is ", problem_.native, " x ", problem_.native);
      }
    return {};
  }

  // The loop's owner and what moves with k run in every step; a Pointwise on the tile
  // waits for the finished sum; what does not change over k runs before the loop.
  void time_executions() {
    for (SliceExecution& execution : g_.executions) {
      if (execution.owns_loop || execution.slice.moves_with(SliceAxis::kDepth))
        execution.when = When::kEvery;
      else
        execution.when = execution.slice == kTile ? When::kLast : When::kFirst;
    }
  }

  NamedSlice normalised(uint32_t tensor, NamedSlice slice) const {
    const Tensor& t = problem_.tensors[tensor];
    if ((slice.rows == SliceAxis::kTileRows && g_.h >= t.height) ||
        (slice.rows == SliceAxis::kDepth && g_.k_steps == 1))
      slice.rows = SliceAxis::kAll;
    if ((slice.columns == SliceAxis::kTileColumns && g_.w >= t.width) ||
        (slice.columns == SliceAxis::kDepth && g_.k_steps == 1))
      slice.columns = SliceAxis::kAll;
    return slice;
  }

  void find_buffers() {
    std::set<uint32_t> early;  // tensors that something before the last step reads
    for (const SliceExecution& execution : g_.executions)
      if (execution.when != When::kLast)
        early.insert(op_at(execution.op).inputs.begin(), op_at(execution.op).inputs.end());
    for (uint32_t tensor : g_.inputs) {
      if (g_.is_resident(tensor)) continue;
      std::set<NamedSlice> slices;
      for (const NamedSlice& slice : g_.needs.at(tensor)) slices.insert(normalised(tensor, slice));
      // The whole tensor serves every other need.
      if (slices.count(kWhole) != 0) slices = {kWhole};
      for (const NamedSlice& slice : slices) {
        When when = early.count(tensor) != 0 ? When::kFirst : When::kLast;
        if (slice.moves_with(SliceAxis::kDepth)) when = When::kEvery;
        g_.buffers.push_back({tensor, slice, when});
      }
    }
  }

  const Problem& problem_;
  const Subgraph& subgraph_;
  bool divisible_;
  Geometry& g_;
  std::vector<uint32_t> members_;  // operators, ascending
  std::vector<uint32_t> made_;     // tensors, ascending
  std::vector<uint32_t> owners_;   // MatMuls that own the k-loop
};

// `index`: the tile or step; none: a full one.
int64_t axis_extent(const Geometry& g, SliceAxis axis, int64_t whole, const Position* position) {
  if (axis == SliceAxis::kAll) return whole;
  const int64_t unit = axis == SliceAxis::kTileRows ? g.h : axis == SliceAxis::kTileColumns ? g.w : g.k;
  if (position == nullptr) return std::min(unit, whole);
  const int64_t index = axis == SliceAxis::kTileRows      ? position->row
                        : axis == SliceAxis::kTileColumns ? position->column
                                                          : position->k_step;
  return std::clamp(whole - index * unit, int64_t{0}, unit);
}

// A tile that is smaller than native costs as much as a native one. A slice that moves
// with k costs its share of the strip of native tiles that all steps make together.
double native_tiles(const Geometry& g, SliceAxis axis, int64_t whole, int64_t native, const Position& position) {
  switch (axis) {
    case SliceAxis::kTileRows:
      return static_cast<double>(ceil_div(std::min(g.h, whole), native));
    case SliceAxis::kTileColumns:
      return static_cast<double>(ceil_div(std::min(g.w, whole), native));
    case SliceAxis::kDepth:
      return static_cast<double>(ceil_div(whole, native)) *
             (static_cast<double>(axis_extent(g, axis, whole, &position)) / static_cast<double>(whole));
    case SliceAxis::kAll:
      break;
  }
  return static_cast<double>(ceil_div(whole, native));
}

double cost_of_execution(const Problem& problem, const Geometry& g, const SliceExecution& execution,
                         const Position& position) {
  const Operator& op = problem.operators[execution.op];
  const Tensor& out = problem.tensors[op.output];
  double tiles = native_tiles(g, execution.slice.rows, out.height, problem.native, position) *
                 native_tiles(g, execution.slice.columns, out.width, problem.native, position);
  if (execution.owns_loop)
    tiles *= static_cast<double>(axis_extent(g, SliceAxis::kDepth, g.depth, &position)) / static_cast<double>(g.depth);
  return op.base_cost * tiles;
}

}  // namespace

bool Geometry::retains(uint32_t tensor) const { return has(retained, tensor); }
bool Geometry::is_resident(uint32_t tensor) const { return has(resident, tensor); }

std::optional<Violation> derive_geometry(const Problem& problem, const Subgraph& subgraph,
                                         const std::vector<uint32_t>& resident, bool divisible, Geometry& geometry) {
  geometry = {};
  geometry.w = subgraph.w;
  geometry.h = subgraph.h;
  geometry.k = subgraph.k;
  geometry.resident = sorted_unique(resident);
  geometry.retained = sorted_unique(subgraph.retained);
  return Derivation(problem, subgraph, divisible, geometry).run();
}

Extent extent_at(const Problem& problem, const Geometry& geometry, uint32_t tensor, NamedSlice slice,
                 Position position) {
  const Tensor& t = problem.tensors[tensor];
  return {axis_extent(geometry, slice.rows, t.height, &position),
          axis_extent(geometry, slice.columns, t.width, &position)};
}

Extent largest_extent(const Problem& problem, const Geometry& geometry, uint32_t tensor, NamedSlice slice) {
  const Tensor& t = problem.tensors[tensor];
  return {axis_extent(geometry, slice.rows, t.height, nullptr), axis_extent(geometry, slice.columns, t.width, nullptr)};
}

WorkingSet working_set(const Problem& problem, const Geometry& geometry) {
  WorkingSet set;
  for (uint32_t tensor : geometry.resident) set.resident += problem.tensors[tensor].size();
  for (const Buffer& buffer : geometry.buffers)
    set.buffers += largest_extent(problem, geometry, buffer.tensor, buffer.slice).size();
  const int64_t tile = std::min(geometry.h, geometry.grid_height) * std::min(geometry.w, geometry.grid_width);
  for (uint32_t tensor : geometry.retained) set.retained += problem.tensors[tensor].size();
  for (uint32_t tensor : geometry.outputs)
    if (!geometry.retains(tensor)) set.outputs += tile;
  if (geometry.k_steps > 1)
    for (const SliceExecution& execution : geometry.executions) {
      const uint32_t out = problem.operators[execution.op].output;
      // A boundary output is its own accumulator, and so is a retained tensor.
      if (execution.owns_loop && has(geometry.ephemeral, out) && !geometry.retains(out)) set.accumulators += tile;
    }
  return set;
}

StepCost cost_of_step(const Problem& problem, const Geometry& geometry, const Moment& moment) {
  const int64_t last = geometry.k_steps - 1;
  const auto happens = [&](When when) {
    return when == When::kEvery || moment.position.k_step == (when == When::kFirst ? 0 : last);
  };
  StepCost cost;
  for (const Buffer& buffer : geometry.buffers) {
    const bool moved = buffer.when == When::kEvery || moment.first_tile ||
                       (buffer.slice.rows == SliceAxis::kTileRows && moment.row_changed) ||
                       (buffer.slice.columns == SliceAxis::kTileColumns && moment.column_changed);
    if (moved && happens(buffer.when))
      cost.loaded += extent_at(problem, geometry, buffer.tensor, buffer.slice, moment.position).size();
  }
  if (moment.position.k_step == last)
    for (uint32_t tensor : geometry.outputs)
      if (!geometry.retains(tensor))
        cost.evicted += extent_at(problem, geometry, tensor, kTile, moment.position).size();
  for (const SliceExecution& execution : geometry.executions)
    if (happens(execution.when)) cost.compute += cost_of_execution(problem, geometry, execution, moment.position);
  return cost;
}

}  // namespace rondo::fusion
