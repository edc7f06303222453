#include "planner/fusion/cost/tile_price.h"
#include <algorithm>

namespace rondo::fusion {

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

namespace {

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

// Lines and places as price.h has them; a raster has rows for lines.
TileClasses classify(Traversal traversal, int64_t rows, int64_t columns) {
  const bool across = has(traversal, Traversal::kColumnSnake);
  const bool snake = traversal != Traversal::kRaster;
  const bool last_line_first = has(traversal, Traversal::kLastLineFirst);
  const bool last_place_first = has(traversal, Traversal::kLastPlaceFirst);
  const int64_t lines = across ? columns : rows, length = across ? rows : columns;
  const bool inside = has(traversal, Traversal::kTurnsInside) && length >= 3;
  TileClasses classes;
  const auto add = [&](bool last_line, bool last_place, Change change, int64_t count) {
    if (across)
      classes.add(last_place, last_line, change == kRow ? kColumn : change == kColumn ? kRow : change, count);
    else
      classes.add(last_line, last_place, change, count);
  };
  // `line` in travel order: the tile that enters it, then length - 1 tiles along it.
  const auto line = [&](bool last_line, bool first_line, bool from_last, int64_t count) {
    const Change enter = first_line ? kFirst : (snake || length == 1) ? kRow : kBoth;
    from_last = from_last || length == 1;
    add(last_line, from_last, enter, count);
    add(last_line, false, kColumn, (from_last ? length - 1 : length - 2) * count);
    if (!from_last) add(last_line, true, kColumn, count);
  };
  line(lines == 1 || last_line_first, true, last_place_first, 1);
  if (lines > 1) {
    const int64_t between = lines - 2;  // lines 1 .. lines-2
    const int64_t odd = snake ? (between + 1) / 2 : 0;
    const bool odd_from_last = snake && !inside && !last_place_first;
    const bool even_from_last = snake && !inside && last_place_first;
    line(false, false, odd_from_last, odd);
    line(false, false, even_from_last, between - odd);
    line(!last_line_first, false, (lines - 1) % 2 == 1 ? odd_from_last : even_from_last, 1);
  }
  return classes;
}

}  // namespace

double TilePricer::step(int64_t h_here, int64_t w_here, int64_t k_here, bool first, bool last, Change change) const {
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

double TilePricer::tile(bool last_row, bool last_column, Change change) const {
  const int64_t h_here = last_row ? demand.grid_height - (rows - 1) * h : std::min(h, demand.grid_height);
  const int64_t w_here = last_column ? demand.grid_width - (columns - 1) * w : std::min(w, demand.grid_width);
  if (steps == 1) return step(h_here, w_here, demand.reduction, true, true, change);
  double sum = step(h_here, w_here, k, true, false, change) +
               step(h_here, w_here, demand.reduction - (steps - 1) * k, false, true, change);
  if (steps > 2) sum += static_cast<double>(steps - 2) * step(h_here, w_here, k, false, false, change);
  return sum;
}

double TilePricer::tile_of_any_steps(bool last_row, bool last_column, Change change) const {
  const int64_t h_here = last_row ? demand.grid_height - (rows - 1) * h : std::min(h, demand.grid_height);
  const int64_t w_here = last_column ? demand.grid_width - (columns - 1) * w : std::min(w, demand.grid_width);
  // A step of k in the middle costs rate x k; at an end the sum of that and something that
  // does not grow with k.
  const double rate = step(h_here, w_here, 1, false, false, change);
  return step(h_here, w_here, k, true, false, change) + step(h_here, w_here, k, false, true, change) +
         rate * static_cast<double>(demand.reduction - 2 * k);
}

double TilePricer::moved(Traversal traversal) const {
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

double TilePricer::total(Traversal traversal) const {
  double sum = 0;
  for (const TileClass& kind : classify(traversal, rows, columns))
    sum += static_cast<double>(kind.count) * tile(kind.last_row, kind.last_column, kind.change);
  return sum;
}

}  // namespace rondo::fusion
