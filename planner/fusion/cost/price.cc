#include "planner/fusion/cost/price.h"
#include <algorithm>
#include <array>
#include "planner/fusion/ceil_div.h"
#include "planner/fusion/cost/tile_price.h"

namespace rondo::fusion {
namespace {

// Sums in another order agree to this much, relatively.
constexpr double kRounding = 1e-12;
// Of tiles and k whose floor is looked at: about 10 ms.
constexpr int64_t kMostFloors = int64_t{1} << 14;

// Prices one group under one residency; keeps the sums that granularities share.
class GroupPricing {
 public:
  GroupPricing(const Network& net, const Demand& demand, const Residency& residency, const PricingOptions& options)
      : net_(net),
        demand_(demand),
        entering_(residency.entering),
        options_(options),
        holdings_(sum_holdings(net, demand, residency)) {
    if (options.weightless) holdings_.fixed = 0;
  }

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
    // The other snakes differ by a few tiles: looked at where they may matter.
    const Granularity g = best_.granularity;
    if (best_.possible() && (demand_.grid_width % g.w != 0 || demand_.grid_height % g.h != 0)) {
      all_orders_ = true;
      try_steps(g.w, g.h, g.k);
      all_orders_ = false;
    }
    best_.least_working_set = least_ == INT64_MAX ? 0 : least_;
    add_traffic();
    return best_;
  }

  ProvenPrice proven() {
    ProvenPrice proven{best(), Price::kImpossible};
    all_orders_ = true;
    double& floor = proven.floor;
    const auto first = [](int64_t extent, int64_t native, int64_t least) {
      return std::max(least, std::min(extent, native));
    };
    const int64_t widest = first(demand_.grid_width, net_.native, demand_.min_width);
    const int64_t highest = first(demand_.grid_height, net_.native, demand_.min_height);
    const int64_t least_rows = ceil_div(demand_.grid_height, highest);
    for (int64_t w = widest; w >= demand_.min_width && floors_ <= kMostFloors; --w) {
      if (!divides(demand_.grid_width, w)) continue;
      const int64_t columns = ceil_div(demand_.grid_width, w);
      const auto enough = [&](double latency) { return latency >= best_.latency * (1 - kRounding); };
      if (enough(least_latency(columns, least_rows))) break;
      for (int64_t h = highest; h >= demand_.min_height; --h) {
        if (!divides(demand_.grid_height, h)) continue;
        if (enough(least_latency(columns, ceil_div(demand_.grid_height, h)))) break;
        if (++floors_ > kMostFloors) {
          floor = std::min(floor, least_latency(columns, least_rows));
          break;
        }
        const double least = floor_at(w, h);
        if (enough(least)) continue;
        floor = std::min(floor, least);
        if (!demand_.has_loop)
          try_steps(w, h, 1);
        else if (floors_ + demand_.max_k <= kMostFloors)
          for (int64_t k = std::min(demand_.max_k, demand_.reduction); k >= 1; --k)
            if (divides(demand_.reduction, k)) try_steps(w, h, k), ++floors_;
      }
    }
    floor = std::min(floor, best_.latency);
    const int64_t least_working_set = proven.price.least_working_set;
    proven.price = best_;
    proven.price.least_working_set = least_working_set;
    add_traffic();
    proven.price.traffic = best_.traffic;
    proven.looked_at = floors_;
    return proven;
  }

  Price at(const Granularity& granularity) {
    const auto [w, h, k, traversal] = granularity;
    if (!divides(demand_.grid_width, w) || !divides(demand_.grid_height, h) ||
        (demand_.has_loop && !divides(demand_.reduction, k)) || w < demand_.min_width || h < demand_.min_height ||
        w > net_.native || h > net_.native || k < 1 || (demand_.has_loop && k > demand_.max_k))
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

  bool divides(int64_t extent, int64_t size) const {
    return !options_.divisible || size >= extent || extent % size == 0;
  }

  // The least of any k and any order on tiles of w x h (price.h).
  double floor_at(int64_t w, int64_t h) {
    const int64_t rows = ceil_div(demand_.grid_height, h), columns = ceil_div(demand_.grid_width, w);
    const bool one_row = h >= demand_.grid_height, one_column = w >= demand_.grid_width;
    const auto pricer = [&](int64_t k, int64_t steps) {
      return TilePricer{net_, demand_, holdings_, loads(one_row, one_column, steps == 1), w, h, k,
                        rows, columns, steps};
    };
    const int64_t reduction = demand_.has_loop ? demand_.reduction : 1;
    double least = Price::kImpossible;
    if (reduction <= (demand_.has_loop ? demand_.max_k : 1) && working_set(w, h, reduction, true) <= net_.capacity) {
      const TilePricer whole = pricer(reduction, 1);
      least = order_floor(rows, columns, [&](bool last_row, bool last_column, Change change) {
        return whole.tile(last_row, last_column, change);
      });
    }
    if (!demand_.has_loop || reduction < 2) return least;
    const int64_t longest = longest_step(w, h);
    if (longest < 1) return least;
    const TilePricer any = pricer(longest, 2);
    const double of_any = order_floor(rows, columns, [&](bool last_row, bool last_column, Change change) {
      return any.tile_of_any_steps(last_row, last_column, change);
    });
    if (of_any >= std::min(least, best_.latency * (1 - kRounding)) || floors_ + longest > kMostFloors)
      return std::min(least, of_any);
    // That ends below what is known: one k after the other.
    for (int64_t k = longest; k >= 1; --k) {
      ++floors_;
      const TilePricer split = pricer(k, ceil_div(reduction, k));
      least = std::min(least, order_floor(rows, columns, [&](bool last_row, bool last_column, Change change) {
                         return split.tile(last_row, last_column, change);
                       }));
    }
    return least;
  }

  // Of several k-steps the longest that fits; 0 when none does.
  int64_t longest_step(int64_t w, int64_t h) {
    const int64_t base = working_set(w, h, 0, false), slope = working_set(w, h, 1, false) - base;
    if (base > net_.capacity) return 0;
    const int64_t most = std::min(demand_.max_k, demand_.reduction - 1);
    return slope > 0 ? std::min(most, (net_.capacity - base) / slope) : most;
  }

  // The least of any order of the tiles, given what each costs.
  template <class TilePrice>
  static double order_floor(int64_t rows, int64_t columns, const TilePrice& tile) {
    // By edge: is it the last row, the last column?
    double first[2][2], cheap[2][2], row[2][2], column[2][2], sum = 0;
    const auto there = [&](int last_row, int last_column) {
      return (last_row == 1 || rows > 1) && (last_column == 1 || columns > 1);
    };
    for (int r = 0; r < 2; ++r)
      for (int c = 0; c < 2; ++c) {
        if (!there(r, c)) continue;
        first[r][c] = tile(r == 1, c == 1, kFirst);
        row[r][c] = rows > 1 ? tile(r == 1, c == 1, kRow) : Price::kImpossible;
        column[r][c] = columns > 1 ? tile(r == 1, c == 1, kColumn) : Price::kImpossible;
        cheap[r][c] = std::min(row[r][c], column[r][c]);
        if (rows > 1 || columns > 1)
          sum += cheap[r][c] * static_cast<double>((r == 1 ? 1 : rows - 1) * (c == 1 ? 1 : columns - 1));
      }
    if (rows == 1 && columns == 1) return first[1][1];
    // What it takes at least to make one tile of a row change the row, of a column the column.
    double in_row[2] = {0, 0}, in_column[2] = {0, 0};
    for (int last = 0; last < 2; ++last)
      for (int other = 0; other < 2; ++other) {
        if (rows > 1 && there(last, other)) {
          const double more = row[last][other] - cheap[last][other];
          in_row[last] = other == 0 || !there(last, 0) ? more : std::min(in_row[last], more);
        }
        if (columns > 1 && there(other, last)) {
          const double more = column[other][last] - cheap[other][last];
          in_column[last] = other == 0 || !there(0, last) ? more : std::min(in_column[last], more);
        }
      }
    const double all_rows = rows > 1 ? in_row[0] * static_cast<double>(rows - 1) + in_row[1] : 0;
    const double all_columns = columns > 1 ? in_column[0] * static_cast<double>(columns - 1) + in_column[1] : 0;
    double by_rows = Price::kImpossible, by_columns = Price::kImpossible;
    for (int r = 0; r < 2; ++r)
      for (int c = 0; c < 2; ++c) {
        if (!there(r, c)) continue;
        const double more = first[r][c] - cheap[r][c];
        by_rows = std::min(by_rows, sum + more + all_rows - in_row[r]);
        by_columns = std::min(by_columns, sum + more + all_columns - in_column[c]);
      }
    return std::max(by_rows, by_columns);
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
    const TilePricer pricer{net_, demand_, holdings_, sums, w, h, k, rows, columns, steps};
    best_.traffic = pricer.moved(traversal) / net_.bandwidth;
  }

  // False when the granularity does not fit.
  bool try_steps(int64_t w, int64_t h, int64_t k) {
    const int64_t steps = demand_.has_loop ? ceil_div(demand_.reduction, k) : 1;
    const int64_t held = working_set(w, h, k, steps == 1);
    least_ = std::min(least_, held);
    if (held > net_.capacity) return false;
    const Loads& sums = loads(h >= demand_.grid_height, w >= demand_.grid_width, steps == 1);
    const TilePricer pricer{
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
    if (!sums.ordered()) return true;
    if (all_orders_) {
      for (const Traversal snake : {Traversal::kRowSnake, Traversal::kColumnSnake})
        for (uint8_t ways = 0; ways < 32; ways = static_cast<uint8_t>(ways + 4))
          consider(snake | static_cast<Traversal>(ways));
    } else if (pricer.rows > 1 && pricer.columns > 1) {
      consider(Traversal::kRowSnake);
      consider(Traversal::kColumnSnake);
    }
    return true;
  }

  const Network& net_;
  const Demand& demand_;
  const uint64_t entering_;
  const PricingOptions options_;
  Holdings holdings_;
  std::array<Loads, 8> loads_;
  std::array<bool, 8> known_{};
  std::vector<int64_t> widths_, heights_;
  int64_t least_ = INT64_MAX;
  const Granularity* only_ = nullptr;
  bool all_orders_ = false;
  int64_t floors_ = 0;
  Price best_;
};

}  // namespace

Price price_group(const Network& net, const Demand& demand, const Residency& residency, const PricingOptions& options) {
  if (!demand.possible) return {};
  return GroupPricing(net, demand, residency, options).best();
}

ProvenPrice prove_price(const Network& net, const Demand& demand, const Residency& residency,
                        const PricingOptions& options) {
  if (!demand.possible) return {};
  return GroupPricing(net, demand, residency, options).proven();
}

Price price_at(const Network& net, const Demand& demand, const Residency& residency, const Granularity& granularity,
               bool divisible) {
  if (!demand.possible) return {};
  return GroupPricing(net, demand, residency, {divisible, true}).at(granularity);
}

std::vector<uint32_t> traversal_order(Traversal traversal, int64_t rows, int64_t columns) {
  std::vector<uint32_t> order;
  if (traversal == Traversal::kRaster) return order;
  const bool across = has(traversal, Traversal::kColumnSnake);
  const bool last_line_first = has(traversal, Traversal::kLastLineFirst);
  const bool last_place_first = has(traversal, Traversal::kLastPlaceFirst);
  const int64_t lines = across ? columns : rows, length = across ? rows : columns;
  const bool inside = has(traversal, Traversal::kTurnsInside) && length >= 3;
  order.reserve(static_cast<size_t>(lines * length));
  for (int64_t turn = 0; turn < lines; ++turn) {
    const int64_t line = last_line_first ? lines - 1 - turn : turn;
    for (int64_t step = 0; step < length; ++step) {
      int64_t place = step;
      if (inside) {
        const int64_t at = turn % 2 == 0 ? step : length - 1 - step;
        if (turn == 0 && last_place_first)
          place = at == 0 ? length - 1 : at - 1;
        else
          place = at == 0 ? 0 : at == 1 ? length - 1 : at - 1;
      } else if ((turn % 2 == 1) != last_place_first) {
        place = length - 1 - step;
      }
      order.push_back(static_cast<uint32_t>(across ? place * columns + line : line * columns + place));
    }
  }
  return order;
}

}  // namespace rondo::fusion
