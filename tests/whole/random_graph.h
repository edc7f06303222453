// Random well-formed graphs of every operator, ragged on purpose. Deterministic in the seed.
#pragma once
#include <cstdint>
#include "rondo/graph.h"

namespace rondo::testing {

struct RandomGraphLimits {
  uint32_t operators = 6;  // at most
  uint32_t extent = 80;    // longest axis of a matrix; batches stay below 4
};

// Always finishes (finish_graph succeeds); aborts the test otherwise.
Graph random_graph(uint64_t seed, const RandomGraphLimits& limits = {});

}  // namespace rondo::testing
