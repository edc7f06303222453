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

enum class Traversal : uint8_t { kRaster, kRowSnake, kColumnSnake };

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
  bool divisible = false;  // only w, h, k that divide (R13)
  bool thorough = true;    // every tile size ceil(extent / n); false: a thinned list, a few times faster
};

Price price_group(const Network& net, const Demand& demand, const Residency& residency, const PricingOptions& options);

// The price at one granularity; kImpossible when it breaks R1, R2, R9, R10 or R13.
Price price_at(const Network& net, const Demand& demand, const Residency& residency, const Granularity& granularity,
               bool divisible);

// The tile numbers of a traversal, row-major; empty for raster.
std::vector<uint32_t> traversal_order(Traversal traversal, int64_t rows, int64_t columns);

}  // namespace rondo::fusion
