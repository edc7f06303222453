#include "planner/fusion/cost/price.h"
#include <algorithm>
#include <array>
#include <bit>

namespace rondo::fusion {
namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The distinct slices that are loaded, summed up by kind. Which slices coincide depends
// only on whether one tile covers the rows, the columns, and one step the reduction.
// Kinds that move with k count elements per unit of k; of the rest, [0] is loaded in
// the first k-step of a tile, [1] in the last.
struct Loads {
  int64_t rows_step = 0;                                            // (h,k): x h x k
  int64_t step_columns = 0;                                         // (k,w): x k x w
  int64_t all_step = 0;                                             // (F,k) and (k,F): x k
  std::array<int64_t, 2> tile{}, rows_all{}, all_columns{}, all{};  // (h,w): x h x w; (h,F): x h; (F,w): x w; (F,F)
  int64_t per_k(int64_t h, int64_t w) const { return rows_step * h + step_columns * w + all_step; }
  int64_t fixed(int64_t h, int64_t w) const {
    return (tile[0] + tile[1]) * h * w + (rows_all[0] + rows_all[1]) * h + (all_columns[0] + all_columns[1]) * w +
           all[0] + all[1];
  }
  bool ordered() const {  // a traversal order makes a difference
    return (rows_all[0] | rows_all[1] | all_columns[0] | all_columns[1]) != 0;
  }
};

Loads sum_loads(const Network& net, const Demand& demand, uint64_t entering, bool one_row, bool one_column,
                bool one_step) {
  Loads loads;
  for (size_t at = 0; at < demand.needs.size();) {
    const uint32_t input = demand.needs[at].input;
    uint16_t seen = 0;
    for (; at < demand.needs.size() && demand.needs[at].input == input; ++at) {
      Axis row = demand.needs[at].row, column = demand.needs[at].column;
      if ((row == Axis::kRows && one_row) || (row == Axis::kStep && one_step)) row = Axis::kAll;
      if ((column == Axis::kColumns && one_column) || (column == Axis::kStep && one_step)) column = Axis::kAll;
      seen |= static_cast<uint16_t>(1u << (static_cast<unsigned>(row) * 4 + static_cast<unsigned>(column)));
    }
    if (input < 64 && (entering >> input & 1) != 0) continue;
    const uint32_t tensor = demand.inputs[input];
    const int64_t width = net.width[tensor], height = net.height[tensor];
    const size_t when = demand.early[input] != 0 ? 0 : 1;
    constexpr unsigned kWhole = static_cast<unsigned>(Axis::kAll) * 4 + static_cast<unsigned>(Axis::kAll);
    if ((seen >> kWhole & 1) != 0) {  // the full tensor serves every other need
      loads.all[when] += width * height;
      continue;
    }
    for (unsigned code = 0; code < 16; ++code) {
      if ((seen >> code & 1) == 0) continue;
      const auto row = static_cast<Axis>(code / 4), column = static_cast<Axis>(code % 4);
      if (row == Axis::kRows && column == Axis::kStep)
        ++loads.rows_step;
      else if (row == Axis::kStep && column == Axis::kColumns)
        ++loads.step_columns;
      else if (row == Axis::kStep)
        loads.all_step += width;
      else if (column == Axis::kStep)
        loads.all_step += height;
      else if (row == Axis::kRows && column == Axis::kColumns)
        ++loads.tile[when];
      else if (row == Axis::kRows)
        loads.rows_all[when] += width;
      else
        loads.all_columns[when] += height;
    }
  }
  return loads;
}

// Elements that stay in fast memory whatever the granularity, and how the rest scales.
struct Holdings {
  int64_t fixed = 0;         // entering and retained tensors, full size
  int64_t tiles = 0;         // x tile: outputs not retained
  int64_t accumulators = 0;  // x tile, when there is more than one k-step
  int64_t evicted = 0;       // outputs not retained, again
};

Holdings sum_holdings(const Network& net, const Demand& demand, const Residency& residency) {
  Holdings holdings;
  holdings.fixed = residency.entering_size;
  for (size_t i = 0; i < demand.outputs.size(); ++i) {
    const bool retained = i < 64 && (residency.outputs >> i & 1) != 0;
    if (retained)
      holdings.fixed += net.size[demand.outputs[i]];
    else
      ++holdings.tiles;
  }
  holdings.evicted = holdings.tiles;
  holdings.accumulators = demand.accumulators;
  if (residency.inner != 0)
    for (size_t i = 0; i < demand.inner.size() && i < 64; ++i)
      if ((residency.inner >> i & 1) != 0) {
        holdings.fixed += net.size[demand.inner[i]];
        holdings.accumulators -= demand.accumulates[i];
      }
  return holdings;
}

enum Change : uint8_t { kFirst, kRow, kColumn, kBoth, kChanges };

// How often a traversal meets each class of tile.
struct TileClass {
  bool last_row, last_column;
  Change change;
  int64_t count;
};

class TileClasses {
 public:
  void add(bool last_row, bool last_column, Change change, int64_t count) {
    if (count <= 0) return;
    for (size_t i = 0; i < size_; ++i)
      if (list_[i].last_row == last_row && list_[i].last_column == last_column && list_[i].change == change) {
        list_[i].count += count;
        return;
      }
    list_[size_++] = {last_row, last_column, change, count};
  }
  const TileClass* begin() const { return list_.data(); }
  const TileClass* end() const { return list_.data() + size_; }

 private:
  std::array<TileClass, 16> list_;  // 4 kinds of edge x 4 changes
  size_t size_ = 0;
};

// Rows and columns named for row-wise travel; a column snake swaps them.
TileClasses classify(Traversal traversal, int64_t rows, int64_t columns) {
  const bool across = traversal == Traversal::kColumnSnake;
  const bool snake = traversal != Traversal::kRaster;
  const int64_t lines = across ? columns : rows, length = across ? rows : columns;
  TileClasses classes;
  const auto add = [&](bool last_line, bool last_place, Change change, int64_t count) {
    if (across)
      classes.add(last_place, last_line, change == kRow ? kColumn : change == kColumn ? kRow : change, count);
    else
      classes.add(last_line, last_place, change, count);
  };
  // `line` in travel order: the tile that enters it, then length - 1 tiles along it.
  const auto line = [&](bool last_line, bool first_line, bool backwards, int64_t count) {
    const Change enter = first_line ? kFirst : (snake || length == 1) ? kRow : kBoth;
    add(last_line, length == 1 || backwards, enter, count);
    if (length == 1) return;
    add(last_line, false, kColumn, backwards ? (length - 1) * count : (length - 2) * count);
    if (!backwards) add(last_line, true, kColumn, count);
  };
  line(lines == 1, true, false, 1);
  if (lines > 1) {
    const int64_t between = lines - 2;  // lines 1 .. lines-2
    const int64_t odd = snake ? (between + 1) / 2 : 0;
    line(false, false, true, odd);
    line(false, false, false, between - odd);
    line(true, false, snake && (lines - 1) % 2 == 1, 1);
  }
  return classes;
}

// One granularity, ready to price its steps.
struct Pricer {
  const Network& net;
  const Demand& demand;
  const Holdings& holdings;
  const Loads& loads;
  int64_t w, h, k, rows, columns, steps;

  double step(int64_t h_here, int64_t w_here, int64_t k_here, bool first, bool last, Change change) const {
    int64_t moved = loads.per_k(h_here, w_here) * k_here;
    const bool row = change != kColumn, column = change != kRow;
    const auto held = [&](size_t when) {
      int64_t sum = loads.tile[when] * h_here * w_here;
      if (row) sum += loads.rows_all[when] * h_here;
      if (column) sum += loads.all_columns[when] * w_here;
      if (change == kFirst) sum += loads.all[when];
      return sum;
    };
    double compute = demand.loop_cost * (static_cast<double>(k_here) / static_cast<double>(demand.reduction));
    if (first) moved += held(0), compute += demand.first_cost;
    if (last) moved += held(1) + holdings.evicted * h_here * w_here, compute += demand.last_cost;
    return std::max(compute, static_cast<double>(moved) / net.bandwidth);
  }

  double tile(bool last_row, bool last_column, Change change) const {
    const int64_t h_here = last_row ? demand.grid_height - (rows - 1) * h : std::min(h, demand.grid_height);
    const int64_t w_here = last_column ? demand.grid_width - (columns - 1) * w : std::min(w, demand.grid_width);
    if (steps == 1) return step(h_here, w_here, demand.reduction, true, true, change);
    double sum = step(h_here, w_here, k, true, false, change) +
                 step(h_here, w_here, demand.reduction - (steps - 1) * k, false, true, change);
    if (steps > 2) sum += static_cast<double>(steps - 2) * step(h_here, w_here, k, false, false, change);
    return sum;
  }

  // Elements loaded and evicted over all tiles and steps.
  double moved(Traversal traversal) const {
    double sum = 0;
    for (const TileClass& kind : classify(traversal, rows, columns)) {
      const int64_t h_here = kind.last_row ? demand.grid_height - (rows - 1) * h : std::min(h, demand.grid_height);
      const int64_t w_here = kind.last_column ? demand.grid_width - (columns - 1) * w : std::min(w, demand.grid_width);
      int64_t tile = loads.per_k(h_here, w_here) * demand.reduction + holdings.evicted * h_here * w_here;
      for (size_t when = 0; when < 2; ++when) {
        tile += loads.tile[when] * h_here * w_here;
        if (kind.change != kColumn) tile += loads.rows_all[when] * h_here;
        if (kind.change != kRow) tile += loads.all_columns[when] * w_here;
        if (kind.change == kFirst) tile += loads.all[when];
      }
      sum += static_cast<double>(kind.count) * static_cast<double>(tile);
    }
    return sum;
  }

  double total(Traversal traversal) const {
    double sum = 0;
    for (const TileClass& kind : classify(traversal, rows, columns))
      sum += static_cast<double>(kind.count) * tile(kind.last_row, kind.last_column, kind.change);
    return sum;
  }
};

// Prices one group under one residency; keeps the sums that granularities share.
class GroupPricing {
 public:
  GroupPricing(const Network& net, const Demand& demand, const Residency& residency, const PricingOptions& options)
      : net_(net),
        demand_(demand),
        entering_(residency.entering),
        options_(options),
        holdings_(sum_holdings(net, demand, residency)) {}

  Price best() {
    list_extents(demand_.grid_width, demand_.min_width, widths_);
    list_extents(demand_.grid_height, demand_.min_height, heights_);
    if (widths_.empty() || heights_.empty()) return {};
    least_ = INT64_MAX;
    for (const int64_t w : widths_) {
      const int64_t columns = ceil_div(demand_.grid_width, w);
      if (least_latency(columns, ceil_div(demand_.grid_height, heights_.front())) >= best_.latency) break;
      for (const int64_t h : heights_) {
        const int64_t rows = ceil_div(demand_.grid_height, h);
        if (least_latency(columns, rows) >= best_.latency) break;
        try_tile(w, h);
      }
    }
    best_.least_working_set = least_ == INT64_MAX ? 0 : least_;
    add_traffic();
    return best_;
  }

  Price at(const Granularity& granularity) {
    const auto [w, h, k, traversal] = granularity;
    const bool divides =
        !options_.divisible || ((w >= demand_.grid_width || demand_.grid_width % w == 0) &&
                                (h >= demand_.grid_height || demand_.grid_height % h == 0) &&
                                (!demand_.has_loop || k >= demand_.reduction || demand_.reduction % k == 0));
    if (!divides || w < demand_.min_width || h < demand_.min_height || w > net_.native || h > net_.native || k < 1 ||
        (demand_.has_loop && k > demand_.max_k))
      return {};
    least_ = INT64_MAX;
    only_ = &granularity;
    try_steps(w, h, demand_.has_loop ? k : 1);
    best_.least_working_set = least_;
    add_traffic();
    return best_;
  }

 private:
  // Tile extents worth trying, greatest first: for each count of tiles the least extent
  // that makes that count. A greater one only enlarges the working set.
  void list_extents(int64_t extent, int64_t least, std::vector<int64_t>& list) const {
    const int64_t native = net_.native;
    if (least > extent) {
      list.push_back(least);  // R10 asks for more than the grid has; one tile all the same
      return;
    }
    int64_t last = 0, tried = 0;
    for (int64_t count = ceil_div(extent, native); count <= extent; ++count) {
      const int64_t size = ceil_div(extent, count);
      if (size == last) continue;
      if (size < least) break;
      last = size;
      if (options_.divisible && extent % size != 0) continue;
      // Thinned: the first eight counts, then those that divide.
      if (!options_.thorough && ++tried > 8 && extent % size != 0) continue;
      list.push_back(size);
    }
    const int64_t widest = std::min(extent, native);
    if (list.empty() && (!options_.divisible || extent % widest == 0)) list.push_back(widest);
  }

  const Loads& loads(bool one_row, bool one_column, bool one_step) {
    const size_t index = (one_row ? 4u : 0u) + (one_column ? 2u : 0u) + (one_step ? 1u : 0u);
    if (!known_[index]) {
      loads_[index] = sum_loads(net_, demand_, entering_, one_row, one_column, one_step);
      known_[index] = true;
    }
    return loads_[index];
  }

  // No granularity with at least so many tiles each way is faster.
  double least_latency(int64_t columns, int64_t rows) {
    const double tiles = static_cast<double>(columns) * static_cast<double>(rows);
    const double compute = tiles * (demand_.loop_cost + demand_.first_cost + demand_.last_cost);
    const bool split = demand_.has_loop && demand_.reduction > demand_.max_k;
    const Loads& sums = loads(rows == 1, columns == 1, !split);
    const double height = static_cast<double>(demand_.grid_height), width = static_cast<double>(demand_.grid_width);
    double moved = static_cast<double>(sums.tile[0] + sums.tile[1] + holdings_.evicted) * height * width +
                   static_cast<double>(sums.rows_all[0] + sums.rows_all[1]) * height +
                   static_cast<double>(sums.all_columns[0] + sums.all_columns[1]) * width +
                   static_cast<double>(sums.all[0] + sums.all[1]);
    if (split)
      moved += static_cast<double>(demand_.reduction) *
               (static_cast<double>(sums.rows_step) * height * static_cast<double>(columns) +
                static_cast<double>(sums.step_columns) * width * static_cast<double>(rows) +
                static_cast<double>(sums.all_step) * tiles);
    return std::max(compute, moved / net_.bandwidth);
  }

  void try_tile(int64_t w, int64_t h) {
    if (!demand_.has_loop) {
      try_steps(w, h, 1);
      return;
    }
    const int64_t reduction = demand_.reduction;
    if (reduction <= demand_.max_k && try_steps(w, h, reduction)) return;
    // More than one step: the working set is linear in k.
    const int64_t base = working_set(w, h, 0, false), slope = working_set(w, h, 1, false) - base;
    least_ = std::min(least_, base + slope);
    int64_t k = std::min(demand_.max_k, reduction - 1);
    if (k < 1) return;
    if (slope > 0)
      k = std::min(k, (net_.capacity - base) / slope);
    else if (base > net_.capacity)
      return;
    if (k < 1) return;
    const int64_t even = ceil_div(reduction, ceil_div(reduction, k));
    int64_t divisor = k;
    while (reduction % divisor != 0) --divisor;
    if (options_.divisible) {
      try_steps(w, h, divisor);
      return;
    }
    try_steps(w, h, k);
    if (even != k) try_steps(w, h, even);
    if (divisor != k && divisor != even && divisor * 2 > k) try_steps(w, h, divisor);
  }

  int64_t working_set(int64_t w, int64_t h, int64_t k, bool one_step) {
    const int64_t w_held = std::min(w, demand_.grid_width), h_held = std::min(h, demand_.grid_height);
    const Loads& sums = loads(h >= demand_.grid_height, w >= demand_.grid_width, one_step);
    return holdings_.fixed + (holdings_.tiles + (one_step ? 0 : holdings_.accumulators)) * w_held * h_held +
           sums.fixed(h_held, w_held) + sums.per_k(h_held, w_held) * k;
  }

  void add_traffic() {
    if (!best_.possible()) return;
    const auto [w, h, k, traversal] = best_.granularity;
    const int64_t rows = ceil_div(demand_.grid_height, h), columns = ceil_div(demand_.grid_width, w);
    const int64_t steps = demand_.has_loop ? ceil_div(demand_.reduction, k) : 1;
    const Loads& sums = loads(rows == 1, columns == 1, steps == 1);
    const Pricer pricer{net_, demand_, holdings_, sums, w, h, k, rows, columns, steps};
    best_.traffic = pricer.moved(traversal) / net_.bandwidth;
  }

  // False when the granularity does not fit.
  bool try_steps(int64_t w, int64_t h, int64_t k) {
    const int64_t steps = demand_.has_loop ? ceil_div(demand_.reduction, k) : 1;
    const int64_t held = working_set(w, h, k, steps == 1);
    least_ = std::min(least_, held);
    if (held > net_.capacity) return false;
    const Loads& sums = loads(h >= demand_.grid_height, w >= demand_.grid_width, steps == 1);
    const Pricer pricer{
        net_, demand_, holdings_, sums, w, h, k, ceil_div(demand_.grid_height, h), ceil_div(demand_.grid_width, w),
        steps};
    const auto consider = [&](Traversal traversal) {
      const double latency = pricer.total(traversal);
      if (latency >= best_.latency) return;
      best_ = {latency, 0, {w, h, k, traversal}, held, 0};
    };
    if (only_ != nullptr) {
      consider(only_->traversal);
      return true;
    }
    consider(Traversal::kRaster);
    if (sums.ordered() && pricer.rows > 1 && pricer.columns > 1) {
      consider(Traversal::kRowSnake);
      consider(Traversal::kColumnSnake);
    }
    return true;
  }

  const Network& net_;
  const Demand& demand_;
  const uint64_t entering_;
  const PricingOptions options_;
  const Holdings holdings_;
  std::array<Loads, 8> loads_;
  std::array<bool, 8> known_{};
  std::vector<int64_t> widths_, heights_;
  int64_t least_ = INT64_MAX;
  const Granularity* only_ = nullptr;
  Price best_;
};

}  // namespace

Price price_group(const Network& net, const Demand& demand, const Residency& residency, const PricingOptions& options) {
  if (!demand.possible) return {};
  return GroupPricing(net, demand, residency, options).best();
}

Price price_at(const Network& net, const Demand& demand, const Residency& residency, const Granularity& granularity,
               bool divisible) {
  if (!demand.possible) return {};
  return GroupPricing(net, demand, residency, {divisible, true}).at(granularity);
}

std::vector<uint32_t> traversal_order(Traversal traversal, int64_t rows, int64_t columns) {
  std::vector<uint32_t> order;
  if (traversal == Traversal::kRaster) return order;
  const bool across = traversal == Traversal::kColumnSnake;
  const int64_t lines = across ? columns : rows, length = across ? rows : columns;
  order.reserve(static_cast<size_t>(lines * length));
  for (int64_t line = 0; line < lines; ++line)
    for (int64_t step = 0; step < length; ++step) {
      const int64_t place = line % 2 == 0 ? step : length - 1 - step;
      order.push_back(static_cast<uint32_t>(across ? place * columns + line : line * columns + place));
    }
  return order;
}

}  // namespace rondo::fusion
