// The least latency of a group of operators over all granularities and traversal
// orders, in closed form.
//
// A step of a tile costs max(compute, traffic / bandwidth). All middle k-steps of a
// tile are alike, and a tile's cost depends only on whether it lies in the last row or
// column and on which of row and column changed since the tile before, so a traversal
// is a handful of classes with counts: nothing here iterates over tiles. The figures
// agree with evaluate() up to the order of summation (relative 1e-12); what a solution
// costs in the end is what evaluate() says.
#pragma once
#include <cstdint>
#include <vector>
#include "planner/fusion/cost/demand.h"

namespace rondo::fusion {

// A line is a row for kRowSnake, a column for kColumnSnake; a place is one of its tiles. A
// snake starts at the first tile of the first line, and where the last line or the last
// place is smaller than the others, some of the other ways may be cheaper: the first tile
// loads both of its strips, and a tile at which the snake turns loads the other strip than
// its neighbours.
enum class Traversal : uint8_t {
  kRaster,
  kRowSnake,
  kColumnSnake,
  kLastLineFirst = 4,   // added to a snake, like the next two
  kLastPlaceFirst = 8,  // the snake starts at the last place
  kTurnsInside = 16,    // no turn is at the last place: it comes second in each line, or second to last
};
constexpr Traversal operator|(Traversal a, Traversal b) {
  return static_cast<Traversal>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr bool has(Traversal traversal, Traversal flag) {
  return (static_cast<uint8_t>(traversal) & static_cast<uint8_t>(flag)) != 0;
}

struct Granularity {
  int64_t w = 0, h = 0, k = 1;
  Traversal traversal = Traversal::kRaster;
};

// Which tensors stay in fast memory across the group's two ends.
struct Residency {
  uint64_t entering = 0;      // bit i: Demand::inputs[i] was retained by the step before
  int64_t entering_size = 0;  // of everything the step before retained, in elements
  uint64_t outputs = 0;       // bit i: Demand::outputs[i] is retained for the next step
  uint64_t inner = 0;         // bit i: Demand::inner[i] is retained as well
  bool operator==(const Residency&) const = default;
};

struct Price {
  static constexpr double kImpossible = 1e300;
  double latency = kImpossible;
  double traffic = 0;  // elements moved / bandwidth, over all steps
  Granularity granularity;
  int64_t working_set = 0;        // of that granularity
  int64_t least_working_set = 0;  // of any; what a capacity must hold
  bool possible() const { return latency < kImpossible; }
};

struct PricingOptions {
  bool divisible = false;   // only w, h, k that divide (R13)
  bool thorough = true;     // every tile size ceil(extent / n); false: a thinned list, a few times faster
  bool weightless = false;  // what stays resident takes no room: never dearer than any residency that keeps less
};

Price price_group(const Network& net, const Demand& demand, const Residency& residency, const PricingOptions& options);

// The best price and what no granularity and no traversal order goes below. They differ
// where edge tiles or the last k-step could be arranged better than is tried, which is
// rare and little. The argument, for tiles of w x h:
//
// - A tile's price depends on its edges (E) and on whether row, column or both differ from
//   the tile before (row, column, both; first = both and what is loaded once). In any
//   order each tile but the first changes row, column or both; each row has a tile that
//   changes the row, each column one that changes the column. So the price is at least
//   that of the cheapest first tile, min(row, column) of the others, and for each other
//   row the least difference that makes one of its tiles change the row; likewise for
//   columns.
// - Steps of k for every k that fits; first, to save looking at most of them, a figure below
//   all: a step at either end of a tile costs max(a + b k, c + d k), a middle one
//   max(b, d) k. So the longer the ends, the less the sum, and ends of the longest k that
//   fits, with the rest at the rate of the middle, are no dearer than any.
//
// Every w and h is tried (at most 2^14 floors; the floor of what is left is a plain one).
struct ProvenPrice {
  Price price;  // as price_group(), or better: every k was tried where the floor was lower
  double floor = Price::kImpossible;
  int64_t looked_at = 0;  // floors and prices worked out: what it cost
};
ProvenPrice prove_price(const Network& net, const Demand& demand, const Residency& residency,
                        const PricingOptions& options);

// The price at one granularity; kImpossible when it breaks R1, R2, R9, R10 or R13.
Price price_at(const Network& net, const Demand& demand, const Residency& residency, const Granularity& granularity,
               bool divisible);

// The tile numbers of a traversal, row by row; empty for raster.
std::vector<uint32_t> traversal_order(Traversal traversal, int64_t rows, int64_t columns);

}  // namespace rondo::fusion
