// A double-buffered tiled product, built by hand: y = relu(a b + bias).
//
//   load    | a00 b00 | a01 b10 | a00 b01 | ...      copies into two rings
//   compute |         | c00 init | c00 final, relu | c01 ...
//   store   |                                      | y00 ...
//
// Three streams, counted tokens, rings labelled, every operand labelled, claims and
// costs carried. Independent of every planner: what the tests of values start from.
#pragma once
#include <cstdint>
#include "rondo/schedule.h"

namespace rondo {

struct PipelineShape {
  uint32_t m = 8, k = 12, n = 8;
  uint32_t tile = 4;    // edges may be ragged
  uint32_t depth = 2;   // slots of each ring
  bool packed = false;  // b is packed in `prepare` and read where it lies
  bool claims = true;
};

// Safe and faithful for every shape with m, k, n, tile, depth >= 1.
Schedule tiled_product(const PipelineShape& shape);

}  // namespace rondo
