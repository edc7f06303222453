#include "planner/fusion/bounds/lower_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <vector>

#include "planner/fusion/ceil_div.h"

namespace rondo::fusion {
namespace {

constexpr double kRoundedDown = 1 - 5e-13;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A way to cut an axis: pieces of one extent, and how many.
struct Cut {
  int64_t extent = 1;
  int64_t count = 1;
};

// The cuts worth trying: for each number of pieces the least extent that gives it, because
// a smaller one only frees memory. Of more than `most`, neighbours become one cut with the
// smaller extent and the smaller number: better than any real cut, so still a bound.
std::vector<Cut> cuts_of(int64_t whole, int64_t native, size_t most) {
  std::vector<Cut> cuts;
  for (int64_t extent = std::min(whole, native);;) {
    const int64_t count = ceil_div(whole, extent);
    extent = ceil_div(whole, count);
    cuts.push_back({extent, count});
    if (extent == 1) break;
    --extent;
  }
  const size_t together = (cuts.size() + most - 1) / most;
  if (together <= 1) return cuts;
  std::vector<Cut> merged;
  for (size_t i = 0; i < cuts.size(); i += together)
    merged.push_back({cuts[std::min(i + together, cuts.size()) - 1].extent, cuts[i].count});
  return merged;
}

// How one operand of a MatMul with K > N is shared out, as the header defines it.
struct OperandTerms {
  double elements = 0;
  bool free_possible = false;  // may be retained or ephemeral
  bool factor = true;          // reloads are claimed; otherwise once, divided among `once`
  bool by_capacity = true;     // each sharer holds a tile of sums (not so for mixed roles)
  bool to_free = false;        // its loads go to readers whose other operand is free
  int64_t sharers = 1;
  int64_t once = 1;
  // Of readers whose other operand is free: how many elements one holds beside its sum,
  // retained, or as a strip of `free_strip` elements a tile row (or column); over the
  // readers that share them.
  double free_whole = kInfinity;
  double free_strip = kInfinity;
  // The smallest output that one of those holds who keep it, if they are dealt loads, too.
  double free_kept = kInfinity;
  bool charged = false;  // one load of the whole is in its maker's share
  // Readers that have the other operand in strips are dealt nothing, but get what the
  // maker of the strip pays beyond its own share.
  bool whole_only = false;
  double maker_excess = 0;  // of this operand, should it be in strips
  bool retainable = true;

  auto key() const {
    return std::make_tuple(elements, free_possible, factor, by_capacity, to_free, sharers, once, free_whole, free_strip,
                           free_kept, charged, whole_only, maker_excess, retainable);
  }
};

class Bounds {
 public:
  explicit Bounds(const Problem& problem) : p_(problem), capacity_(static_cast<double>(problem.capacity)) {}

  LowerBounds run() {
    classify_tensors();
    find_reach();
    count_whole_readers();
    choose_dealing();

    LowerBounds bounds;
    const size_t count = p_.operators.size();
    std::vector<double> compute(count), moved(count);
    for (uint32_t op = 0; op < count; ++op) {
      compute[op] = compute_share(op);
      moved[op] = share_of(op) + stores_of(op);
    }
    double traffic = 0;
    for (uint32_t t = 0; t < p_.tensors.size(); ++t)
      if ((p_.is_input(t) && !p_.consumers[t].empty()) || p_.is_output(t)) traffic += size(t);
    const auto sum = [](const std::vector<double>& list) {
      return static_cast<double>(std::accumulate(list.begin(), list.end(), 0.0L));
    };
    bounds.compute = kRoundedDown * sum(compute);
    bounds.traffic = kRoundedDown * traffic / p_.bandwidth;
    bounds.reload = kRoundedDown * sum(moved) / p_.bandwidth;
    const std::vector<uint32_t> parts = find_parts();
    std::map<uint32_t, std::pair<double, double>> of_part;
    long double parts_sum = 0;
    for (uint32_t op = 0; op < count; ++op) {
      of_part[parts[op]].first += compute[op];
      of_part[parts[op]].second += moved[op];
    }
    for (const auto& [part, costs] : of_part) parts_sum += std::max(costs.first, costs.second / p_.bandwidth);
    bounds.parts = kRoundedDown * static_cast<double>(parts_sum);
    bounds.part_count = static_cast<uint32_t>(of_part.size());
    return bounds;
  }

 private:
  double size(uint32_t t) const { return static_cast<double>(p_.tensors[t].size()); }
  uint32_t lhs(uint32_t op) const { return p_.operators[op].inputs[0]; }
  uint32_t rhs(uint32_t op) const { return p_.operators[op].inputs[1]; }
  uint32_t out(uint32_t op) const { return p_.operators[op].output; }
  int64_t width(uint32_t op) const { return p_.tensors[out(op)].width; }
  int64_t height(uint32_t op) const { return p_.tensors[out(op)].height; }
  bool deep(uint32_t op) const { return p_.is_matmul(op) && p_.depth(op) > p_.native; }

  bool can_be_retained(uint32_t t) const { return !p_.is_input(t) && p_.tensors[t].size() < p_.capacity; }
  // Made and read inside one subgraph: what R10 does not forbid.
  bool can_be_ephemeral(uint32_t maker, uint32_t reader) const {
    return !p_.is_matmul(reader) || p_.is_matmul(maker) || p_.depth(reader) <= p_.native;
  }
  bool must_load(uint32_t t, uint32_t reader) const {
    if (p_.is_input(t)) return true;
    return !can_be_retained(t) && !can_be_ephemeral(static_cast<uint32_t>(p_.producer[t]), reader);
  }

  void classify_tensors() {
    const size_t count = p_.tensors.size();
    must_load_.assign(count, 0);
    as_lhs_.assign(count, 0);
    as_rhs_.assign(count, 0);
    twins_.assign(count, 1);
    std::map<std::pair<uint32_t, uint32_t>, int64_t> pairs;
    for (uint32_t op = 0; op < p_.operators.size(); ++op) {
      if (!p_.is_matmul(op)) continue;
      ++as_lhs_[lhs(op)];
      ++as_rhs_[rhs(op)];
      const int64_t twins = ++pairs[{lhs(op), rhs(op)}];
      twins_[lhs(op)] = std::max(twins_[lhs(op)], twins);
      twins_[rhs(op)] = std::max(twins_[rhs(op)], twins);
    }
    for (uint32_t t = 0; t < count; ++t)
      for (uint32_t reader : p_.consumers[t]) must_load_[t] += must_load(t, reader) ? 1 : 0;
  }

  bool mixed(uint32_t t) const { return as_lhs_[t] != 0 && as_rhs_[t] != 0; }
  // What one of those that must load the tensor is charged for one whole load.
  double once(uint32_t t) const {
    const int64_t readers = mixed(t) ? static_cast<int64_t>(p_.consumers[t].size()) : must_load_[t];
    return size(t) / static_cast<double>(std::max<int64_t>(1, readers));
  }

  // Does a MatMul read the tensor as LHS (RHS), itself or through Pointwise operators?
  // Operators are visited from the outputs up.
  void find_reach() {
    reaches_lhs_.assign(p_.tensors.size(), false);
    reaches_rhs_.assign(p_.tensors.size(), false);
    for (uint32_t op : from_the_outputs())
      for (uint32_t t : p_.operators[op].inputs) {
        if (p_.is_matmul(op)) {
          if (t == lhs(op)) reaches_lhs_[t] = true;
          if (t == rhs(op)) reaches_rhs_[t] = true;
        } else {
          if (reaches_lhs_[out(op)]) reaches_lhs_[t] = true;
          if (reaches_rhs_[out(op)]) reaches_rhs_[t] = true;
        }
      }
  }

  void count_whole_readers() {
    whole_readers_.assign(p_.tensors.size(), 0);
    for (uint32_t t = 0; t < p_.tensors.size(); ++t)
      for (uint32_t reader : p_.consumers[t]) whole_readers_[t] += may_read_whole(reader, t) ? 1 : 0;
  }

  // Consumers before producers.
  std::vector<uint32_t> from_the_outputs() const {
    std::vector<size_t> waiting(p_.operators.size());
    std::vector<uint32_t> order;
    for (uint32_t op = 0; op < waiting.size(); ++op) {
      waiting[op] = p_.consumers[out(op)].size();
      if (waiting[op] == 0) order.push_back(op);
    }
    for (size_t i = 0; i < order.size(); ++i) {
      std::vector<uint32_t> inputs = p_.operators[order[i]].inputs;
      std::sort(inputs.begin(), inputs.end());
      inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
      for (uint32_t t : inputs)
        if (p_.producer[t] >= 0 && --waiting[static_cast<size_t>(p_.producer[t])] == 0)
          order.push_back(static_cast<uint32_t>(p_.producer[t]));
    }
    return order;
  }

  double compute_share(uint32_t op) const {
    return p_.operators[op].base_cost * static_cast<double>(ceil_div(width(op), p_.native)) *
           static_cast<double>(ceil_div(height(op), p_.native));
  }

  double stores_of(uint32_t op) const {
    const uint32_t t = out(op);
    return p_.is_output(t) || must_load_[t] != 0 ? size(t) : 0;
  }

  // Its maker answers for how it reaches its readers: stored and loaded, or kept.
  bool charged(uint32_t t) const {
    if (p_.is_input(t) || p_.is_output(t) || must_load_[t] != 0) return false;
    if (!deep(static_cast<uint32_t>(p_.producer[t]))) return false;
    for (uint32_t reader : p_.consumers[t])
      if (!p_.is_matmul(reader)) return false;
    return true;
  }

  double share_of(uint32_t op) {
    if (!deep(op)) return shallow_loads_of(op);
    double inner = kInfinity;
    if (inner_on_the_left(op)) inner = std::min(inner, inner_loads(op, true));
    if (inner_on_the_right(op)) inner = std::min(inner, inner_loads(op, false));
    const uint32_t t = out(op);
    if (!charged(t)) return std::min(owner_loads(op, false), inner);
    const double kept = can_be_retained(t) ? owner_loads(op, true) : kInfinity;
    return std::min({kept, inner, owner_loads(op, false) + 2 * size(t)});
  }

  double shallow_loads_of(uint32_t op) const {
    double loads = 0;
    std::vector<uint32_t> inputs = p_.operators[op].inputs;
    std::sort(inputs.begin(), inputs.end());
    inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
    for (uint32_t t : inputs)
      if (must_load(t, op)) loads += once(t);
    return loads;
  }

  bool inner_on_the_left(uint32_t op) const {
    return width(op) <= p_.native ? reaches_lhs_[out(op)] : as_lhs_[out(op)] != 0;
  }
  bool inner_on_the_right(uint32_t op) const {
    return height(op) <= p_.native ? reaches_rhs_[out(op)] : as_rhs_[out(op)] != 0;
  }
  // Reloads of a tensor by an operator are claimed unless another reader may need the
  // whole of it: an inner MatMul whose other axis one tile covers.
  bool factor_claimed(uint32_t t, uint32_t op) const {
    return size(t) > capacity_ || whole_readers_[t] == (may_read_whole(op, t) ? 1 : 0);
  }
  bool may_read_whole(uint32_t op, uint32_t t) const {
    if (!p_.is_matmul(op) || (!reaches_lhs_[out(op)] && !reaches_rhs_[out(op)])) return false;
    return (lhs(op) == t && height(op) <= p_.native) || (rhs(op) == t && width(op) <= p_.native);
  }

  OperandTerms terms_of(uint32_t op, bool left) const {
    const uint32_t t = left ? lhs(op) : rhs(op);
    OperandTerms terms;
    terms.elements = size(t);
    terms.free_possible = !must_load(t, op);
    terms.factor = factor_claimed(t, op);
    terms.by_capacity = !mixed(t);
    terms.to_free = to_free_[t];
    terms.sharers = mixed(t) ? as_lhs_[t] + as_rhs_[t] : left ? as_lhs_[t] : as_rhs_[t];
    terms.once = mixed(t) ? static_cast<int64_t>(p_.consumers[t].size()) : std::max<int64_t>(1, must_load_[t]);
    if (terms.to_free) {
      terms.free_whole = free_[t].whole;
      terms.free_strip = free_[t].strip;
      terms.free_kept = free_[t].kept;
      terms.whole_only = free_[t].whole_only;
    }
    terms.retainable = can_be_retained(t);
    terms.maker_excess = maker_excess(op, left);
    terms.charged = charged(t);
    return terms;
  }

  // Of the readers of a tensor whose other operand is free, the least that one holds.
  struct FreeReaders {
    double whole = kInfinity;
    double strip = kInfinity;
    double kept = kInfinity;
    bool whole_only = false;
  };
  enum class Dealing : uint8_t { kToFree, kAndToKeepers, kButNotToStrips };
  FreeReaders free_readers(uint32_t t, Dealing dealing) const {
    FreeReaders free;
    const bool left = as_lhs_[t] != 0;
    const double twins = static_cast<double>(twins_[t]);
    for (uint32_t reader : p_.consumers[t]) {
      if (!p_.is_matmul(reader)) continue;
      if (dealing != Dealing::kToFree && can_be_retained(out(reader)))
        free.kept = std::min(free.kept, size(out(reader)));
      const uint32_t other = left ? rhs(reader) : lhs(reader);
      if (must_load(other, reader)) continue;
      if (can_be_retained(other)) free.whole = std::min(free.whole, size(other) / twins);
      if (p_.producer[other] < 0 || !p_.is_matmul(static_cast<uint32_t>(p_.producer[other]))) continue;
      // The strip of the inner MatMul's own operand that moves with the tile.
      const auto maker = static_cast<uint32_t>(p_.producer[other]);
      const uint32_t strip_of = left ? rhs(maker) : lhs(maker);
      const double shared = static_cast<double>(as_lhs_[strip_of] + as_rhs_[strip_of]);
      const double strip = deep(maker) ? static_cast<double>(p_.depth(maker)) / (shared * twins) : 0;
      free.strip = std::min(free.strip, strip);
    }
    if (dealing == Dealing::kButNotToStrips) free.strip = kInfinity, free.whole_only = true;
    return free;
  }

  // Where the loads of a common operand go: evenly, to readers whose other operand is
  // free, to those and the ones that keep their output, or to these without those that
  // have strips: whichever gives most.
  void choose_dealing() {
    to_free_.assign(p_.tensors.size(), false);
    free_.assign(p_.tensors.size(), {});
    for (uint32_t t = 0; t < p_.tensors.size(); ++t) {
      if (mixed(t) || as_lhs_[t] + as_rhs_[t] < 2) continue;
      bool any_free = false;
      std::vector<uint32_t> readers;
      for (uint32_t reader : p_.consumers[t]) {
        if (!deep(reader)) continue;
        readers.push_back(reader);
        any_free = any_free || !must_load(as_lhs_[t] != 0 ? rhs(reader) : lhs(reader), reader);
      }
      // All readers of a tensor have its K in common, so either all are deep or none is.
      if (!any_free || readers.size() < 2) continue;
      const auto shares = [&] {
        double sum = 0;
        for (uint32_t reader : readers) sum += share_of(reader);
        return sum;
      };
      double most = shares();
      FreeReaders best;
      bool dealt = false;
      to_free_[t] = true;
      for (Dealing dealing : {Dealing::kToFree, Dealing::kAndToKeepers, Dealing::kButNotToStrips}) {
        free_[t] = free_readers(t, dealing);
        if (const double sum = shares(); sum > most) most = sum, best = free_[t], dealt = true;
      }
      to_free_[t] = dealt;
      free_[t] = best;
    }
  }

  // Of the operand terms, for tiles of w x h.
  struct Tiles {
    double columns, rows, sums;  // sums: elements of one owner
    double w, h;
    double kept;  // elements of an output kept whole, instead of its owner's sum; 0 without
    // Owners that fit, if each holds so much.
    double most(double capacity, double held) const {
      return std::floor((capacity - kept) / held) + (kept > 0 ? 1 : 0);
    }
  };
  // One operand alone: all its sharers, as far as their sums fit.
  double alone(const OperandTerms& terms, double times, const Tiles& tiles) const {
    if (!terms.factor) return terms.charged ? 0 : terms.elements / static_cast<double>(terms.once);
    double sharers = static_cast<double>(terms.sharers);
    if (terms.by_capacity) sharers = std::min(sharers, std::max(1.0, tiles.most(capacity_, tiles.sums)));
    return terms.elements * (times - (terms.charged ? 1 : 0)) / sharers;
  }
  // One operand whose reader has the other one for nothing, when loads go to such readers.
  double dealt(const OperandTerms& terms, double times, const Tiles& tiles, double strip_extent) const {
    if (!terms.factor) return terms.charged ? 0 : terms.elements / static_cast<double>(terms.once);
    const double held =
        std::min(tiles.sums + std::min(terms.free_whole, terms.free_strip * strip_extent), terms.free_kept);
    const double sharers = std::min(static_cast<double>(terms.sharers), std::max(1.0, std::floor(capacity_ / held)));
    return terms.elements * (times - (terms.charged ? 1 : 0)) / sharers;
  }

  double one_free(const OperandTerms& free, const OperandTerms& loaded, double times, const Tiles& tiles,
                  double strip_extent) const {
    if (!loaded.to_free) return alone(loaded, times, tiles);
    const double share = dealt(loaded, times, tiles, strip_extent);
    if (!loaded.whole_only) return share;
    return free.retainable ? std::min(share, free.maker_excess) : free.maker_excess;
  }

  // What the maker of an operand pays, should it be inner, beyond anything that its own
  // share can be, among those that may read it so.
  double maker_excess(uint32_t op, bool left) const {
    const uint32_t t = left ? lhs(op) : rhs(op);
    if (p_.is_input(t)) return 0;
    const auto maker = static_cast<uint32_t>(p_.producer[t]);
    if (!deep(maker) || mixed(t) || lhs(maker) == rhs(maker)) return 0;
    // Its share is at most what it pays as the only owner on tiles of native size, and what
    // it answers for its output.
    const double w = static_cast<double>(std::min(width(maker), p_.native));
    const double h = static_cast<double>(std::min(height(maker), p_.native));
    if (w * h + w + h > capacity_) return 0;
    const double share = size(lhs(maker)) * static_cast<double>(ceil_div(width(maker), p_.native)) +
                         size(rhs(maker)) * static_cast<double>(ceil_div(height(maker), p_.native)) + 2 * size(t);
    return std::max(0.0, inner_loads(maker, left, false) - share) / static_cast<double>(p_.consumers[t].size());
  }

  // `keeps`: its output is retained.
  double owner_loads(uint32_t op, bool keeps) {
    const OperandTerms left = terms_of(op, true);
    const OperandTerms right = terms_of(op, false);
    if (left.free_possible && right.free_possible) return 0;
    const int64_t twins = std::max(twins_[lhs(op)], twins_[rhs(op)]);
    const auto key = std::make_tuple(left.key(), right.key(), width(op), height(op), keeps ? -twins : twins);
    const auto [at, is_new] = known_.emplace(key, kInfinity);
    if (!is_new) return at->second;
    const size_t most = budget_ > 0 ? kMostCuts : kFewCuts;
    const std::vector<Cut> columns = cuts_of(width(op), p_.native, most);
    const std::vector<Cut> rows = cuts_of(height(op), p_.native, most);
    budget_ -= static_cast<int64_t>(columns.size() * rows.size());
    double least = kInfinity;
    for (const Cut& column : columns)
      for (const Cut& row : rows) {
        const double sums = static_cast<double>(column.extent) * static_cast<double>(row.extent);
        if (sums > capacity_) continue;
        const Tiles tiles{
            static_cast<double>(column.count),  static_cast<double>(row.count),  sums,
            static_cast<double>(column.extent), static_cast<double>(row.extent), keeps ? size(out(op)) : 0};
        least = std::min(least, owner_loads(left, right, tiles, twins));
      }
    // Nothing fits: then no solution has this mode, and the others count.
    at->second = least;
    return least;
  }

  double owner_loads(const OperandTerms& left, const OperandTerms& right, const Tiles& tiles, int64_t twins) const {
    double least = kInfinity;
    // Both loaded.
    if (left.to_free || right.to_free) {
      double both = 0;
      if (!left.to_free) both += alone(left, tiles.columns, tiles);
      if (!right.to_free) both += alone(right, tiles.rows, tiles);
      if (tiles.kept > 0 && left.free_kept < kInfinity) both += dealt(left, tiles.columns, tiles, tiles.w);
      if (tiles.kept > 0 && right.free_kept < kInfinity) both += dealt(right, tiles.rows, tiles, tiles.h);
      least = both;
    } else if (!left.factor || !right.factor || !left.by_capacity || !right.by_capacity || left.charged ||
               right.charged) {
      least = alone(left, tiles.columns, tiles) + alone(right, tiles.rows, tiles);
    } else {
      const auto most = static_cast<int64_t>(tiles.most(capacity_ - tiles.w - tiles.h, tiles.sums));
      if (most < 1 || tiles.kept > capacity_ - tiles.w - tiles.h) return kInfinity;
      const OperandTerms& outer = left.sharers <= right.sharers ? left : right;
      const OperandTerms& inner = left.sharers <= right.sharers ? right : left;
      const double outer_times = left.sharers <= right.sharers ? tiles.columns : tiles.rows;
      const double inner_times = left.sharers <= right.sharers ? tiles.rows : tiles.columns;
      // c / a + d / b with a + b fixed is convex: its real minimum, rounded either way,
      // the ends, and where b stops growing.
      const double c = outer.elements * outer_times;
      const double d = inner.elements * inner_times;
      const int64_t last = std::min(outer.sharers, most);
      const int64_t most_b = std::min(inner.sharers, most);
      const auto real = static_cast<int64_t>(static_cast<double>(most + twins) / (1 + std::sqrt(d / c)));
      for (int64_t tried : {int64_t{1}, last, most + twins - most_b, real, real + 1}) {
        const int64_t a = std::clamp<int64_t>(tried, 1, last);
        const int64_t b = std::min(most_b, most + twins - a);
        if (b >= 1) least = std::min(least, c / static_cast<double>(a) + d / static_cast<double>(b));
      }
    }
    // One of them free.
    if (left.free_possible) least = std::min(least, one_free(left, right, tiles.rows, tiles, tiles.h));
    if (right.free_possible) least = std::min(least, one_free(right, left, tiles.columns, tiles, tiles.w));
    return least;
  }

  // `left`: the output is the LHS of another MatMul.
  double inner_loads(uint32_t op, bool left, bool with_excess = true) const {
    const uint32_t held = left ? lhs(op) : rhs(op);      // in strips, loaded once
    const uint32_t streamed = left ? rhs(op) : lhs(op);  // new in every step
    double loads = must_load(held, op) ? once(held) : 0;
    if (!must_load(streamed, op)) return loads;
    const int64_t along = left ? width(op) : height(op);
    if (along <= p_.native || !factor_claimed(streamed, op)) return loads + once(streamed);
    const double shared = static_cast<double>(as_lhs_[streamed] + as_rhs_[streamed]);
    const std::vector<Cut> cuts = cuts_of(left ? height(op) : width(op), p_.native, kMostCuts);
    double least = kInfinity;
    for (uint32_t reader : p_.consumers[out(op)]) {
      if (!p_.is_matmul(reader) || (left ? lhs(reader) : rhs(reader)) != out(op)) continue;
      // Tiles along the other axis of the grid.
      const auto across = static_cast<double>(ceil_div(left ? width(reader) : height(reader), p_.native));
      const Excess excess = with_excess ? excess_of(reader, left) : Excess{};
      for (const Cut& cut : cuts) {
        const double strip = static_cast<double>(cut.extent) * static_cast<double>(p_.depth(op));
        if (strip > capacity_) continue;
        double sharers = shared;
        if (!mixed(streamed))
          sharers = std::min(sharers, static_cast<double>(twins_[streamed]) * std::floor(capacity_ / strip));
        const auto count = static_cast<double>(cut.count);
        const double over = std::max(0.0, excess.elements * count - excess.claimed);
        least = std::min(least, size(streamed) * across * count / sharers + over);
      }
    }
    return loads + least;
  }

  // Of a MatMul that reads the output of an inner one: its other operand, if no one else
  // reads that and it must be loaded, is loaded for every tile along the held axis; what
  // exceeds the reader's own share is the inner MatMul's. (Not where that share depends on
  // what becomes of the reader's output.)
  struct Excess {
    double elements = 0;
    double claimed = 0;
  };
  Excess excess_of(uint32_t reader, bool left) const {
    const uint32_t other = left ? rhs(reader) : lhs(reader);
    if (!deep(reader) || other == (left ? lhs(reader) : rhs(reader)) || charged(out(reader))) return {};
    if (p_.consumers[other].size() != 1 || !must_load(other, reader) || !factor_claimed(other, reader)) return {};
    // Its share is at most what it pays as an owner on tiles of native size that keeps the
    // product resident, or loads it where it cannot.
    const uint32_t t = left ? lhs(reader) : rhs(reader);
    const double w = static_cast<double>(std::min(width(reader), p_.native));
    const double h = static_cast<double>(std::min(height(reader), p_.native));
    if (w * h + w + h > capacity_) return {};
    const auto columns = static_cast<double>(ceil_div(width(reader), p_.native));
    const auto rows = static_cast<double>(ceil_div(height(reader), p_.native));
    const bool free = !must_load(t, reader) && can_be_retained(t);
    return {size(other), size(other) * (left ? rows : columns) + (free ? 0 : size(t) * (left ? columns : rows))};
  }

  // The part of each operator: those that may meet in a subgraph.
  std::vector<uint32_t> find_parts() const {
    const size_t count = p_.operators.size();
    std::vector<uint32_t> parent(count);
    std::iota(parent.begin(), parent.end(), 0U);
    const auto root = [&](uint32_t op) {
      while (parent[op] != op) op = parent[op] = parent[parent[op]];
      return op;
    };
    const auto join = [&](uint32_t a, uint32_t b) { parent[root(a)] = root(b); };

    // Grids that an operator's subgraph can have: its output's shape, or those of a
    // reader inside. The sets are few where shapes are; where not, nothing is claimed.
    constexpr size_t kMostGrids = 256;
    std::map<std::pair<int64_t, int64_t>, size_t> numbers;
    for (uint32_t op = 0; op < count; ++op) numbers.emplace(std::make_pair(width(op), height(op)), numbers.size());
    if (numbers.size() > kMostGrids) return std::vector<uint32_t>(count, 0);
    std::vector<std::set<size_t>> grids(count);
    for (uint32_t op : from_the_outputs()) {
      grids[op].insert(numbers.at({width(op), height(op)}));
      for (uint32_t reader : p_.consumers[out(op)])
        if (can_be_ephemeral(op, reader)) {
          grids[op].insert(grids[reader].begin(), grids[reader].end());
          join(op, reader);
        }
    }
    std::vector<uint32_t> first(numbers.size());
    for (uint32_t t = 0; t < p_.tensors.size(); ++t) {
      std::fill(first.begin(), first.end(), UINT32_MAX);
      for (uint32_t reader : p_.consumers[t])
        for (size_t grid : grids[reader]) {
          if (first[grid] == UINT32_MAX) first[grid] = reader;
          join(first[grid], reader);
        }
    }
    for (uint32_t op = 0; op < count; ++op) parent[op] = root(op);
    return parent;
  }

  using TermsKey = decltype(OperandTerms{}.key());

  const Problem& p_;
  double capacity_;
  std::vector<int64_t> must_load_;        // readers that must load a tensor
  std::vector<int64_t> as_lhs_, as_rhs_;  // MatMuls that read it so
  std::vector<int64_t> twins_;            // most MatMuls with the same two operands, this one among them
  std::vector<bool> reaches_lhs_, reaches_rhs_;
  std::vector<int64_t> whole_readers_;  // MatMuls that may need it in one piece
  std::vector<bool> to_free_;
  std::vector<FreeReaders> free_;
  // Pairs of cuts that are looked at: few for each of a hostile file's shapes.
  static constexpr size_t kMostCuts = 1024;
  static constexpr size_t kFewCuts = 16;
  int64_t budget_ = int64_t{1} << 27;
  std::map<std::tuple<TermsKey, TermsKey, int64_t, int64_t, int64_t>, double> known_;
};

}  // namespace

double LowerBounds::best() const { return std::max({compute, traffic, reload, parts, exhaustive}); }

const char* LowerBounds::best_name() const {
  // The plainest of those that say as much: rounded down once, or not at all, and in other orders.
  const double most = best() * kRoundedDown * kRoundedDown;
  return compute >= most   ? "compute"
         : traffic >= most ? "traffic"
         : reload >= most  ? "reload"
         : parts >= most   ? "parts"
                           : "exhaustive";
}

LowerBounds lower_bounds(const Problem& problem) { return Bounds(problem).run(); }

}  // namespace rondo::fusion
